//! What people and programs see: JSON with `--json`, tables and sentences without.

pub(crate) mod field;
pub(crate) mod outcome;
pub(crate) mod problem;
pub(crate) mod progress;
pub(crate) mod record;
pub(crate) mod status;
pub(crate) mod table;

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use crate::failure::Failure;

/// How to print, and where.
pub(crate) struct Screen {
    /// The machine's shape instead of people's.
    pub json: bool,
    /// Colours on standard output.
    pub color: bool,
    /// Standard error is a terminal: progress may be shown.
    pub progress: bool,
}

impl Screen {
    /// The screen of this process.
    #[must_use]
    pub(crate) fn new(json: bool, no_color: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        Self { json, color: terminal && !no_color && !json, progress: io::stderr().is_terminal() && !json }
    }

    /// Shows an answer: as JSON with `--json`, else as `text` says it.
    ///
    /// # Errors
    /// When standard output is broken for another reason than a reader that went away.
    pub(crate) fn show(&self, answer: &Value, text: impl FnOnce(&Value) -> String) -> Result<(), Failure> {
        if self.json { self.print(&field::pretty(answer)) } else { self.print(&text(answer)) }
    }

    /// Writes a text to standard output and ends it with a newline.
    ///
    /// # Errors
    /// When standard output is broken for another reason than a reader that went away.
    pub(crate) fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        match write!(out, "{text}{end}").and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::io("writing to standard output", &error))
            }
            _ => Ok(()),
        }
    }

    /// Writes a line to standard error; there is nowhere to complain when that fails.
    pub(crate) fn note(&self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}
