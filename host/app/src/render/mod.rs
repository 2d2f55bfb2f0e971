//! What people and programs see: JSON with `--json`, tables and sentences without.

pub(crate) mod analysis;
pub(crate) mod field;
pub(crate) mod hidden;
pub(crate) mod judged;
pub(crate) mod outcome;
pub(crate) mod problem;
pub(crate) mod progress;
pub(crate) mod record;
pub(crate) mod rehearsal;
pub(crate) mod snapshot;
pub(crate) mod status;
pub(crate) mod table;
pub(crate) mod verdict;

use std::io::{self, BufRead as _, IsTerminal, Read as _, Write};

use serde_json::Value;

use crate::failure::Failure;

/// The longest answer to a question, in bytes.
const ANSWER_BYTES_MAX: u64 = 4096;

/// How to print, and where.
pub(crate) struct Screen {
    /// The machine's shape instead of people's.
    pub json: bool,
    /// Colours on standard output.
    pub color: bool,
    /// Standard error is a terminal: progress may be shown.
    pub progress: bool,
    /// Somebody is there to answer questions.
    pub asks: bool,
}

impl Screen {
    /// The screen of this process.
    #[must_use]
    pub(crate) fn new(json: bool, no_color: bool) -> Self {
        let (input, output, error) =
            (io::stdin().is_terminal(), io::stdout().is_terminal(), io::stderr().is_terminal());
        Self {
            json,
            color: output && !no_color && !json,
            progress: error && !json,
            asks: input && output && error && !json,
        }
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

    /// Asks a person and waits for a line; nothing where nobody is there or the input has ended.
    pub(crate) fn ask(&self, question: &str) -> Option<String> {
        if !self.asks {
            return None;
        }
        let _ = write!(io::stderr().lock(), "{question} ");
        let mut line = String::new();
        let read = io::stdin().lock().take(ANSWER_BYTES_MAX).read_line(&mut line);
        read.is_ok_and(|length| length > 0).then(|| line.trim().to_owned())
    }

    /// Writes a line to standard error; there is nowhere to complain when that fails.
    pub(crate) fn note(&self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}
