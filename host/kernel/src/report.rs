//! What an engine reports of one call: the guest's own words, what it used, what it wants kept.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::facts::FileLimit;
use crate::rehearsal::Tried;
use crate::text::{FOREIGN_TEXT_MAX, escaped};

/// What ended a call that gave no answer. Each is a fault of the guest, but for `Internal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The guest trapped: a panic, a bad access, `unreachable`, a stack overflow.
    Trap,
    /// It wanted more memory or table space than its limit and could not go on.
    OutOfMemory,
    /// It spent its fuel.
    OutOfFuel,
    /// Its time was over.
    Deadline,
    /// It ended itself with `exit`.
    Exit,
    /// It made too many host calls, held too many handles or passed too much data.
    HostLimit,
    /// It could not be loaded or set up.
    NotStarted,
    /// Its answer is larger than allowed.
    OutputTooLarge,
    /// Its answer is not JSON or does not match its own schema.
    OutputInvalid,
    /// Its time was over before it was its turn.
    Busy,
    /// The host itself failed.
    Internal,
    /// In a rehearsal it tried what it is not granted.
    UndeclaredEffect,
    /// It says that it went well, and what must be so afterwards is not.
    PostcheckFailed,
}

impl FaultKind {
    /// The stable code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::OutOfMemory => "out-of-memory",
            Self::OutOfFuel => "out-of-fuel",
            Self::Deadline => "deadline",
            Self::Exit => "exit",
            Self::HostLimit => "host-limit",
            Self::NotStarted => "not-started",
            Self::OutputTooLarge => "output-too-large",
            Self::OutputInvalid => "output-invalid",
            Self::UndeclaredEffect => "undeclared-effect",
            Self::PostcheckFailed => "postcheck-failed",
            Self::Busy => "busy",
            Self::Internal => "internal",
        }
    }
}

/// A fault with one sentence about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What it was.
    #[serde(rename = "code")]
    pub kind: FaultKind,
    /// Escaped and cut.
    pub message: String,
    /// The limit that ended the call, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitHit>,
    /// Whether the time was over before any guest ran, so that nothing can have happened.
    #[serde(skip)]
    pub never_began: bool,
}

impl Fault {
    /// A fault. The message may hold a guest's words: it is escaped and cut here.
    #[must_use]
    pub fn new(kind: FaultKind, message: &str) -> Self {
        Self { kind, message: escaped(message, FOREIGN_TEXT_MAX), limit: None, never_began: false }
    }

    /// The time was over before any guest ran. It says nothing about the plugin and costs nothing.
    #[must_use]
    pub fn too_late(message: &str, limit: Option<LimitHit>) -> Self {
        let kind = FaultKind::Deadline;
        let fault = match limit {
            Some(limit) => Self::over(kind, message, limit),
            None => Self::new(kind, message),
        };
        Self { never_began: true, ..fault }
    }

    /// A fault that is a limit's doing. What can be done about the limit is added to the message.
    #[must_use]
    pub fn over(kind: FaultKind, message: &str, limit: LimitHit) -> Self {
        let message = format!("{message}; {}", limit.advice());
        Self { limit: Some(limit), ..Self::new(kind, &message) }
    }
}

/// The limit that ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LimitHit {
    /// The key it is written under: in `[limits]` of the manifest for most.
    pub key: &'static str,
    /// Its value, in the key's own unit.
    pub value: u64,
    /// The key of `ares.toml` that bounds it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_key: Option<&'static str>,
    #[serde(skip)]
    whose: Whose,
}

/// Who can change a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The plugin's author, in `[limits]`.
    Plugin,
    /// The same, with the capability.
    Capability,
    /// Whoever runs the host.
    Host,
    /// Whoever calls.
    Caller,
    /// Nobody: it is the same everywhere.
    Nobody,
}

impl LimitHit {
    /// A limit of the manifest's `[limits]`, and the key of `ares.toml` above it.
    #[must_use]
    pub fn of_plugin(key: &'static str, value: u64, host_key: Option<&'static str>) -> Self {
        Self { key, value, host_key, whose: Whose::Plugin }
    }

    /// A limit that stands with the capability in the manifest.
    #[must_use]
    pub fn of_capability(key: &'static str, value: u64) -> Self {
        Self { key, value, host_key: None, whose: Whose::Capability }
    }

    /// A limit of the host for all plugins together, by its key of `ares.toml`.
    #[must_use]
    pub fn of_host(key: &'static str, value: u64) -> Self {
        Self { key, value, host_key: Some(key), whose: Whose::Host }
    }

    /// A limit the caller set.
    #[must_use]
    pub fn of_caller(key: &'static str, value: u64) -> Self {
        Self { key, value, host_key: None, whose: Whose::Caller }
    }

    /// A limit that is the same for every plugin and host.
    #[must_use]
    pub fn fixed(key: &'static str, value: u64) -> Self {
        Self { key, value, host_key: None, whose: Whose::Nobody }
    }

    /// Whether the caller set it.
    #[must_use]
    pub fn is_caller_s(self) -> bool {
        self.whose == Whose::Caller
    }

    /// What can be done about it.
    #[must_use]
    pub fn advice(&self) -> String {
        let key = self.key;
        match (self.whose, self.host_key) {
            (Whose::Plugin, Some(host)) => {
                format!("ask for less, or raise `{key}` in its [limits] (the host's `{host}` is the most)")
            }
            (Whose::Plugin, None) => format!("ask for less, or raise `{key}` in its [limits]"),
            (Whose::Capability, _) => format!("ask for less, or raise the capability's `{key}`"),
            (Whose::Host, _) => format!("try again later, or raise the host's `{key}`"),
            (Whose::Caller, _) => "ask for less, or give it more time".to_owned(),
            (Whose::Nobody, _) => "ask for less: this limit is fixed".to_owned(),
        }
    }
}

/// A guest's own, expected way to say no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Kebab-case, at most 64 bytes; `failed` when the guest gave something else.
    pub code: Cow<'static, str>,
    /// Escaped and cut.
    pub message: String,
}

impl Failure {
    /// A failure in the guest's words, which are escaped and cut here.
    #[must_use]
    pub fn new(code: &str, message: &str) -> Self {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let stable = !code.is_empty() && code.len() <= 64 && code.bytes().all(plain);
        Self {
            code: if stable { Cow::Owned(code.to_owned()) } else { Cow::Borrowed("failed") },
            message: escaped(message, FOREIGN_TEXT_MAX),
        }
    }
}

/// What a call used, measured by the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Usage {
    /// Fuel, about one unit per WebAssembly instruction.
    pub fuel: u64,
    /// The most linear memory at one time, all memories together, in bytes.
    pub peak_memory_bytes: u64,
    /// Wall-clock time in the engine, in microseconds.
    pub wall_us: u64,
    /// Calls into `ares:host/*` imports.
    pub host_calls: u64,
    /// Log lines over the limit, not kept.
    pub log_lines_dropped: u64,
    /// Requests over HTTP, refused ones included.
    pub http_requests: u64,
    /// Bytes sent with them: addresses, headers and bodies.
    pub http_sent_bytes: u64,
    /// Bytes of the answers to them: headers and bodies, these unpacked.
    pub http_received_bytes: u64,
    /// What it tried and was not granted; the plugin's log names the first of them.
    pub denied: u64,
    /// Whether the answer came from memory and no guest ran.
    pub cached: bool,
    /// Bytes written into files, or by which files grew where that is more.
    pub file_bytes_written: u64,
    /// Files and folders made.
    pub files_made: u64,
    /// The first limit on files it met, if it met one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_limit: Option<FileLimit>,
}

/// One change a call wants kept in its plugin's store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvWrite {
    /// The key.
    pub key: String,
    /// The new value, or nothing to forget the key.
    pub value: Option<Vec<u8>>,
}

/// How a call without an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The guest said no.
    Failed(Failure),
    /// The guest broke.
    Fault(Fault),
}

/// What an engine reports of one call.
#[derive(Debug, Clone)]
pub struct Report {
    /// The answer as the guest gave it (unverified JSON text), or why there is none.
    pub result: Result<String, Ended>,
    /// What was used.
    pub usage: Usage,
    /// Changes to keep if the answer is good, in order.
    pub writes: Vec<KvWrite>,
    /// Events to publish if the answer is good, in order.
    pub events: Vec<Event>,
    /// What a rehearsed guest did; empty for every other call.
    pub tried: Tried,
}

impl Report {
    /// A report of a call that ended in a fault.
    #[must_use]
    pub fn fault(kind: FaultKind, message: &str) -> Self {
        Self::of(Fault::new(kind, message))
    }

    /// A report of a call that ended in this fault.
    #[must_use]
    pub fn of(fault: Fault) -> Self {
        Self {
            result: Err(Ended::Fault(fault)),
            usage: Usage::default(),
            writes: Vec::new(),
            events: Vec::new(),
            tried: Tried::default(),
        }
    }
}
