//! What a change of the rules comes to: which registered capabilities stand otherwise than before, and for whom.

use ares_kernel::Caller;
use ares_kernel::facts::Effect;
use ares_kernel::ports::Stance;
use serde::Serialize;

use crate::facts::Asked;
use crate::pattern::Callers;
use crate::rules::Rules;
use crate::set::RuleSet;

/// The most differences that are told one by one.
const TOLD_MAX: usize = 50;

/// A capability that stands otherwise, whatever the arguments of a call are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `plugin/capability`.
    pub capability: String,
    /// Its effect class.
    pub effect: Effect,
    /// For whom: whoever changed the rules, an agent of any name, or whom the rule is for.
    pub caller: String,
    /// What the rules said before.
    pub was: Stance,
    /// What they say now.
    pub now: Stance,
}

/// All of them. What rules say of arguments is not compared: without a call there are none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Differences {
    /// The first 50, in the order of plugins and capabilities.
    pub differences: Vec<Difference>,
    /// How many more there are.
    pub more: usize,
}

/// For whom a change is looked at: who made it, an agent no rule knows by name, and whom the rule names.
pub(crate) fn concerned(by: &Caller, named: &Callers) -> Vec<Caller> {
    let mut concerned = vec![by.clone(), Caller::Agent("*".to_owned())];
    let named = match named {
        Callers::All | Callers::Role(_) => None,
        Callers::One(caller) => Some(caller.clone()),
        Callers::Named { kind, name } => match kind.as_str() {
            "human" => Some(Caller::Human(name.clone())),
            "agent" => Some(Caller::Agent(name.clone())),
            // A pattern of plugins' names is no plugin's name.
            _ => name.parse().ok().map(Caller::Plugin),
        },
    };
    concerned.extend(named.filter(|caller| !concerned.contains(caller)));
    concerned
}

impl Rules {
    /// What it comes to that these rules take the place of those in force.
    pub(crate) fn differences(&self, next: &RuleSet, callers: &[Caller]) -> Differences {
        let snapshot = self.registry.snapshot();
        let mut found = Differences::default();
        for plugin in snapshot.plugins() {
            let (version, blake3) = (plugin.version.to_string(), plugin.blake3.to_string());
            for (capability, caller) in
                plugin.capabilities.iter().flat_map(|one| callers.iter().map(move |by| (one, by)))
            {
                let asked = Asked {
                    caller,
                    origin: caller,
                    plugin: plugin.name.as_str(),
                    version: version.clone(),
                    blake3: blake3.clone(),
                    capability: capability.id.as_str(),
                    effect: capability.effect,
                    needs: &capability.needs,
                    arguments: None,
                };
                let (was, now) = (self.decide(&asked).ruling.stance, next.decide(&asked).ruling.stance);
                if was == now {
                    continue;
                }
                if found.differences.len() == TOLD_MAX {
                    found.more += 1;
                    continue;
                }
                found.differences.push(Difference {
                    capability: format!("{}/{}", plugin.name, capability.id),
                    effect: capability.effect,
                    caller: caller.to_string(),
                    was,
                    now,
                });
            }
        }
        found
    }
}
