//! Which program compiles components, in a process of its own with limits of its own.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use ares_engine::Compiler;

use crate::failure::Failure;

/// The argument that makes this program the compiling child. Not a command for people.
const COMPILE: &str = "__compile";

/// Whether this program can be its own compiling child.
static OWN: AtomicBool = AtomicBool::new(false);

/// Does the compiling child's work and ends the process, when it was started for that; else it
/// returns at once. Call it first in `main`. A program that never calls it compiles through the
/// program `ares-host`, beside itself or on the search path.
pub fn compile_child() {
    OWN.store(true, Ordering::Relaxed);
    if std::env::args_os().nth(1).is_some_and(|first| first == OsStr::new(COMPILE)) {
        ares_engine::compile_child_main();
    }
}

/// How the compiling child is started.
pub(crate) fn compiler() -> Result<Compiler, Failure> {
    Ok(Compiler { program: program()?, args: vec![COMPILE.into()] })
}

fn program() -> Result<PathBuf, Failure> {
    if OWN.load(Ordering::Relaxed) {
        // The one that runs, also when its file has been replaced meanwhile.
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    let program =
        std::env::current_exe().map_err(|error| Failure::io("finding the program that runs", &error))?;
    // A test lies one folder deeper than the programs it is built with.
    let folders = program.ancestors().skip(1).take(2);
    let beside = folders.map(|folder| folder.join("ares-host")).find(|program| program.is_file());
    Ok(beside.unwrap_or_else(|| PathBuf::from("ares-host")))
}
