//! Is there a simpler way? Other providers that take the very same arguments are compared in what a
//! call of them may do, needs and takes.

use super::{Case, Mark, Step, warned};
use crate::facts::Capability;
use crate::gate::{Alternative, Bounds, Depth, Evidence, Finding, Judgement};
use crate::ports::Route;

/// How many alternatives a verdict shows.
const SHOWN: usize = 3;

pub(super) struct Simplify;

impl Step for Simplify {
    fn name(&self) -> &'static str {
        "simplify"
    }

    fn letter(&self) -> &'static [char] {
        &['S']
    }

    fn examine(&self, case: &Case<'_>, judgement: &mut Judgement) {
        let others = case.draft.others();
        judgement.others = u32::try_from(others.len()).unwrap_or(u32::MAX);
        if judgement.depth == Depth::Quick || others.is_empty() {
            return;
        }
        let arguments = case.draft.arguments();
        let takes =
            |route: &&Route| arguments.is_some_and(|value| route.capability.input.check(value, true).is_ok());
        let own = Measure::of(&case.route.capability, case.draft.received_ms());
        for other in others.iter().filter(takes).take(SHOWN) {
            let measure = Measure::of(&other.capability, case.draft.received_ms());
            let (simpler, text) = (measure.dominates(&own), measure.against(&own));
            if simpler {
                let (plugin, id) = (&other.plugin, &other.capability.id);
                let text = format!("`{}` does the same with less: {text}", plugin.name);
                let row = Evidence::row("history", format!("{}/{id}", plugin.blake3));
                judgement.findings.push(Finding::warning("S1", text, vec![row]));
            }
            judgement.alternatives.push(Alternative { plugin: other.plugin.name.clone(), simpler, text });
        }
    }

    fn conclude(&self, judgement: &Judgement) -> (Mark, String) {
        if warned(self, judgement) {
            return (Mark::Caveat, "another provider does the same with less".to_owned());
        }
        match (judgement.others, judgement.depth) {
            (0, _) => (Mark::Unknown, "there is no other provider to compare it with".to_owned()),
            (n, Depth::Quick) => (Mark::Yes, format!("{n} other providers were not compared again")),
            (n, _) => {
                let compared = judgement.alternatives.len();
                (Mark::Yes, format!("{compared} of {n} other providers compared; none is simpler"))
            }
        }
    }
}

/// What another capability is better in, in numbers, where it is no worse in anything that is compared.
pub(in crate::gate) fn simpler(other: &Capability, own: &Capability, now_ms: u64) -> Option<String> {
    let (other, own) = (Measure::of(other, now_ms), Measure::of(own, now_ms));
    other.dominates(&own).then(|| other.against(&own))
}

/// What is compared: less is better in each, but for the last.
struct Measure {
    effect: crate::facts::Effect,
    scopes: usize,
    fuel: u64,
    p95_us: Option<u32>,
    lower: u16,
    /// Whether it was used at all: what it says of itself makes nothing simpler.
    used: bool,
}

impl Measure {
    fn of(capability: &Capability, now_ms: u64) -> Self {
        let history = capability.track.history(0, now_ms);
        Self {
            effect: capability.effect,
            scopes: capability.needs.len(),
            fuel: capability.limits.fuel,
            p95_us: history.p95_us,
            lower: Bounds::wilson(history.good, history.uses).lower,
            used: history.uses > 0,
        }
    }

    /// No worse in anything and better in something, with a record that is no worse: so it has one. How long it
    /// takes counts only where both were measured.
    fn dominates(&self, own: &Self) -> bool {
        let time = match (self.p95_us, own.p95_us) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => std::cmp::Ordering::Equal,
        };
        let all =
            [self.effect.cmp(&own.effect), self.scopes.cmp(&own.scopes), self.fuel.cmp(&own.fuel), time];
        self.used
            && self.lower >= own.lower
            && all.iter().all(|order| order.is_le())
            && all.iter().any(|order| order.is_lt())
    }

    fn against(&self, own: &Self) -> String {
        let time = |p95: Option<u32>| p95.map_or_else(|| "unmeasured".to_owned(), |us| format!("{us} us"));
        format!(
            "effect {} against {}, {} scopes against {}, at most {} fuel against {}, p95 {} against {}, good at least {} bp against {}",
            self.effect,
            own.effect,
            self.scopes,
            own.scopes,
            self.fuel,
            own.fuel,
            time(self.p95_us),
            time(own.p95_us),
            self.lower,
            own.lower
        )
    }
}
