//! One thing that was found.

use serde::Serialize;

use crate::place::{Group, Place, Severity};
use crate::rules::rule;

/// One thing that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// The rule's group.
    pub group: Group,
    /// What it is worth at the place where the text comes from.
    pub severity: Severity,
    /// Where it begins, in bytes.
    pub offset: usize,
    /// How long it is, in bytes.
    pub length: usize,
    /// What stands there, escaped and cut at 80 characters. Of a secret no more than four characters.
    pub excerpt: String,
}

impl Finding {
    /// Whether it is enough to refuse a text of this kind: see [`crate::Rule::denies`].
    #[must_use]
    pub fn denies(&self, place: Place) -> bool {
        rule(self.rule).is_some_and(|rule| rule.denies(place))
    }

    /// What to do about it.
    #[must_use]
    pub fn remediation(&self) -> &'static str {
        rule(self.rule).map_or("", |rule| rule.remediation)
    }
}
