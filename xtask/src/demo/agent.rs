//! An agent's side of MCP over stdio: one JSON-RPC message a line, each answered in time or the demo fails.

use super::stage::{Stage, expect, show};
use crate::failure::{Failure, Result};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);
const HELLO: &str = "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{},\
                     \"clientInfo\":{\"name\":\"demo\",\"version\":\"1.0.0\"}}";
/// An answer is one long line; this much of it shows what it is.
const SHOWN_CHARACTERS: usize = 600;

pub(super) struct Agent {
    server: Child,
    input: ChildStdin,
    answers: Receiver<String>,
    last: u32,
}

impl Agent {
    /// Starts `ares-host mcp` and shakes hands with it.
    pub(super) fn connect(stage: &mut Stage) -> Result<Self> {
        let mut command = stage.command(&["mcp"]);
        let mut server = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::new(format!("could not start `ares-host mcp`: {error}")))?;
        let (Some(input), Some(output)) = (server.stdin.take(), server.stdout.take()) else {
            return Err(Failure::new("`ares-host mcp` has no pipes"));
        };
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(std::result::Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut agent = Self { server, input, answers, last: 0 };
        agent.ask("initialize", HELLO, &["\"serverInfo\"", "\"tools\""])?;
        agent.send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}")?;
        Ok(agent)
    }

    /// One request; its answer must be a result and hold the facts.
    pub(super) fn ask(&mut self, method: &str, parameters: &str, facts: &[&str]) -> Result<()> {
        self.last += 1;
        let id = format!("\"id\":{}", self.last);
        self.send(&format!("{{\"jsonrpc\":\"2.0\",{id},\"method\":\"{method}\",\"params\":{parameters}}}"))?;
        loop {
            let answer = self.answers.recv_timeout(PATIENCE).map_err(|_| {
                Failure::new(format!("`ares-host mcp` gave no answer to {method} within {PATIENCE:?}"))
            })?;
            // Notifications may come in between; they have no id.
            if !answer.contains(&id) {
                continue;
            }
            let short: String = answer.chars().take(SHOWN_CHARACTERS).collect();
            let more = answer.chars().count().saturating_sub(SHOWN_CHARACTERS);
            show(&if more == 0 {
                format!("← {short}")
            } else {
                format!("← {short} … and {more} more characters")
            });
            expect(method, &answer, &["\"result\""])?;
            return expect(method, &answer, facts);
        }
    }

    fn send(&mut self, message: &str) -> Result<()> {
        println!("→ {message}");
        writeln!(self.input, "{message}")
            .and_then(|()| self.input.flush())
            .map_err(|error| Failure::new(format!("could not write to `ares-host mcp`: {error}")))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // The agent hangs up; a server that is still busy with something must not outlive the demo.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
