//! `cargo xtask fuzz`: hostile inputs for everything that reads foreign bytes.

use crate::Task;
use crate::command::Program;
use crate::failure::Result;
use crate::options::Options;
use crate::{guests, wasm_target, workspaces};

pub(crate) const TASK: Task = Task {
    name: "fuzz",
    summary: "Feed everything that reads foreign bytes with hostile ones",
    help: "\
Usage: cargo xtask fuzz [--seconds N] [--seed N] [TARGET…]
       cargo xtask fuzz --replay FILE TARGET

Builds the guests and runs the targets (default: all) one after another. An input that makes the host panic, die, take
more than 2 s of the processor or 128 MiB, or say something raw, is kept in target/fuzz and named; then the exit code
is 1. Needs nothing beyond the stable compiler. tests/fuzz/src/targets/mod.rs lists the targets.

  --seconds N     how long in all, default 60
  --seed N        the same seed gives the same inputs; default another one each time
  --replay FILE   one kept input again",
    run,
};

fn run(arguments: &[String]) -> Result<()> {
    let mut options = Options::new(arguments);
    let mut given = Vec::new();
    for name in ["--seconds", "--seed", "--replay"] {
        if let Some(value) = options.value(name)? {
            given.extend([name.to_owned(), value]);
        }
    }
    given.extend(options.names()?);
    wasm_target::ensure()?;
    guests::build_all()?;
    Program::cargo()
        .args(["run", "--quiet", "--package", "ares-fuzz", "--"])
        .args(given)
        .folder(workspaces::root())
        .run()
}
