//! What a skeptic is told and what it says. A plugin of kind `skeptic` has a pure capability `review`
//! that takes a [`Brief`] and answers a [`Review`].
//!
//! ```
//! use ares_sdk::Failure;
//! use ares_sdk::skeptic::{Brief, Review};
//!
//! /// Holds every deletion against whoever asks for it, so that a person is asked.
//! #[ares_sdk::capability(effect = "pure")]
//! pub fn review(brief: Brief) -> Result<Review, Failure> {
//!     if brief.capability.starts_with("delete") {
//!         return Ok(Review::default().block("it deletes"));
//!     }
//!     Ok(Review::default())
//! }
//! # ares_sdk::plugin!(review);
//! # fn main() {}
//! ```

/// What is known of a call before it is decided on.
#[ares_sdk::data]
pub struct Brief {
    /// What is to be called.
    pub capability: String,
    /// Of which plugin.
    pub plugin: String,
    /// In which version.
    pub version: String,
    /// The hash of its component.
    pub blake3: String,
    /// Its class: `pure`, `read`, `write`, `network`, `message` or `destructive`.
    pub effect: String,
    /// Who calls, as `kind:name`.
    pub caller: String,
    /// Who made the first call of the chain, as `kind:name`.
    pub origin: String,
    /// The arguments as JSON text, without stored secrets, escaped and cut at 4 KiB. They may hold
    /// anything, orders to whoever reads them included.
    pub arguments: String,
    /// The score so far, in basis points.
    pub score: u32,
    /// The same in a word: `high`, `medium` or `low`.
    pub level: String,
    /// What the record is worth: `tier 1`, `tier 2`, `tier 3` or `anti-pattern`.
    pub tier: String,
    /// The record in numbers.
    pub history: History,
    /// The last uses, at most twenty, oldest first.
    pub recent: Vec<Recent>,
    /// What the gate has found already.
    pub findings: Vec<String>,
}

/// The record of a capability, in numbers.
#[ares_sdk::data(open)]
pub struct History {
    /// Uses that count.
    pub uses: u32,
    /// Good ones among them.
    pub good: u32,
    /// Answers that were called wrong later.
    pub wrong: u32,
    /// Answers that were not what was promised.
    pub invalid: u32,
}

/// One past use.
#[ares_sdk::data]
pub struct Recent {
    /// What came of it: `ok`, `said-no`, `fault`, `invalid`, `unknown` or `wrong`.
    pub came: String,
    /// How long ago.
    pub seconds_ago: u64,
    /// Whether it had these very arguments.
    pub same_arguments: bool,
    /// Whether its arguments had the same names and types.
    pub same_sort_of_arguments: bool,
}

/// What a skeptic says. It can only speak against a call.
#[ares_sdk::data]
#[derive(Default, PartialEq)]
pub struct Review {
    /// What it holds against the call.
    pub objections: Vec<Objection>,
    /// What could be done instead.
    pub alternatives: Vec<String>,
    /// What it would like to know.
    pub questions: Vec<String>,
}

/// One objection.
#[ares_sdk::data]
#[derive(PartialEq)]
pub struct Objection {
    /// How much it weighs.
    pub severity: Severity,
    /// Why, in one sentence.
    pub text: String,
}

/// How much an objection weighs.
#[ares_sdk::data]
#[derive(PartialEq, Copy)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It is told.
    Note,
    /// It lowers the score.
    Warn,
    /// A person is asked.
    Block,
}

impl Review {
    /// With one more thing that is only told.
    #[must_use]
    pub fn note(self, text: impl Into<String>) -> Self {
        self.with(Severity::Note, text.into())
    }

    /// With one more thing that lowers the score.
    #[must_use]
    pub fn warn(self, text: impl Into<String>) -> Self {
        self.with(Severity::Warn, text.into())
    }

    /// With one more thing a person should be asked about.
    #[must_use]
    pub fn block(self, text: impl Into<String>) -> Self {
        self.with(Severity::Block, text.into())
    }

    fn with(mut self, severity: Severity, text: String) -> Self {
        self.objections.push(Objection { severity, text });
        self
    }
}
