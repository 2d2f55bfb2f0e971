//! How freely the whole host works at the moment: its mode, whether it is locked, and what was planned.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Task;

/// What calls may do, for all of them at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing may change: what computes and reads runs.
    Ask,
    /// Nothing may change yet: what would change something can be rehearsed.
    Plan,
    /// As the rules say: the usual.
    #[default]
    Build,
    /// As the rules say, but a rule that asks lets classes up to `network` run where confidence is high.
    Auto,
}

impl Mode {
    /// All of them, the strictest first.
    pub const ALL: [Self; 4] = [Self::Ask, Self::Plan, Self::Build, Self::Auto];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Plan => "plan",
            Self::Build => "build",
            Self::Auto => "auto",
        }
    }
}

/// An emergency stop: nothing runs until somebody has seen it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lockout {
    /// Why, escaped.
    pub reason: String,
    /// Since when, in milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// Acknowledged, and so lifted until then.
    pub lifted_until_ms: Option<u64>,
}

impl Lockout {
    /// Whether it holds at this time.
    #[must_use]
    pub fn holds(&self, now_ms: u64) -> bool {
        self.lifted_until_ms.is_none_or(|until| until <= now_ms)
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Posture {
    /// The mode.
    pub mode: Mode,
    /// The stop that was not ended.
    pub lockout: Option<Lockout>,
    /// The tasks that were planned, by name.
    pub tasks: BTreeMap<String, Task>,
}
