//! What a journal keeps of a call beside its record: the rule that stopped it, and what the guard warned of.

use std::borrow::Cow;

use super::{Held, Ruling, Stance};
use crate::request::Caller;

/// A rule of the operator's that kept a call from running as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// Its id.
    pub rule: Cow<'static, str>,
    /// Why, in its words.
    pub reason: Cow<'static, str>,
    /// What it said: that a person is asked, or a no.
    pub stance: Stance,
    /// Whether it asks even where another rule permits. A no always holds.
    pub firm: bool,
    /// What an override would be bound to. Nothing where there can be none: for what only asks, for what
    /// nothing lifts, and for rules that forbid whatever the arguments are.
    pub question: Option<Held>,
}

impl Stopped {
    /// What this ruling stopped; nothing where no rule speaks of it or none stopped it.
    pub(crate) fn of(ruling: &Ruling, question: Option<Held>) -> Option<Self> {
        let rule = ruling.rule.clone().filter(|_| ruling.stance != Stance::Auto)?;
        let (reason, stance, firm) = (ruling.reason.clone(), ruling.stance, ruling.firm);
        Some(Self { rule, reason, stance, firm: firm || stance >= Stance::Never, question })
    }
}

/// What the guard warned of in the arguments of a call that may change something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warned {
    /// Who made the first call of the chain.
    pub by: Caller,
    /// The guard's rules, each once, sorted.
    pub rules: Vec<&'static str>,
}
