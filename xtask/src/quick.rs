//! `cargo xtask quick`: format, clippy and the tests of every crate that does not need Wasmtime.

use crate::Task;
use crate::command::{Program, is_installed};
use crate::failure::Result;
use crate::options::Options;
use crate::steps::step;
use crate::workspaces;

/// The crates without Wasmtime, so that everyday work never compiles it.
const PACKAGES: &[&str] = &[
    "ares-guard",
    "ares-kernel",
    "ares-registry",
    "ares-services",
    "ares-policy",
    "ares-api",
    "ares-tidy",
    "xtask",
];

pub(crate) const TASK: Task = Task {
    name: "quick",
    summary: "Format, clippy and tests of all crates without Wasmtime",
    help: "\
Usage: cargo xtask quick

Checks the format of everything, then clippy (warnings are errors) and the tests of the kernel, the registry, the
services, the API, the house rules and xtask, but for a few that take seconds (.config/nextest.toml names them).
Warm, this takes about ten seconds on two cores.",
    run,
};

fn run(arguments: &[String]) -> Result<()> {
    Options::new(arguments).end()?;
    let packages: Vec<&str> = PACKAGES.iter().flat_map(|package| ["--package", package]).collect();
    step("format", || check_format(&["."]))?;
    step("clippy", || clippy(&packages))?;
    step("tests", || test(&packages, "quick", None))
}

/// `cargo fmt --check` in each of these workspaces.
pub(crate) fn check_format(folders: &[&str]) -> Result<()> {
    for folder in folders {
        let folder = workspaces::root().join(folder);
        Program::cargo().args(["fmt", "--all", "--check"]).folder(folder).run()?;
    }
    Ok(())
}

/// Clippy on the selected packages, with warnings as errors.
pub(crate) fn clippy(packages: &[&str]) -> Result<()> {
    Program::cargo()
        .args(["clippy", "--all-targets", "--quiet"])
        .args(packages)
        .args(["--", "-D", "warnings"])
        .folder(workspaces::root())
        .run()
}

/// The selected packages' tests with nextest and this profile of it where it is installed, else all of them with cargo;
/// `python` is for the MCP client.
pub(crate) fn test(packages: &[&str], profile: &str, python: Option<&std::path::Path>) -> Result<()> {
    let runner: &[&str] = if is_installed("cargo-nextest") {
        &["nextest", "run", "--profile", profile]
    } else {
        &["test", "--all-targets"]
    };
    let mut cargo = Program::cargo().args(runner).args(packages).folder(workspaces::root());
    cargo = match python {
        Some(python) => cargo.env("ARES_PYTHON", python),
        None => cargo.env("ARES_SKIP_PYTHON", "1"),
    };
    cargo.run()
}
