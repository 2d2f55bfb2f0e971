//! The operator's rules, as a port: who keeps them knows the language they are written in.

use ares_kernel::Caller;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::operation::Problem;

/// Keeps the rules. Everything here may wait for the disk: call it where that is allowed.
pub trait RuleBook: Send + Sync {
    /// Does one thing with them in the caller's name, with the answer documented at it. What changes
    /// the rules must be done by one at a time.
    ///
    /// # Errors
    /// Why it was not done; nothing has changed then.
    fn carry_out(&self, by: &Caller, wish: RuleWish) -> Result<Value, Problem>;

    /// The number of the rules in force.
    fn revision(&self) -> u64;

    /// Sees whether the operator's file has changed, and takes it if it has.
    fn look(&self);

    /// Why the operator's file is not in force as it stands; nothing when it is.
    fn problem(&self) -> Option<String>;
}

/// One thing to do with the rules. All answers are JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RuleWish {
    /// Every rule, the operator's first. Answers `{revision, problem, refuses_all, rules}`, where a rule is
    /// `{id, layer, effect, category, reason, until, replaces, holds, place, text}`; `problem` is why the
    /// operator's file is not in force as it stands, `refuses_all` whether nothing runs because of it.
    List,
    /// Put another file in the place of the operator's. Answers its number and what it comes to:
    /// `{revision, differences, more}`, where a difference is `{capability, effect, caller, was, now}`, for
    /// whoever changes it and for an agent that no rule names; of what is written for a caller also for that one.
    Set {
        /// The rules.
        text: String,
        /// Why.
        reason: Option<String>,
        /// The file they come from, as errors are to name it.
        #[serde(default)]
        from: Option<String>,
    },
    /// Permit without asking. Answers `{id, text, revision, note, differences, more}`: the rule that was
    /// written, that nobody provides what it is about, where that is so, and what it comes to, as `Set` does.
    Allow {
        /// A capability, `plugin/capability`, `plugin/*`, an effect class or a scope.
        pattern: String,
        /// Only for these callers: `kind:name`, with `*` for any text, or `role:name`.
        callers: Option<String>,
        /// Only for this very caller: no sign of its name stands for another. Goes before `callers`.
        #[serde(default)]
        only: Option<Caller>,
        /// When it ends (RFC 3339).
        until: Option<String>,
        /// Why.
        reason: Option<String>,
    },
    /// Forbid. Answers like `Allow`.
    Deny {
        /// As in `Allow`.
        pattern: String,
        /// As in `Allow`.
        callers: Option<String>,
        /// Why.
        reason: Option<String>,
    },
    /// Take a rule of the operator's out. Answers it as `Allow` does.
    Remove {
        /// Its id.
        id: String,
    },
    /// What the rules make of a call, without making it. Answers `{subject, effect, stance, rule,
    /// reason, revision, place, text}`: place and text are the rule's that decided.
    Test {
        /// A capability, `plugin/capability`, an effect class or a scope.
        subject: String,
        /// Who would call, as `kind:name`; whoever asks, where nobody is named.
        caller: Option<String>,
        /// Who would stand at the beginning of the chain; the caller, where nobody is named.
        origin: Option<String>,
        /// JSON text of an object with `hosts`, `paths`, `blast` and `findings`.
        arguments: Option<String>,
        /// The operator's rules to try, in the place of those in force.
        #[serde(default)]
        rules: Option<String>,
        /// The file they come from, as errors are to name it.
        #[serde(default)]
        from: Option<String>,
    },
    /// What rules there were. Answers an array of `{revision, at_ms, actor, action, blake3, reason}`,
    /// oldest first, or with a number the one, with its `text`.
    History {
        /// Only this one.
        revision: Option<u64>,
    },
}

impl RuleWish {
    /// Whether it changes the rules.
    #[must_use]
    pub fn changes(&self) -> bool {
        match self {
            Self::Set { .. } | Self::Allow { .. } | Self::Deny { .. } | Self::Remove { .. } => true,
            Self::List | Self::Test { .. } | Self::History { .. } => false,
        }
    }
}
