//! What an engine reports of one call: the guest's own words, what it used, what it wants kept.

use std::borrow::Cow;

use serde::Serialize;

use crate::event::Event;
use crate::text::{FOREIGN_TEXT_MAX, escaped};

/// What ended a call that gave no answer. Each is a fault of the guest, but for `Internal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
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
    /// The host itself failed.
    Internal,
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
}

impl Fault {
    /// A fault. The message may hold a guest's words: it is escaped and cut here.
    #[must_use]
    pub fn new(kind: FaultKind, message: &str) -> Self {
        Self { kind, message: escaped(message, FOREIGN_TEXT_MAX) }
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
    /// Whether the answer came from memory and no guest ran.
    pub cached: bool,
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
}

impl Report {
    /// A report of a call that ended in a fault.
    #[must_use]
    pub fn fault(kind: FaultKind, message: &str) -> Self {
        Self {
            result: Err(Ended::Fault(Fault::new(kind, message))),
            usage: Usage::default(),
            writes: Vec::new(),
            events: Vec::new(),
        }
    }
}
