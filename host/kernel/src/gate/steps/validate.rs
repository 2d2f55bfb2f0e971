//! Is there evidence that it works? The record of this component, what its author claims of it, and
//! whether its answers were what they promise.

use super::challenge::history_row;
use super::{Case, Mark, Step, warned};
use crate::facts::{Capability, Claim, Claimed, History, Plugin};
use crate::gate::{Depth, Evidence, Finding, Judgement, Tier};

/// A record is looked for in the version before while this one has fewer uses.
const OWN_USES_MIN: u32 = 5;
/// Contexts that are variety.
const CONTEXTS_MIN: u32 = 3;
/// The share of successes, in basis points, that is success.
const SUCCESS_BP: u16 = 7000;

pub(super) struct Validate;

impl Step for Validate {
    fn name(&self) -> &'static str {
        "validate"
    }

    fn letter(&self) -> &'static [char] {
        &['V']
    }

    fn examine(&self, case: &Case<'_>, judgement: &mut Judgement) {
        weigh(&case.route.plugin, &case.route.capability, case.draft.received_ms(), judgement);
    }

    fn conclude(&self, judgement: &Judgement) -> (Mark, String) {
        let History { uses, good, contexts, .. } = judgement.history;
        let bounds = judgement.bounds();
        let record = format!(
            "{good} of {uses} uses good in {contexts} context{} (between {} and {} bp), {} of {} points: {}",
            if contexts == 1 { "" } else { "s" },
            bounds.lower,
            bounds.upper,
            judgement.points,
            Judgement::POINTS,
            judgement.tier.as_str()
        );
        let record = match &judgement.before {
            Some(before) => {
                format!("{record}; the version before: {} of {} good", before.good, before.uses)
            }
            None => record,
        };
        let record = match judgement.history.tested {
            0 => record,
            passed => format!("{record}; {passed} of its plugin's cases passed"),
        };
        let mark = match judgement.tier {
            _ if warned(self, judgement) => Mark::Caveat,
            Tier::First | Tier::Second => Mark::Yes,
            Tier::Third => Mark::Unknown,
            Tier::Anti => Mark::Caveat,
        };
        (mark, record)
    }
}

/// Weighs record, check-list and claims: nothing of it depends on what is asked for.
pub(in crate::gate) fn weigh(
    plugin: &Plugin,
    capability: &Capability,
    now_ms: u64,
    judgement: &mut Judgement,
) {
    let row = || vec![history_row(plugin, capability)];
    if judgement.history.uses < OWN_USES_MIN {
        let before = capability.before.as_ref().map(|track| track.history(0, now_ms));
        judgement.before = before.filter(|history| history.uses > 0);
    }
    let about = &capability.about;
    // Challenged and compared is what this very verdict is.
    let points = [
        judgement.history.contexts >= CONTEXTS_MIN,
        judgement.bounds().lower >= SUCCESS_BP,
        about.unexplained.is_empty(),
        true,
        true,
        about.trade_offs,
    ];
    judgement.points = points.into_iter().map(u8::from).sum();
    judgement.tier = judgement.tier_again();
    let history = judgement.history;
    if history.invalid > 0 {
        let text = format!("{} of its {} answers were not what it promises", history.invalid, history.uses);
        judgement.findings.push(Finding::warning("V5", text, vec![history_row(plugin, capability)]));
    }
    if judgement.depth != Depth::Quick {
        let claims = &plugin.claims;
        judgement.findings.extend(claims.iter().filter_map(|claim| judged(claim, &history, row)));
    }
}

/// V4: what an author claims, against what was measured. What was not measured is an assumption and
/// is called one; what holds needs no words.
fn judged(claim: &Claim, history: &History, row: impl FnOnce() -> Vec<Evidence>) -> Option<Finding> {
    let (claimed, measured) = match claim.what {
        Claimed::LatencyP95Ms => {
            let measured =
                history.p95_us.map(|us| (us > claim.value.saturating_mul(1000), format!("{us} us")));
            (format!("95 of 100 calls within {} ms", claim.value), measured)
        }
        Claimed::SuccessRate => {
            let upper = crate::gate::Bounds::wilson(history.good, history.uses).upper;
            let measured = (history.uses >= OWN_USES_MIN)
                .then(|| (claim.value > u32::from(upper), format!("at most {upper} bp")));
            (format!("at least {} bp good", claim.value), measured)
        }
    };
    match measured {
        None => Some(Finding::note("V4", format!("ASSUMPTION: {claimed}, which was not measured"), row())),
        Some((true, measured)) => {
            Some(Finding::warning("V4", format!("it claims {claimed}; measured: {measured}"), row()))
        }
        Some((false, _)) => None,
    }
}
