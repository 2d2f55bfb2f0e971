//! `cargo xtask freeze`: writes down the hashes that the house rules hold released files to.

use crate::Task;
use crate::command::Program;
use crate::failure::Result;
use crate::workspaces;

pub(crate) const TASK: Task = Task {
    name: "freeze",
    summary: "Write down the hash of a new migration or of a released WIT track",
    help: "\
Usage: cargo xtask freeze [--replace FILE.sql] [--wit TRACK]

Adds every migration of registry/migrations that is not listed yet to registry/migrations/FROZEN. From then on the
tests refuse a change to it.

  --replace FILE.sql   write its hash anew; only for a migration that no one has run yet
  --wit TRACK          add wit/TRACK, such as v0.1, to wit/FROZEN: done once, when the track is released",
    run,
};

fn run(arguments: &[String]) -> Result<()> {
    Program::cargo()
        .args(["run", "--quiet", "--package", "ares-tidy", "--"])
        .args(arguments)
        .folder(workspaces::root())
        .run()
}
