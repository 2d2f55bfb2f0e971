//! How sure the gate is of a capability before anybody asks for it: by its record and its manifest alone.

use std::borrow::Cow;

use super::steps::{challenge, simplify, validate};
use super::{Depth, Judgement, Level, Tier, Weights};
use crate::facts::{Capability, Plugin};
use crate::ports::{Ruling, Stance};

/// The judgement the next call would begin with: steps 1, 3, 4 and 5, without what only a request can
/// bring (its arguments, its caller, the rules, other providers). No rule was asked.
#[must_use]
pub fn by_record(plugin: &Plugin, capability: &Capability, weights: &Weights, now_ms: u64) -> Judgement {
    let reason = Cow::Borrowed("no rule was asked");
    let mut judgement = Judgement {
        depth: Depth::Full,
        why: Cow::Borrowed("its record alone is looked at"),
        history: capability.track.history(0, now_ms),
        before: None,
        points: 0,
        unexplained: capability.about.unexplained.clone(),
        findings: Vec::new(),
        others: 0,
        alternatives: Vec::new(),
        skeptics: Vec::new(),
        blocked: false,
        repeated: false,
        patience: None,
        tier: Tier::Third,
        weights: (*weights != Weights::default()).then_some(*weights),
        score: 0,
        level: Level::Low,
        ruling: Ruling { stance: Stance::Auto, rule: None, reason, revision: 0, firm: false },
    };
    let found = challenge::of_record(plugin, capability, &judgement.history);
    let found: Vec<_> = found.collect();
    judgement.findings.extend(found);
    validate::weigh(plugin, capability, now_ms, &mut judgement);
    judgement.score = judgement.score_again();
    judgement.level = weights.level(judgement.score);
    judgement
}

/// What another provider of a capability is better in, in numbers, where it is no worse in anything that
/// step 2 compares. Whether it takes the same arguments is for the caller to see.
#[must_use]
pub fn simpler(other: &Capability, own: &Capability, now_ms: u64) -> Option<String> {
    simplify::simpler(other, own, now_ms)
}
