//! `cargo xtask demo`: from nothing to a running host that does real work.

mod agent;
mod stage;

use crate::Task;
use crate::command::Program;
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::steps::step;
use crate::{guests, wasm_target, workspaces};
use agent::Agent;
use stage::Stage;
use std::fs;

pub(crate) const TASK: Task = Task {
    name: "demo",
    summary: "Build everything, run a host and let its plugins do real work",
    help: "\
Usage: cargo xtask demo

Builds the guests and the host, sets up a temporary state directory, registers the plugins, starts the host and
invokes them on this repository's own files. Every step shows the command as you would type it and its output,
and is checked: the demo fails where the host does not do what it says. Nothing is left behind.",
    run,
};

/// The exit codes that the demo expects; `ares-host --help` lists them all.
const DONE: i32 = 0;
const BAD_INPUT: i32 = 2;
const DENIED: i32 = 7;
const APPROVAL: i32 = 8;

fn run(arguments: &[String]) -> Result<()> {
    Options::new(arguments).end()?;
    step("wasm target", wasm_target::ensure)?;
    guests::build_all()?;
    step("host", || {
        Program::cargo().args(["build", "--package", "ares-host"]).folder(workspaces::root()).run()
    })?;
    let mut stage = Stage::new(&workspaces::target().join("debug/ares-host"))?;
    set_up(&mut stage)?;
    work(&mut stage)?;
    remember(&mut stage)?;
    serve_an_agent(&mut stage)?;
    refuse(&mut stage)?;
    look_back(&mut stage)?;
    println!(
        "\nThat was all of it: {} commands, each with the exit code and the answer it should have.",
        stage.commands()
    );
    Ok(())
}

fn set_up(stage: &mut Stage) -> Result<()> {
    stage.title("A state directory of its own");
    stage.ares(&["init"], DONE, &[])?;
    let source = format!("fs:target={}", workspaces::root().display());
    let grants = [
        ("security-scanner", source.as_str()),
        ("sentiment-analysis", "all"),
        ("notes", "all"),
        ("report", "all"),
    ];
    for (plugin, grant) in grants {
        stage.title(&format!("Register {plugin}: checked, compiled, pinned by hash"));
        let folder = workspaces::guests().join(plugin).display().to_string();
        stage.ares(&["register", &folder, "--grant", grant], DONE, &[plugin])?;
    }
    stage.title("Start the host");
    stage.start_host()?;
    stage.ares(&["list"], DONE, &["security-scanner", "sentiment-analysis", "notes", "report"])?;
    Ok(())
}

fn work(stage: &mut Stage) -> Result<()> {
    stage.title("Scan this repository's own sources");
    stage.ares(
        &["invoke", "scan_folder", "--arg", "path=.", "--arg", "max_findings=5"],
        DONE,
        &["\"findings\"", "\"files\""],
    )?;
    stage.title("Judge the mood of a real text: a paragraph of the README");
    let text = format!("text={}", paragraph()?);
    stage.ares(
        &["invoke", "analyze_sentiment", "--arg", &text, "--explain"],
        DONE,
        &["\"label\"", "\"sentences\""],
    )?;
    stage.title("One plugin calls two others, each through the same gate");
    let text = "text=The release is on time and the tests are reliable.";
    stage.ares(&["invoke", "project_report", "--arg", "path=wit", "--arg", text], DONE, &[])?;
    Ok(())
}

fn remember(stage: &mut Stage) -> Result<()> {
    stage.title("Write a note: what may change something waits for a person");
    let write = ["invoke", "put_note", "--arg", "name=milk", "--arg", "text=two litres"];
    let said = stage.ares(&write, APPROVAL, &["waits for a person"])?;
    let id = said.split("approvals approve ").nth(1).and_then(|rest| rest.split('`').next());
    let id = id.ok_or_else(|| Failure::new("the refusal did not say what to approve".to_owned()))?;
    stage.ares(&["explain", id], DONE, &["APPROVAL REQUIRED", "confidence"])?;
    stage.ares(&["approvals", "approve", id], DONE, &["approved"])?;
    let approved: Vec<&str> = write.into_iter().chain(["--approval", id]).collect();
    stage.ares(&approved, DONE, &["previous"])?;
    stage.title("Restart the host, read the note");
    stage.stop_host()?;
    stage.start_host()?;
    stage.ares(&["invoke", "get_note", "--arg", "name=milk"], DONE, &["two litres"])?;
    Ok(())
}

fn serve_an_agent(stage: &mut Stage) -> Result<()> {
    stage.title("The same capabilities as tools of an agent (MCP over stdio)");
    let mut agent = Agent::connect(stage)?;
    agent.ask("tools/list", "{}", &["\"analyze_sentiment\"", "\"inputSchema\"", "\"get_note\""])?;
    let call = "{\"name\":\"get_note\",\"arguments\":{\"name\":\"milk\"}}";
    agent.ask("tools/call", call, &["\"structuredContent\"", "two litres"])
}

fn refuse(stage: &mut Stage) -> Result<()> {
    stage.title("Refused: a path outside the granted folder");
    stage.ares(&["invoke", "scan_folder", "--arg", "path=/etc"], DENIED, &["refused"])?;
    stage.title("Refused: arguments against the schema");
    let input = "{\"name\":\"milk\",\"colour\":\"white\"}";
    stage.ares(&["invoke", "get_note", "--input", input], BAD_INPUT, &["refused", "colour"])?;
    Ok(())
}

fn look_back(stage: &mut Stage) -> Result<()> {
    stage.title("What the host recorded of all this");
    stage.ares(&["events"], DONE, &["registered"])?;
    stage.ares(&["invocations"], DONE, &["scan_folder", "put_note", "get_note"])?;
    stage.title("Stop the host");
    stage.stop_host()
}

/// The README's first paragraph of prose.
fn paragraph() -> Result<String> {
    let path = workspaces::root().join("README.md");
    let text = fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))?;
    first_prose(&text).ok_or_else(|| Failure::new(format!("{} has no paragraph of prose", path.display())))
}

fn first_prose(text: &str) -> Option<String> {
    let paragraphs =
        text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs
        .into_iter()
        .find(|paragraph| paragraph.len() >= 80 && paragraph.starts_with(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_lists_and_short_lines_are_no_prose() {
        let prose = "A plugin is good when its author sleeps well,\nand bad when nobody else does: that is all there is.";
        let text = format!(
            "# Title\n\nShort.\n\n- a list that is long enough to be taken for a paragraph, but begins with a dash, so no\n\n{prose}\n\nMore"
        );
        assert_eq!(first_prose(&text).unwrap(), prose.replace('\n', " "));
        assert_eq!(first_prose("# Title\n"), None);
    }
}
