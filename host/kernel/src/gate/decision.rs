//! From a level, an effect class and the operator's rules to what is done: the strictest wins.

use serde::{Deserialize, Serialize};

use super::steps::explain;
use super::{Judgement, Level, Settings};
use crate::facts::{Effect, Mode};
use crate::flow::Draft;
use crate::ports::{Route, Ruling, Stance};

/// How many of the findings whoever decides is told at once,
const TOLD_MAX: usize = 5;
/// and how much of each, in bytes.
const TOLD_BYTES: usize = 240;

/// What the gate decided, from the freest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The gate was not reached.
    None,
    /// It runs.
    Execute,
    /// It runs, and what is not sure about it is said.
    Caveats,
    /// It waits for a person's yes.
    Ask,
    /// It waits for a person who looks closer: the gate is not sure enough.
    Escalate,
    /// It does not run.
    Refuse,
}

impl Decision {
    /// The word in verdicts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Execute => "execute",
            Self::Caveats => "caveats",
            Self::Ask => "ask",
            Self::Escalate => "escalate",
            Self::Refuse => "refuse",
        }
    }

    /// Whether it waits for a person.
    #[must_use]
    pub fn is_held(self) -> bool {
        matches!(self, Self::Ask | Self::Escalate)
    }
}

/// What is decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grounds {
    /// What the call may do.
    pub effect: Effect,
    /// Whether what it does can be taken back.
    pub reversible: bool,
    /// How sure the gate is.
    pub level: Level,
    /// What the operator's rules say.
    pub stance: Stance,
    /// Whether there is any evidence that this component works.
    pub tried: bool,
    /// Whether a skeptic wants a person asked.
    pub blocked: bool,
    /// Whether it is not in the plan of its task.
    pub unplanned: bool,
    /// Whether it costs something and no budget covers it.
    pub unpaid: bool,
    /// Whether the guard's warnings add up to a question.
    pub repeated: bool,
    /// Whether the host's mode lets run what a rule only asks about.
    pub auto: bool,
}

impl Grounds {
    /// The grounds of a judged request.
    #[must_use]
    pub fn of(draft: &Draft, route: &Route, judgement: &Judgement, settings: &Settings) -> Self {
        let before = judgement.before.as_ref().is_some_and(|before| before.good > 0);
        Self {
            effect: route.capability.effect,
            reversible: route.capability.about.reversible,
            level: judgement.level,
            stance: judgement.ruling.stance,
            // A rehearsal that goes well is what would be missing, and one that does not is nothing to go on with.
            tried: judgement.history.is_tried()
                || before
                || !settings.ask_untried
                || draft.request().rehearse,
            blocked: judgement.blocked,
            unplanned: judgement.findings.iter().any(|finding| finding.id == "C10"),
            unpaid: explain::cost(draft, route).is_some() && draft.budgets().is_empty(),
            repeated: judgement.repeated,
            auto: draft.posture().mode == Mode::Auto && !judgement.ruling.firm,
        }
    }

    /// The decision.
    #[must_use]
    pub fn decide(self) -> Decision {
        let of_rules = match self.stance {
            Stance::Auto => Decision::Execute,
            Stance::Ask if self.auto && self.level == Level::High && self.effect <= Effect::Network => {
                Decision::Execute
            }
            Stance::Ask => Decision::Ask,
            Stance::Never | Stance::Catastrophic => Decision::Refuse,
        };
        // What changes something is not let loose on the world untried, whatever a rule says of it.
        let of_trial = if self.effect.changes() && !self.tried { Decision::Ask } else { Decision::Execute };
        let of_skeptics = if self.blocked { Decision::Ask } else { Decision::Execute };
        let of_budgets = if self.unpaid { Decision::Ask } else { Decision::Execute };
        let of_plan = if self.unplanned { Decision::Escalate } else { Decision::Execute };
        let of_guard = if self.repeated { Decision::Escalate } else { Decision::Execute };
        let of_facts = self.of_effect().max(of_trial).max(of_skeptics).max(of_guard);
        of_facts.max(of_rules).max(of_budgets).max(of_plan)
    }

    /// Why a person is asked.
    #[must_use]
    pub fn reason(self, judgement: &Judgement) -> String {
        let mut reason = self.ground(judgement);
        let told = judgement.findings.iter().filter(|finding| finding.warning || finding.id == "C6");
        let told = told.filter(|finding| !reason.contains(&finding.text)).take(TOLD_MAX);
        let told: Vec<String> = told.map(|finding| crate::text::escaped(&finding.text, TOLD_BYTES)).collect();
        for text in told {
            reason.push_str("; ");
            reason.push_str(&text);
        }
        reason
    }

    fn ground(self, judgement: &Judgement) -> String {
        let Ruling { stance, rule, reason, .. } = &judgement.ruling;
        match (self.decide(), stance) {
            (Decision::Escalate, _) if self.unplanned => {
                found(judgement, "C10").unwrap_or_else(|| "it is not in the plan of its task".to_owned())
            }
            (Decision::Escalate, _) if self.repeated => {
                found(judgement, "C12").unwrap_or_else(|| "the guard warns again and again".to_owned())
            }
            (Decision::Escalate, _) => format!("confidence is low ({})", judgement.sum()),
            (_, Stance::Ask) => {
                let rule = rule.as_deref().map_or_else(String::new, |rule| format!(" (rule `{rule}`)"));
                format!("{reason}{rule}")
            }
            _ if self.blocked => {
                let objection =
                    judgement.findings.iter().find(|finding| finding.warning && finding.id == "K1");
                objection.map_or_else(|| "a skeptic objects".to_owned(), |finding| finding.text.clone())
            }
            _ if self.unpaid => {
                found(judgement, explain::COST).unwrap_or_else(|| "no budget covers it".to_owned())
            }
            _ if self.effect == Effect::Destructive => "it cannot be undone".to_owned(),
            _ if self.effect.changes() && !self.tried => {
                "it may change something, and this component of it was never used".to_owned()
            }
            _ => format!("it reaches a person, and confidence is {}", self.level.as_str()),
        }
    }

    /// The table of docs/gate.md.
    fn of_effect(self) -> Decision {
        let lasting = self.effect == Effect::Destructive || (self.effect.changes() && !self.reversible);
        match (self.level, self.effect) {
            (Level::Low, Effect::Destructive) => Decision::Refuse,
            (Level::Low, _) => Decision::Escalate,
            (Level::Medium | Level::High, Effect::Destructive) => Decision::Ask,
            (Level::Medium, Effect::Message) => Decision::Ask,
            (Level::Medium, _) => Decision::Caveats,
            (Level::High, _) if lasting => Decision::Caveats,
            (Level::High, _) => Decision::Execute,
        }
    }
}

/// The words of a finding.
fn found(judgement: &Judgement, id: &str) -> Option<String> {
    judgement.findings.iter().find(|finding| finding.id == id).map(|finding| finding.text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Decision::{Ask, Caveats, Escalate, Execute, Refuse};

    fn grounds(effect: Effect, level: Level) -> Grounds {
        Grounds {
            effect,
            reversible: true,
            level,
            stance: Stance::Auto,
            tried: true,
            blocked: false,
            unpaid: false,
            unplanned: false,
            repeated: false,
            auto: false,
        }
    }

    #[test]
    fn the_table() {
        for (effect, expected) in [
            (Effect::Pure, [Execute, Caveats, Escalate]),
            (Effect::Read, [Execute, Caveats, Escalate]),
            (Effect::Write, [Execute, Caveats, Escalate]),
            (Effect::Network, [Execute, Caveats, Escalate]),
            (Effect::Message, [Execute, Ask, Escalate]),
            (Effect::Destructive, [Ask, Ask, Refuse]),
        ] {
            let decided =
                [Level::High, Level::Medium, Level::Low].map(|level| grounds(effect, level).decide());
            assert_eq!(decided, expected, "{effect}");
        }
    }

    fn all() -> impl Iterator<Item = Grounds> {
        let levels = [Level::Low, Level::Medium, Level::High];
        let stances = [Stance::Auto, Stance::Ask, Stance::Never, Stance::Catastrophic];
        Effect::ALL.into_iter().flat_map(move |effect| {
            levels.into_iter().flat_map(move |level| {
                stances.into_iter().flat_map(move |stance| {
                    [(true, true), (true, false), (false, true), (false, false)].map(|(tried, reversible)| {
                        Grounds {
                            effect,
                            reversible,
                            level,
                            stance,
                            tried,
                            blocked: false,
                            unpaid: false,
                            unplanned: false,
                            repeated: false,
                            auto: false,
                        }
                    })
                })
            })
        })
    }

    #[test]
    fn whatever_speaks_against_it_never_frees_it() {
        for grounds in all() {
            let decided = grounds.decide();
            for level in [Level::Low, Level::Medium, Level::High] {
                let other = Grounds { level, ..grounds };
                assert!(level < grounds.level || other.decide() <= decided, "{grounds:?} {level:?}");
            }
            for stance in [Stance::Ask, Stance::Never, Stance::Catastrophic] {
                let other = Grounds { stance, ..grounds };
                assert!(stance < grounds.stance || other.decide() >= decided, "{grounds:?} {stance:?}");
            }
            assert!(Grounds { tried: false, ..grounds }.decide() >= decided, "{grounds:?}");
            assert!(
                Grounds { unpaid: true, ..grounds }.decide() >= decided.max(Decision::Ask),
                "{grounds:?}"
            );
            assert!(
                Grounds { unplanned: true, ..grounds }.decide() >= decided.max(Decision::Escalate),
                "{grounds:?}"
            );
            let blocked = Grounds { blocked: true, ..grounds }.decide();
            assert!(blocked >= decided && blocked >= Ask, "{grounds:?}");
            let repeated = Grounds { repeated: true, ..grounds }.decide();
            assert!(repeated >= decided && repeated >= Escalate, "{grounds:?}");
            assert_eq!(
                decided == Decision::Refuse,
                grounds.stance >= Stance::Never || {
                    grounds.level == Level::Low && grounds.effect == Effect::Destructive
                },
                "{grounds:?}"
            );
        }
    }

    #[test]
    fn rules_only_narrow_and_the_untried_is_asked_about() {
        let sure = grounds(Effect::Write, Level::High);
        for (stance, expected) in [(Stance::Auto, Execute), (Stance::Ask, Ask), (Stance::Never, Refuse)] {
            assert_eq!(Grounds { stance, ..sure }.decide(), expected);
        }
        let auto = Grounds { stance: Stance::Ask, auto: true, ..sure };
        assert_eq!(auto.decide(), Execute);
        assert_eq!(Grounds { effect: Effect::Message, ..auto }.decide(), Ask);
        assert_eq!(Grounds { level: Level::Medium, ..auto }.decide(), Ask);
        assert_eq!(Grounds { stance: Stance::Never, ..auto }.decide(), Refuse);
        assert_eq!(Grounds { tried: false, ..sure }.decide(), Ask);
        assert_eq!(Grounds { tried: false, ..grounds(Effect::Read, Level::High) }.decide(), Execute);
        assert_eq!(Grounds { reversible: false, ..sure }.decide(), Caveats);
        assert_eq!(Grounds { stance: Stance::Ask, ..grounds(Effect::Pure, Level::Low) }.decide(), Escalate);
    }
}
