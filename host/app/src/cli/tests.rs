//! Tests of the command line as a whole: every command is there, says what it does and shows how.

use clap::{Command as Clap, CommandFactory};

use super::Cli;

/// Every command with its options, one a line.
fn outline(command: &Clap, path: &str, out: &mut String) {
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        let path = format!("{path} {}", inner.get_name());
        let arguments: Vec<String> = inner
            .get_arguments()
            .filter(|argument| !argument.is_global_set())
            .map(|argument| match (argument.get_long(), argument.is_required_set()) {
                (Some(long), _) => format!("[--{long}]"),
                (None, true) => format!("<{}>", argument.get_id()),
                (None, false) => format!("[{}]", argument.get_id()),
            })
            .collect();
        out.push_str(&format!(
            "{}\n    {}\n",
            format!("{path} {}", arguments.join(" ")).trim(),
            inner.get_about().unwrap()
        ));
        outline(inner, &path, out);
    }
}

#[test]
fn no_command_is_forgotten() {
    let mut out = String::new();
    outline(&Cli::command(), "", &mut out);
    insta::assert_snapshot!(out);
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_examples_and_says_what_its_options_do() {
    for command in Cli::command().get_subcommands().filter(|command| command.get_name() != "help") {
        let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(examples.starts_with("Example"), "{} has no example", command.get_name());
        assert!(examples.contains("ares-host"), "{}: {examples}", command.get_name());
        for argument in command.get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "{} {} has no help",
                command.get_name(),
                argument.get_id()
            );
        }
    }
    let help = Cli::command().render_long_help().to_string();
    assert!(help.contains("Exit codes:") && help.contains("12  integrity"), "{help}");
}

#[test]
fn every_example_can_be_parsed() {
    use clap::Parser;
    for command in Cli::command().get_subcommands() {
        let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines = examples.lines().filter_map(|line| line.trim_start().strip_prefix("ares-host "));
        for line in lines {
            let line = line.split("    (").next().unwrap().split(" > ").next().unwrap();
            let words = std::iter::once("ares-host".to_owned()).chain(words(line));
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{line}: {error}");
            }
        }
    }
}

/// Splits at spaces that stand outside of double quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

#[test]
fn the_old_names_still_work() {
    use clap::Parser;
    for words in [&["start"][..], &["start-module", "notes"], &["stop-module", "notes"]] {
        let words = std::iter::once("ares-host").chain(words.iter().copied());
        assert!(Cli::try_parse_from(words).is_ok());
    }
    assert!(Cli::try_parse_from(["ares-host", "invoke", "x", "--arg", "a=1", "--input", "{}"]).is_err());
}

#[test]
fn the_document_has_every_command_key_and_exit_code() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let text = fs_err::read_to_string(path).unwrap();
    for command in Cli::command().get_subcommands().filter(|command| command.get_name() != "help") {
        let name = command.get_name();
        let heading = text.lines().any(|line| line.starts_with("### ") && line.contains(name));
        assert!(heading, "docs/cli.md has no section on {name}");
    }
    for key in crate::config::low::KEYS {
        let default = key.default;
        let row = text.lines().find(|line| line.starts_with(&format!("| `{}` |", key.name)));
        assert!(
            row.is_some_and(|row| row.contains(default)),
            "docs/cli.md does not have {} = {default}",
            key.name
        );
    }
    for code in 0..=12 {
        assert!(text.contains(&format!("\n| {code} |")), "docs/cli.md has no exit code {code}");
    }
}
