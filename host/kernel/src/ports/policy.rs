//! What the operator's rules make of a request, as a port: the rules are written in a language the
//! kernel does not know.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::facts::{Capability, Plugin};
use crate::request::Caller;

/// Says what the operator's rules make of a request. Answers from memory, and the same question gets
/// the same answer as long as the revision is the same.
pub trait Policy: Send + Sync {
    /// What the rules say.
    fn rule(&self, question: &Question<'_>) -> Ruling;

    /// What they say where a person overrides the rule of this id: it asks where it forbids. Every other
    /// rule says what it says, and one that nothing lifts goes on forbidding. Rules that cannot be
    /// overridden say the same as before.
    fn rule_overridden(&self, question: &Question<'_>, rule: &str) -> Ruling {
        let _ = rule;
        self.rule(question)
    }
}

/// No rules at all: everything may run. For kernels in tests; a host has rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRules;

impl Policy for NoRules {
    fn rule(&self, _: &Question<'_>) -> Ruling {
        let reason = Cow::Borrowed("there are no rules");
        Ruling { stance: Stance::Auto, rule: Some(Cow::Borrowed("none")), reason, revision: 0, firm: false }
    }
}

/// What is asked of the rules. Everything in it was established by the host.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// Who calls.
    pub caller: &'a Caller,
    /// Who stands at the beginning of the chain of calls: `caller` itself where no plugin is between.
    pub origin: &'a Caller,
    /// Whose capability.
    pub plugin: &'a Plugin,
    /// For what.
    pub capability: &'a Capability,
    /// What the arguments say; nothing before they were judged. Then rules that look at them stay silent.
    pub arguments: Option<Arguments<'a>>,
}

/// What the arguments of a call are about, as far as rules may look at them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Arguments<'a> {
    /// Hosts it names, in lower case, without port; sorted, each once.
    pub hosts: Vec<Cow<'a, str>>,
    /// Paths it names, as `folder:path` with the folder's name in the grant; sorted, each once.
    pub paths: Vec<Cow<'a, str>>,
    /// How much it reaches: 0 nothing, 1 the plugin's own state, 2 at most 100 files below its folders,
    /// 3 more or another system, 4 what cannot be undone.
    pub blast: u8,
    /// Rules of the guard that found something in it, by id; sorted, each once.
    pub findings: Vec<&'static str>,
}

/// What the rules say, from the most to the least free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stance {
    /// It may run, and no person is asked for this very thing.
    Auto,
    /// It may run once a person said yes.
    Ask,
    /// It may not run.
    Never,
    /// It may not run, and no approval changes that.
    Catastrophic,
}

/// The rules' answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// What they say.
    pub stance: Stance,
    /// The id of the rule that decided; nothing when no rule speaks of it, which is a no.
    pub rule: Option<Cow<'static, str>>,
    /// Why, in that rule's words (escaped), or that no rule permits it.
    pub reason: Cow<'static, str>,
    /// Which rules these were: another number after each change.
    pub revision: u64,
    /// Whether it asks even where another rule permits; so does no mode lift it.
    #[serde(default)]
    pub firm: bool,
}
