//! What could go wrong? Questions C1 to C11 of docs/gate.md, as far as the host has facts for them.

use super::{Case, Mark, Step, warned};
use crate::facts::{Capability, Drift, History, Plugin};
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
        let (plugin, capability) = (&case.route.plugin, &case.route.capability);
        let history = judgement.history;
        judgement.findings.extend(unwell(case));
        judgement.findings.extend(drifted(case));
        judgement.findings.extend(unplanned(case));
        judgement.findings.extend(of_record(plugin, capability, &history));
        judgement.findings.extend(twice(capability, &history, || vec![history_row(plugin, capability)]));
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

/// The questions that record and manifest answer by themselves, whatever is asked for: C3, C4, C9.
pub(in crate::gate) fn of_record(
    plugin: &Plugin,
    capability: &Capability,
    history: &History,
) -> impl Iterator<Item = Finding> {
    let row = || vec![history_row(plugin, capability)];
    faults(history, row).into_iter().chain(pace(history, row)).chain(anti_patterns(capability))
}

/// The row of the record.
pub(super) fn history_row(plugin: &Plugin, capability: &Capability) -> Evidence {
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
    if costlier {
        let text = format!(
            "it has become costly: 95 of 100 calls used {} fuel before and use {} now",
            pace.before_fuel, pace.now_fuel
        );
        return Some(Finding::warning("C4", text, row()));
    }
    // Time alone may be the machine's: under load everything is slow. So it is told and costs nothing.
    slower.then(|| {
        let text = format!(
            "it has become slow: 95 of 100 calls took {} us before and take {} us now",
            pace.before_us, pace.now_us
        );
        Finding::note("C4", text, row())
    })
}

/// C9: is it of a sort that did not work before?
fn anti_patterns(capability: &Capability) -> impl Iterator<Item = Finding> + '_ {
    capability.about.anti_patterns.iter().map(|id| {
        let text =
            format!("what is said of it fits the anti-pattern `{id}`; `ares-host patterns show {id}` says what is better");
        Finding::warning("C9", text, vec![Evidence::row("patterns", id)])
    })
}

/// C8: is what is around it what it last worked with?
fn drifted<'a>(case: &'a Case<'_>) -> impl Iterator<Item = Finding> + 'a {
    let changes = case.route.drift.as_deref().map(Drift::changes).unwrap_or_default();
    changes.iter().map(|change| {
        Finding::warning(
            "C8",
            change.clone(),
            vec![Evidence::row("surroundings", case.route.plugin.name.as_str())],
        )
    })
}

/// C10: is it in the plan of its task?
fn unplanned(case: &Case<'_>) -> Option<Finding> {
    let text = case.draft.unplanned()?;
    let task = case.draft.request().task.as_deref().unwrap_or_default();
    Some(Finding::warning("C10", text, vec![Evidence::row("tasks", crate::text::escaped(task, 128))]))
}

/// C11: could this be the second time?
fn twice(capability: &Capability, history: &History, row: impl FnOnce() -> Vec<Evidence>) -> Option<Finding> {
    (history.unsure && !capability.idempotent && capability.effect.changes()).then(|| {
        let text =
            "a call with the same input was cut off before, and what it did is unknown: this may do it twice";
        Finding::warning("C11", text.to_owned(), row())
    })
}
