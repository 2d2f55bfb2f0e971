//! Mandates, what they stopped, and how often.

use ares_kernel::{Caller, PluginName};
use ares_registry::ViolationsView;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, Operations, json as to_json, name, said};
use crate::operation::{Problem, ProblemKind};
use crate::oversight::OversightWish;
use crate::rules::RuleWish;

/// The most rows one answer holds.
const ROWS_MAX: u32 = 10_000;
/// What a violation of each sort weighs in a score. They are this host's own choice; docs/policy.md says why.
const CATASTROPHIC: u64 = 10;
const FORBIDDEN: u64 = 3;
const NOT_APPROVED: u64 = 1;

/// A mandate, or a category of what nothing overrides.
struct Mandate {
    /// How rules name it: the beginning of their ids, or their category.
    id: &'static str,
    catastrophic: bool,
    sentence: &'static str,
}

const MANDATES: [Mandate; 9] = [
    Mandate {
        id: "m1",
        catastrophic: false,
        sentence: "work together: say what you are about to do, then do it",
    },
    Mandate { id: "m2", catastrophic: false, sentence: "the final word is the owner's" },
    Mandate { id: "m3", catastrophic: false, sentence: "no harm to the owner, their systems, their means" },
    Mandate { id: "m4", catastrophic: false, sentence: "truth: nothing that shows itself as something else" },
    Mandate {
        id: "data-destruction",
        catastrophic: true,
        sentence: "no data is destroyed that nobody has a copy of",
    },
    Mandate { id: "physical-harm", catastrophic: true, sentence: "nobody is hurt" },
    Mandate { id: "legal-violation", catastrophic: true, sentence: "the law is not broken" },
    Mandate {
        id: "financial-catastrophe",
        catastrophic: true,
        sentence: "no money is lost that cannot be had back",
    },
    Mandate { id: "security-breach", catastrophic: true, sentence: "the machine is not given to others" },
];

/// A rule, as far as mandates look at it. See [`RuleWish::List`].
#[derive(Deserialize)]
struct Rule {
    id: String,
    effect: String,
    category: Option<String>,
    replaces: Option<String>,
    holds: bool,
}

#[derive(Deserialize)]
struct Rules {
    rules: Vec<Rule>,
    /// The file of rules is broken, and nothing runs.
    #[serde(default)]
    refuses_all: bool,
}

/// What `mandates list` shows of one.
#[derive(Serialize)]
struct Shown {
    id: &'static str,
    kind: &'static str,
    sentence: &'static str,
    does: &'static str,
    overridable: bool,
    rules: Vec<String>,
    stopped: u64,
}

impl Mandate {
    /// Whether this rule is one of it: by its id or its category, or because it took the place of one.
    fn has(&self, rule: &Rule) -> bool {
        if self.catastrophic {
            return rule.category.as_deref() == Some(self.id);
        }
        let begins = |id: &str| id.strip_prefix(self.id).is_some_and(|rest| rest.starts_with('-'));
        begins(&rule.id) || rule.replaces.as_deref().is_some_and(begins)
    }

    fn shown(&self, Rules { rules, refuses_all }: &Rules, counts: &[(String, u64)]) -> Shown {
        let own: Vec<&Rule> = rules.iter().filter(|rule| self.has(rule)).collect();
        let holds = |effect: &str| own.iter().any(|rule| rule.holds && rule.effect == effect);
        let stopped = counts.iter().filter(|(id, _)| own.iter().any(|rule| rule.id == *id));
        Shown {
            id: self.id,
            kind: if self.catastrophic { "catastrophic" } else { "mandate" },
            sentence: self.sentence,
            does: match (holds("forbid") || holds("@catastrophic forbid"), holds("@ask forbid")) {
                _ if *refuses_all => "everything is refused: the file of rules is broken, see `policy list`",
                (true, true) => "refuses and asks",
                (true, false) => "refuses",
                (false, true) => "asks",
                (false, false) => "nothing: rules of yours took the place of its own",
            },
            overridable: !self.catastrophic,
            rules: own.iter().filter(|rule| rule.holds).map(|rule| rule.id.clone()).collect(),
            stopped: stopped.map(|(_, calls)| calls).sum(),
        }
    }
}

impl Operations {
    pub(super) async fn oversight(&self, caller: Caller, wish: OversightWish) -> Answer {
        let book = &self.0.book;
        match wish {
            OversightWish::Mandates => self.mandates(caller).await,
            OversightWish::Log { plugin, limit } => {
                let plugin = self.known(plugin.as_deref())?;
                let limit = limit.min(ROWS_MAX);
                to_json(&book.with(move |registry| registry.stops(plugin.as_ref(), limit)).await?)
            }
            OversightWish::Overrides { limit } => {
                let limit = limit.min(ROWS_MAX);
                to_json(&book.with(move |registry| registry.overrides(limit)).await?)
            }
            OversightWish::Skeptics => to_json(&book.with(|registry| registry.skeptics_record()).await?),
            OversightWish::RequestOverride { id, reason } => {
                self.request_override(caller, &id, &said(Some(reason)).unwrap_or_default()).await
            }
            OversightWish::Score { plugin } => {
                let plugin = name(&plugin)?;
                let of = plugin.clone();
                let counted = book.with(move |registry| registry.violations(&of)).await?;
                Ok(score(&plugin, &counted))
            }
        }
    }

    async fn mandates(&self, caller: Caller) -> Answer {
        let listed = self.policy(caller, RuleWish::List).await?;
        let rules: Rules = serde_json::from_value(listed)
            .map_err(|error| Problem::of(ProblemKind::Failed, "unreadable-rules", &error))?;
        let counts = self.0.book.with(|registry| registry.stop_counts()).await?;
        to_json(&MANDATES.iter().map(|mandate| mandate.shown(&rules, &counts)).collect::<Vec<_>>())
    }

    /// A plugin that is registered, where one is named.
    fn known(&self, plugin: Option<&str>) -> Result<Option<PluginName>, Problem> {
        let Some(plugin) = plugin.map(name).transpose()? else { return Ok(None) };
        self.plugin(&plugin)?;
        Ok(Some(plugin))
    }
}

fn score(plugin: &PluginName, counted: &ViolationsView) -> serde_json::Value {
    let ViolationsView { calls, catastrophic, forbidden, not_approved } = *counted;
    let violations = CATASTROPHIC * catastrophic + FORBIDDEN * forbidden + NOT_APPROVED * not_approved;
    json!({
        "plugin": plugin,
        "days": 30,
        "calls": calls,
        "catastrophic": catastrophic,
        "forbidden": forbidden,
        "not_approved": not_approved,
        "weights": { "catastrophic": CATASTROPHIC, "forbidden": FORBIDDEN, "not_approved": NOT_APPROVED },
        "violations": violations,
        "per_100_calls": per_100(violations, calls),
    })
}

/// To two places, rounded down; nothing of no calls.
fn per_100(violations: u64, calls: u64) -> Option<f64> {
    let hundredths = violations.saturating_mul(10_000).checked_div(calls)?;
    Some(f64::from(u32::try_from(hundredths).unwrap_or(u32::MAX)) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_can_be_redone_from_its_counts() {
        let plugin = "notes".parse().unwrap();
        let counted = ViolationsView { calls: 80, catastrophic: 1, forbidden: 2, not_approved: 4 };
        let score = score(&plugin, &counted);
        assert_eq!((&score["violations"], &score["per_100_calls"]), (&json!(20), &json!(25.0)));
        assert_eq!(per_100(1, 3), Some(33.33));
        assert_eq!(per_100(0, 0), None);
    }

    fn rule(id: &str, effect: &str, replaces: Option<&str>, holds: bool) -> Rule {
        let category = effect.starts_with("@catastrophic").then(|| "security-breach".to_owned());
        Rule { id: id.into(), effect: effect.into(), category, replaces: replaces.map(Into::into), holds }
    }

    #[test]
    fn a_mandate_is_the_rules_that_bear_its_name_or_took_their_place() {
        let rules = [
            rule("mine", "forbid", Some("m2-destructive-asks"), true),
            rule("m2-destructive-asks", "@ask forbid", None, false),
            rule("m2-irreversible-asks", "@ask forbid", None, true),
            rule("m20-other", "forbid", None, true),
            rule("break-in", "@catastrophic forbid", None, true),
        ];
        let counts = [("mine", 2), ("m2-irreversible-asks", 3), ("m20-other", 5), ("break-in", 7)];
        let counts = counts.map(|(id, calls)| (id.to_owned(), calls));
        let mut rules = Rules { rules: rules.into(), refuses_all: false };
        let shown = |at: usize| MANDATES.get(at).unwrap().shown(&rules, &counts);
        let m2 = shown(1);
        assert_eq!((m2.does, m2.stopped, m2.overridable), ("refuses and asks", 5, true));
        assert_eq!(m2.rules, ["mine", "m2-irreversible-asks"]);
        let breach = shown(8);
        assert_eq!((breach.does, breach.stopped, breach.overridable), ("refuses", 7, false));
        assert!(shown(0).does.starts_with("nothing"));
        rules.refuses_all = true;
        let all: Vec<_> = MANDATES.iter().map(|mandate| mandate.shown(&rules, &counts).does).collect();
        assert!(all.iter().all(|does| does.starts_with("everything is refused")), "{all:?}");
    }
}
