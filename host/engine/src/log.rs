//! Guests' log lines: into `tracing`, and into one file per plugin that a thread of its own writes.

mod writer;

use std::path::Path;

use ares_kernel::text::{escaped, quoted};

use crate::authority::Authority;
use crate::state::Surroundings;

pub(crate) use writer::Logs;

/// What is kept of one message, in bytes.
const MESSAGE_BYTES_MAX: usize = 4096;
/// So many denials of one call are told, beside the call's own lines; the rest is counted.
const DENIALS_TOLD: u64 = 32;
/// Where a log file is renamed and a new one begun. One renamed file is kept.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Severity, as in `wit/v0.1/log.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// How a line came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    Log,
    Stdout,
    Stderr,
    Http,
    /// The host's own word on what the guest tried.
    Host,
}

/// One line as it stands in the file.
#[derive(Debug, serde::Serialize)]
struct Line {
    at_ms: u64,
    level: Level,
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    invocation: Option<ares_kernel::InvocationId>,
    message: String,
}

/// The lines of one call: so many are kept, the rest is counted.
#[derive(Debug, Default)]
pub(crate) struct CallLog {
    left: u64,
    dropped: u64,
    denied: u64,
    /// The first of what was denied, for whoever is told of it beside the log.
    denials: Vec<String>,
}

impl CallLog {
    pub(crate) fn new(lines: u64) -> Self {
        Self { left: lines, ..Self::default() }
    }

    /// What was tried and not granted.
    pub(crate) fn denied(&self) -> u64 {
        self.denied
    }

    /// Notes that the guest tried what it was not granted. A guest that has used up its lines cannot
    /// hide it, and one that tries without end fills no log.
    pub(crate) fn deny(&mut self, surroundings: &Surroundings, authority: &Authority, what: &str) {
        self.denied = self.denied.saturating_add(1);
        if authority.is_rehearsal() && self.denied <= DENIALS_TOLD {
            self.denials.push(what.to_owned());
        }
        let rest = "(what else this call tries is counted and not told)";
        let told = match self.denied {
            ..=DENIALS_TOLD => format!("denied: {what}"),
            number if number == DENIALS_TOLD + 1 => rest.to_owned(),
            _ => return,
        };
        let mut own = Self::new(1);
        own.write(surroundings, authority, (Source::Host, Level::Warn), [told.as_str()]);
    }

    /// The first of what was denied in a rehearsal; nothing is left.
    pub(crate) fn take_denials(&mut self) -> Vec<String> {
        std::mem::take(&mut self.denials)
    }

    /// Lines over the limit.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Keeps lines, each escaped and cut, as far as there is room for them, and counts the rest.
    pub(crate) fn write<'a>(
        &mut self,
        surroundings: &Surroundings,
        authority: &Authority,
        (source, level): (Source, Level),
        messages: impl IntoIterator<Item = &'a str>,
    ) {
        let plugin = authority.plugin().map(|plugin| &plugin.name);
        let invocation = authority.invocation();
        let mut text = Vec::new();
        for message in messages {
            if self.left == 0 {
                self.dropped += 1;
                continue;
            }
            self.left -= 1;
            let message = escaped(&surroundings.secrets.scrub(message), MESSAGE_BYTES_MAX);
            trace(level, plugin.map_or("", |name| name.as_str()), invocation, &message);
            let line = Line { at_ms: surroundings.clock.now_ms(), level, source, invocation, message };
            // A line has text keys and writing to memory does not fail.
            if plugin.is_some() && serde_json::to_writer(&mut text, &line).is_ok() {
                text.push(b'\n');
            }
        }
        if let Some(plugin) = plugin.filter(|_| !text.is_empty()) {
            surroundings.logs.write(plugin, text);
        }
    }
}

/// Writes a line of the host's own about a call.
pub(crate) fn note(
    surroundings: &Surroundings,
    plugin: &ares_kernel::PluginName,
    invocation: ares_kernel::InvocationId,
    (source, level): (Source, Level),
    message: &str,
) {
    let message = escaped(&surroundings.secrets.scrub(message), MESSAGE_BYTES_MAX);
    trace(level, plugin.as_str(), Some(invocation), &message);
    let at_ms = surroundings.clock.now_ms();
    let line = Line { at_ms, level, source, invocation: Some(invocation), message };
    // A line has text keys and does not fail to be JSON.
    if let Ok(mut text) = serde_json::to_vec(&line) {
        text.push(b'\n');
        surroundings.logs.write(plugin, text);
    }
}

/// Where an import notes what was not granted.
pub(crate) struct Denials<'a> {
    pub(crate) log: &'a mut CallLog,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) authority: &'a Authority,
}

impl Denials<'_> {
    /// Notes it.
    pub(crate) fn note(&mut self, what: &str) {
        self.log.deny(self.surroundings, self.authority, what);
    }

    /// A guest's text as a note quotes it. Values are hidden before it is cut: what is left of one by a cut
    /// could not be found any more.
    pub(crate) fn quoted(&self, text: &str, max: usize) -> String {
        quoted(&self.surroundings.secrets.scrub(text), max)
    }
}

fn trace(level: Level, plugin: &str, invocation: Option<ares_kernel::InvocationId>, message: &str) {
    let invocation = invocation.map(tracing::field::display);
    match level {
        Level::Debug => tracing::debug!(target: "ares_plugin", plugin, invocation, "{message}"),
        Level::Info => tracing::info!(target: "ares_plugin", plugin, invocation, "{message}"),
        Level::Warn => tracing::warn!(target: "ares_plugin", plugin, invocation, "{message}"),
        Level::Error => tracing::error!(target: "ares_plugin", plugin, invocation, "{message}"),
    }
}

/// The log file of a plugin in a folder of logs.
fn file_of(folder: &Path, plugin: &ares_kernel::PluginName) -> std::path::PathBuf {
    folder.join(format!("{plugin}.log"))
}
