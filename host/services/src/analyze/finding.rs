//! One thing that was found.

use std::borrow::Cow;

use ares_kernel::gate::Evidence;
use serde::Serialize;

/// How sure it is that it is so and matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Sure {
    /// The evidence leaves nothing else.
    High,
    /// The evidence speaks for it, and something else is possible.
    Medium,
    /// There is a hint.
    Low,
}

impl Sure {
    /// What to do about it: do it, try it small, or find out more.
    fn advice(self) -> &'static str {
        match self {
            Self::High => "do",
            Self::Medium => "prototype",
            Self::Low => "research",
        }
    }
}

/// A finding with its evidence, and with what was looked for against it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    /// Which rule found it.
    pub(crate) id: &'static str,
    /// How sure.
    pub(crate) level: Sure,
    /// Whom it is about: `plugin`, `plugin/capability` or `host`.
    pub(crate) about: String,
    /// What is so, in one sentence.
    pub(crate) text: String,
    /// The rows that say so.
    pub(crate) evidence: Vec<Evidence>,
    /// What was looked for that would speak against it, and what was there.
    pub(crate) counter_evidence: String,
    /// `do`, `prototype` or `research`.
    pub(crate) recommendation: &'static str,
    /// What that is here.
    pub(crate) action: String,
}

impl Finding {
    /// One without evidence yet.
    pub(super) fn new(id: &'static str, level: Sure, about: impl Into<String>, text: String) -> Self {
        Self {
            id,
            level,
            about: about.into(),
            text,
            evidence: Vec::new(),
            counter_evidence: String::new(),
            recommendation: level.advice(),
            action: String::new(),
        }
    }

    /// A row that says so.
    pub(super) fn row(mut self, table: &'static str, key: impl Into<String>) -> Self {
        self.evidence.push(Evidence { table: Cow::Borrowed(table), key: key.into() });
        self
    }

    /// What was looked for against it.
    pub(super) fn against(mut self, counter_evidence: impl Into<String>) -> Self {
        self.counter_evidence = counter_evidence.into();
        self
    }

    /// What can be done.
    pub(super) fn so(mut self, action: impl Into<String>) -> Self {
        self.action = action.into();
        self
    }
}
