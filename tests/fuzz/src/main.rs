//! Feeds everything that reads foreign bytes with hostile ones, for a while, and keeps what hurt.

#![expect(clippy::print_stdout, reason = "a tool for people at a terminal")]

mod arguments;
mod finding;
mod generate;
mod measure;
mod round;
mod supervisor;
mod targets;

use std::process::ExitCode;

use arguments::Arguments;

fn main() -> ExitCode {
    // One target registers real plugins, and their components are compiled by this very program.
    ares_host::compile_child();
    let done = Arguments::of_this_process().and_then(|arguments| match &arguments {
        Arguments::Fuzz(plan) => supervisor::all(plan),
        Arguments::Replay { target, file } => round::replay(target, file),
        Arguments::Inside { target, plan } => round::run(target, plan),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
