//! Where the demo plays: a temporary state directory, the host that runs on it, and commands that are shown and checked.

use crate::command::Program;
use crate::failure::{Failure, Result};
use crate::temporary::TemporaryFolder;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the host may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of one command's output is shown.
const SHOWN_LINES: usize = 40;

pub(super) struct Stage {
    binary: PathBuf,
    host: Option<Child>,
    commands: usize,
    folder: TemporaryFolder,
}

impl Stage {
    pub(super) fn new(binary: &Path) -> Result<Self> {
        let folder = TemporaryFolder::new("demo")?;
        let stage = Self { binary: binary.to_path_buf(), host: None, commands: 0, folder };
        println!("\n$ export ARES_STATE={}", stage.state().display());
        Ok(stage)
    }

    pub(super) fn title(&self, title: &str) {
        println!("\n━━ {title}");
    }

    /// How many commands were run.
    pub(super) fn commands(&self) -> usize {
        self.commands
    }

    /// Runs one command to its end, shows it, and insists on its exit code and on facts in its output.
    /// Answers what it said.
    pub(super) fn ares(&mut self, arguments: &[&str], code: i32, facts: &[&str]) -> Result<String> {
        self.commands += 1;
        let line = typed(arguments);
        println!("$ {line}");
        let output = Program::new(&self.binary).args(arguments).env("ARES_STATE", self.state()).output()?;
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        show(&said);
        if output.status.code() != Some(code) {
            return Err(Failure::new(format!(
                "`{line}` ended with {}, and should have ended with exit code {code}",
                output.status
            )));
        }
        if code != 0 {
            println!("(exit code {code})");
        }
        expect(&line, &said, facts)?;
        Ok(said)
    }

    /// A command of the host with its input and output left to the caller.
    pub(super) fn command(&mut self, arguments: &[&str]) -> Command {
        self.commands += 1;
        println!("$ {}", typed(arguments));
        let mut command = Command::new(&self.binary);
        command.args(arguments).env("ARES_STATE", self.state());
        command
    }

    /// Starts the host and waits until its socket answers.
    pub(super) fn start_host(&mut self) -> Result<()> {
        let mut command = self.command(&["run"]);
        command.stdin(Stdio::null());
        let child = command.spawn().map_err(|error| Failure::file("start", &self.binary, &error))?;
        let host = self.host.insert(child);
        let socket = self.folder.path().join("state/host.sock");
        let start = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            if let Ok(Some(status)) = host.try_wait() {
                return Err(Failure::new(format!("the host ended while it started ({status})")));
            }
            if start.elapsed() > PATIENCE {
                return Err(Failure::new(format!(
                    "the host did not open {} within {PATIENCE:?}",
                    socket.display()
                )));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        println!("(answers after {} ms, process {})", start.elapsed().as_millis(), host.id());
        Ok(())
    }

    /// Asks the host to end, as a service manager would, and insists on a clean exit.
    pub(super) fn stop_host(&mut self) -> Result<()> {
        let Some(host) = self.host.as_mut() else { return Ok(()) };
        let process = host.id().to_string();
        println!("$ kill -TERM {process}");
        Program::new("kill").args(["-TERM", &process]).read()?;
        let start = Instant::now();
        loop {
            match host.try_wait() {
                Ok(Some(status)) => {
                    self.host = None;
                    println!("(ended after {} ms, {status})", start.elapsed().as_millis());
                    return if status.success() {
                        Ok(())
                    } else {
                        Err(Failure::new(format!("the host ended with {status}")))
                    };
                }
                Ok(None) if start.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(20)),
                Ok(None) => {
                    return Err(Failure::new(format!("the host did not end within {PATIENCE:?} of SIGTERM")));
                }
                Err(error) => return Err(Failure::new(format!("could not wait for the host: {error}"))),
            }
        }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(host) = &mut self.host {
            // A step failed: the host goes before its state directory does.
            let _ = host.kill();
            let _ = host.wait();
        }
    }
}

/// Insists that every fact stands in what was said.
pub(super) fn expect(command: &str, said: &str, facts: &[&str]) -> Result<()> {
    match facts.iter().find(|fact| !said.contains(**fact)) {
        Some(fact) => Err(Failure::new(format!("`{command}` did not say {fact}"))),
        None => Ok(()),
    }
}

/// Prints output, cut where it is long.
pub(super) fn show(said: &str) {
    for line in said.lines().take(SHOWN_LINES) {
        println!("{line}");
    }
    let more = said.lines().count().saturating_sub(SHOWN_LINES);
    if more > 0 {
        println!("… and {more} more lines");
    }
}

/// The command as someone would type it.
fn typed(arguments: &[&str]) -> String {
    let mut line = String::from("ares-host");
    for argument in arguments {
        line.push(' ');
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,".contains(c);
        if argument.chars().all(plain) {
            line.push_str(argument);
        } else {
            line.push_str(&format!("'{}'", argument.replace('\'', "'\\''")));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_pasted_into_a_shell() {
        assert_eq!(typed(&["list", "--json"]), "ares-host list --json");
        assert_eq!(typed(&["--arg", "text=it's so"]), "ares-host --arg 'text=it'\\''s so'");
    }

    #[test]
    fn a_missing_fact_fails_the_step() {
        assert!(expect("list", "notes", &["notes"]).is_ok());
        assert!(expect("list", "notes", &["notes", "report"]).unwrap_err().to_string().contains("report"));
    }
}
