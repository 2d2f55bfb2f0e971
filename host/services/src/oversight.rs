//! What people oversee the gate by: mandates, and what they stopped.

use serde::{Deserialize, Serialize};

/// One thing to ask of the oversight, or to do about it. All answers are JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum OversightWish {
    /// The four mandates and the five catastrophic categories. Answers an array of `{id, kind, sentence,
    /// does, overridable, rules, stopped}`: `rules` are those of it that hold, `stopped` counts the calls of
    /// the last 30 days.
    Mandates,
    /// The newest calls that a rule stopped, oldest first. Answers an array of `{id, at_ms, caller,
    /// capability, plugin, effect, rule, reason, stance, became, overridden, overridable, …}`.
    Log {
        /// Only of this plugin.
        plugin: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// How often a plugin's calls are stopped. Answers `{plugin, days, calls, catastrophic, forbidden,
    /// not_approved, weights, violations, per_100_calls}`; the last is null where there were no calls.
    Score {
        /// The plugin.
        plugin: String,
    },
    /// The latest overrides, oldest first. Answers an array of what `Approval` answers.
    Overrides {
        /// At most so many.
        limit: u32,
    },
    /// The skeptics and what became of their objections in 30 days. Answers an array of `{skeptic, blake3,
    /// warned, blocked, well, badly, denied, expired, waiting, refused}`.
    Skeptics,
    /// Ask for a call to be let through that a rule refused, which can be overridden. Answers like
    /// `Approval`; with `earlier`, how often that rule was overridden for that plugin in 30 days.
    RequestOverride {
        /// The refused invocation.
        id: String,
        /// Why.
        reason: String,
    },
}
