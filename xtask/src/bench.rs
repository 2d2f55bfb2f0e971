//! `cargo xtask bench`: the full path against raw Wasmtime, in one run.

use crate::Task;
use crate::command::Program;
use crate::failure::Result;
use crate::{guests, wasm_target, workspaces};

pub(crate) const TASK: Task = Task {
    name: "bench",
    summary: "Measure the full path against raw Wasmtime",
    help: "\
Usage: cargo xtask bench [-- OPTION…]

Builds the guests and the benches in release mode and runs them; what stands after `--` goes to the benches.",
    run,
};

fn run(arguments: &[String]) -> Result<()> {
    let own = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);
    wasm_target::ensure()?;
    guests::build_all()?;
    Program::cargo()
        .args(["build", "--release", "--package", "ares-host", "--package", "ares-benches"])
        .folder(workspaces::root())
        .run()?;
    Program::cargo()
        .args(["run", "--release", "--package", "ares-benches", "--"])
        .args(own)
        .folder(workspaces::root())
        .run()
}
