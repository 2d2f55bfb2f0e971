//! `cargo xtask`: the commands people need on a fresh machine, with nothing but cargo there.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a developer's tool without dependencies: it starts processes, reads the environment and prints"
)]

mod bench;
mod command;
mod demo;
mod failure;
mod freeze;
mod fuzz;
mod guests;
mod manifest;
mod options;
mod python;
mod quick;
mod steps;
mod temporary;
mod test;
mod tree;
mod wasm_target;
mod workspaces;

use failure::{Failure, Result};
use std::process::ExitCode;

/// One command: what it is called, what `--help` says, and what it does.
struct Task {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const TASKS: &[Task] = &[
    wasm_target::TASK,
    guests::TASK,
    demo::TASK,
    test::TASK,
    quick::TASK,
    bench::TASK,
    fuzz::TASK,
    freeze::TASK,
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", overview());
        return Err(Failure::new("which command?"));
    };
    if matches!(name.as_str(), "--help" | "-h" | "help") {
        print!("{}", overview());
        return Ok(());
    }
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        let known: Vec<&str> = TASKS.iter().map(|task| task.name).collect();
        return Err(Failure::new(format!(
            "there is no command `{name}`; the commands are {}",
            known.join(", ")
        )));
    };
    if rest
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--help" || argument == "-h")
    {
        println!("{}\n\n{}", task.summary, task.help);
        return Ok(());
    }
    (task.run)(rest)
}

fn overview() -> String {
    let mut text = String::from("Usage: cargo xtask COMMAND [--help]\n\nCommands:\n");
    for task in TASKS {
        text.push_str(&format!("  {:<12} {}\n", task.name, task.summary));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_names_every_command_once() {
        let overview = overview();
        for task in TASKS {
            assert_eq!(overview.matches(&format!("  {} ", task.name)).count(), 1, "{}", task.name);
            assert!(task.help.starts_with("Usage: cargo xtask "), "{}", task.name);
        }
    }

    #[test]
    fn an_unknown_command_is_answered_with_the_known_ones() {
        let failure = run(&["gests".to_owned()]).unwrap_err().to_string();
        assert!(failure.contains("`gests`") && failure.contains("guests"), "{failure}");
    }
}
