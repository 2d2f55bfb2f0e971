//! What could go wrong? Questions C1 to C11 of docs/gate.md, as far as the host has facts for them.

use super::{Case, Mark, Step, warned};
use crate::facts::{Capability, History};
use crate::gate::{Depth, Evidence, Finding, Judgement};
use crate::ports::Health;

/// Faults among the last uses that are a warning: a fifth, and at least two.
const BAD_SHARE: u32 = 5;
/// A pace of so many times the one before is a warning,
const PACE: u32 = 3;
/// unless it is below this many microseconds: what is that fast varies by itself.
const PACE_US_MIN: u32 = 5_000;

pub(super) struct Challenge;

impl Step for Challenge {
    fn name(&self) -> &'static str {
        "challenge"
    }

    fn letter(&self) -> &'static [char] {
        &['C', 'K']
    }

    fn examine(&self, case: &Case<'_>, judgement: &mut Judgement) {
        let history = judgement.history;
        let row = || vec![history_row(case)];
        judgement.findings.extend(unwell(case));
        judgement.findings.extend(faults(&history, row));
        judgement.findings.extend(pace(&history, row));
        judgement.findings.extend(twice(&case.route.capability, &history, row));
    }

    fn conclude(&self, judgement: &Judgement) -> (Mark, String) {
        let found = judgement.findings.iter().filter(|finding| finding.id.starts_with(self.letter())).count();
        if warned(self, judgement) {
            return (Mark::Caveat, format!("{found} of its questions found something"));
        }
        match (judgement.history.uses, judgement.depth) {
            (0, _) => (Mark::Unknown, "it was never used, so nothing is known of its faults".to_owned()),
            (_, Depth::Quick) => (Mark::Yes, "nothing speaks against it in the record".to_owned()),
            _ => (Mark::Yes, "every question was asked and nothing speaks against it".to_owned()),
        }
    }
}

/// The row of the record.
pub(super) fn history_row(case: &Case<'_>) -> Evidence {
    let (plugin, capability) = (&case.route.plugin, &case.route.capability);
    Evidence::row("history", format!("{}/{}", plugin.blake3, capability.id))
}

/// C2: does it fare well?
fn unwell(case: &Case<'_>) -> Option<Finding> {
    (case.route.health == Some(Health::Degraded)).then(|| {
        let name = &case.route.plugin.name;
        let text = format!("plugin `{name}` says that it does not fare well");
        Finding::warning("C2", text, vec![Evidence::row("status", name.as_str())])
    })
}

/// C3: does it break lately?
fn faults(history: &History, row: impl FnOnce() -> Vec<Evidence>) -> Option<Finding> {
    let bad = history.recent_bad >= 2 && history.recent_bad * BAD_SHARE >= history.recent;
    bad.then(|| {
        let text = format!("{} of its last {} calls went wrong", history.recent_bad, history.recent);
        Finding::warning("C3", text, row())
    })
}

/// C4: has it become much slower or more costly?
fn pace(history: &History, row: impl FnOnce() -> Vec<Evidence>) -> Option<Finding> {
    let pace = history.pace?;
    let slower = pace.now_us >= PACE_US_MIN && pace.now_us > pace.before_us.saturating_mul(PACE);
    let costlier = pace.now_fuel > pace.before_fuel.saturating_mul(u64::from(PACE));
    let text = match (slower, costlier) {
        (true, _) => format!(
            "it has become slow: 95 of 100 calls took {} us before and take {} us now",
            pace.before_us, pace.now_us
        ),
        (false, true) => format!(
            "it has become costly: 95 of 100 calls used {} fuel before and use {} now",
            pace.before_fuel, pace.now_fuel
        ),
        (false, false) => return None,
    };
    Some(Finding::warning("C4", text, row()))
}

/// C11: could this be the second time?
fn twice(capability: &Capability, history: &History, row: impl FnOnce() -> Vec<Evidence>) -> Option<Finding> {
    (history.unsure && !capability.idempotent && capability.effect.changes()).then(|| {
        let text =
            "a call with the same input was cut off before, and what it did is unknown: this may do it twice";
        Finding::warning("C11", text.to_owned(), row())
    })
}
