//! Runs named steps one after another and says how long each took.

use crate::failure::Result;
use std::time::Instant;

/// One step: its title stands before what it prints, its time after.
pub(crate) fn step(title: &str, run: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("── {title}");
    let start = Instant::now();
    run()?;
    println!("   {title}: done in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}
