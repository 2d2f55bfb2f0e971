//! An input that hurt: why, where it is kept, and how to see it again.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// How an input hurt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding(pub(crate) String);

/// Where inputs are kept: `target/fuzz`.
pub(crate) fn folder() -> PathBuf {
    root().join("target/fuzz")
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Where the input lies that a process works on now: what is left of it when the process dies.
pub(crate) fn running(process: u32) -> PathBuf {
    folder().join(format!("{process}.running"))
}

/// Keeps the input a process worked on and says what is to be known of it.
pub(crate) fn keep(process: u32, target: &str, why: &str) -> anyhow::Result<()> {
    let running = running(process);
    let input = fs_err::read(&running).context("the input that hurt was not kept")?;
    let name: String = blake3::hash(&input).to_hex().chars().take(12).collect();
    let kept = folder().join(format!("{target}-{name}.input"));
    fs_err::rename(running, &kept)?;
    println!("FOUND by `{target}`: {}", ares_kernel::text::escaped(why, 2000));
    println!("  kept    {} ({} bytes)", kept.display(), input.len());
    println!("  replay  cargo xtask fuzz --replay {} {target}", kept.display());
    Ok(())
}
