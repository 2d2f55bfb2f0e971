//! `cargo xtask test`: everything, from a fresh clone.

use crate::Task;
use crate::command::Program;
use crate::failure::Result;
use crate::options::Options;
use crate::quick::{check_format, clippy, test};
use crate::steps::step;
use crate::{guests, python, wasm_target, workspaces};

pub(crate) const TASK: Task = Task {
    name: "test",
    summary: "Everything: wasm target, guests, format, clippy, all tests",
    help: "\
Usage: cargo xtask test

Makes the guests' target available, builds every guest from source, checks format and clippy (warnings are errors)
and runs all tests: the workspace's, its doc tests, and the native tests of guest-sdk and the plugins. The MCP
client's tests need python3 and an index that pip can reach; without them they are skipped, and a line says so.",
    run,
};

fn run(arguments: &[String]) -> Result<()> {
    Options::new(arguments).end()?;
    step("wasm target", wasm_target::ensure)?;
    guests::build_all()?;
    step("format", || check_format(&[".", "guest-sdk", "plugins", "tests/guests"]))?;
    step("clippy", || clippy(&["--workspace"]))?;
    let python = python::environment();
    if let Err(why) = &python {
        println!("   skipped: the tests with the Python MCP client ({why})");
    }
    step("native tests of guest-sdk and plugins", native_tests)?;
    step("documentation tests", documentation_tests)?;
    step("tests", || test(&["--workspace"], "default", python.as_deref().ok()))
}

fn native_tests() -> Result<()> {
    for workspace in workspaces::NATIVE_TESTS {
        println!("   {workspace}");
        Program::cargo()
            .args(["test", "--workspace", "--quiet"])
            .folder(workspaces::root().join(workspace))
            .env("CARGO_TARGET_DIR", workspaces::guests_build())
            .run()?;
    }
    Ok(())
}

fn documentation_tests() -> Result<()> {
    Program::cargo().args(["test", "--doc", "--workspace", "--quiet"]).folder(workspaces::root()).run()
}
