//! Starts other programs: one builder whose failures say which command failed and how.

use crate::failure::{Failure, Result};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A program with its arguments, not started yet.
pub(crate) struct Program {
    command: Command,
    line: String,
}

impl Program {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        let line = Path::new(program).file_name().unwrap_or(program).to_string_lossy().into_owned();
        Self { command: Command::new(program), line }
    }

    /// The cargo that runs this program, without what it told this program about this package.
    pub(crate) fn cargo() -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut program = Self::new(cargo);
        for (name, _) in std::env::vars_os() {
            let told = name.to_str().is_some_and(|name| {
                name.starts_with("CARGO_PKG_")
                    || name.starts_with("CARGO_MANIFEST_")
                    || name == "CARGO_BIN_NAME"
            });
            if told {
                program.command.env_remove(name);
            }
        }
        program
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        let argument = argument.as_ref();
        self.line.push(' ');
        self.line.push_str(&argument.to_string_lossy());
        self.command.arg(argument);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = S>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it on this terminal and waits for success.
    pub(crate) fn run(mut self) -> Result<()> {
        let status = self.command.status().map_err(|error| self.not_started(&error))?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::new(format!("`{}` failed ({status})", self.line)))
        }
    }

    /// Runs it quietly; its error output becomes part of the failure.
    pub(crate) fn read(self) -> Result<String> {
        let line = self.line.clone();
        let output = self.output()?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failure::new(format!("`{line}` failed ({}): {}", output.status, said.trim())))
    }

    /// Runs it quietly and returns what it said, whatever its exit code.
    pub(crate) fn output(mut self) -> Result<Output> {
        self.command.stdin(Stdio::null()).output().map_err(|error| self.not_started(&error))
    }

    /// Runs it quietly for at most `limit`, then stops it.
    pub(crate) fn read_within(mut self, limit: Duration) -> Result<String> {
        let command = self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| self.not_started(&error))?;
        let start = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(_)) => break,
                Ok(None) if start.elapsed() < limit => std::thread::sleep(Duration::from_millis(50)),
                Ok(None) => {
                    // It may end between the look and the kill; either way it is gone after wait.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(Failure::new(format!("`{}` gave no answer within {limit:?}", self.line)));
                }
                Err(error) => {
                    return Err(Failure::new(format!("could not wait for `{}`: {error}", self.line)));
                }
            }
        }
        let output = child
            .wait_with_output()
            .map_err(|error| Failure::new(format!("could not read what `{}` said: {error}", self.line)))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        Err(Failure::new(format!("`{}` failed: {}", self.line, last.trim())))
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        Failure::new(format!("could not start `{}`: {error}", self.line))
    }
}

/// Whether a program of this name stands on PATH.
pub(crate) fn is_installed(name: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_what_it_said() {
        let failure = Program::new("sh").args(["-c", "echo no such mirror >&2; exit 3"]).read().unwrap_err();
        let failure = failure.to_string();
        assert!(failure.contains("sh -c") && failure.contains("no such mirror"), "{failure}");
    }

    #[test]
    fn a_program_that_hangs_is_stopped() {
        let start = Instant::now();
        let failure = Program::new("sleep").arg("20").read_within(Duration::from_millis(200)).unwrap_err();
        assert!(failure.to_string().contains("no answer"), "{failure}");
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        assert!(!is_installed("no-such-program-anywhere"));
        let failure = Program::new("no-such-program-anywhere").run().unwrap_err().to_string();
        assert!(failure.contains("no-such-program-anywhere"), "{failure}");
    }
}
