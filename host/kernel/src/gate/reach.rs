//! C6: how much would a call reach that may change something?

use super::{Evidence, Finding, Judgement};
use crate::facts::{Effect, Extent, Spot, Target};
use crate::flow::Draft;
use crate::ports::Route;
use serde_json::Value;

/// More objects than these are a warning, and a second one where they cannot be brought back.
const FEW: u64 = 100;
/// The most places that are looked at.
const SPOTS_MAX: usize = 64;

/// The places in granted folders that the arguments name, where the call may change something, and whether those are
/// all.
pub(crate) fn spots(draft: &Draft, route: &Route, arguments: &Value) -> (Vec<Spot>, bool) {
    let capability = &route.capability;
    if !capability.effect.changes() {
        return (Vec::new(), true);
    }
    let of = |target: &Target| target.spots(draft.grants(), arguments);
    let mut spots: Vec<Spot> = capability.targets.iter().flat_map(of).take(SPOTS_MAX + 1).collect();
    let all = spots.len() <= SPOTS_MAX;
    spots.truncate(SPOTS_MAX);
    (spots, all)
}

impl Judgement {
    /// Takes in how much it would reach. It can only speak against it.
    pub(crate) fn reaches(&mut self, extent: Extent, route: &Route) {
        let Extent { objects, bytes, whole } = extent;
        if objects < 2 && whole {
            return;
        }
        let least = if whole { "" } else { "at least " };
        let text = format!("it names what holds {least}{objects} files and folders, {bytes} bytes in all");
        let row = || vec![Evidence::row("grants", route.plugin.name.as_str())];
        if objects <= FEW && whole {
            self.findings.push(Finding::note("C6", text, row()));
            return;
        }
        self.findings.push(Finding::warning("C6", text, row()));
        if route.capability.effect == Effect::Destructive {
            let text = "and what it does to them cannot be undone".to_owned();
            self.findings.push(Finding::warning("C6", text, row()));
        }
        self.lower();
    }

    /// Scores again what more was found; never higher than before.
    pub(super) fn lower(&mut self) {
        let score = self.score_again();
        self.score = score.min(self.score);
        self.level = self.weighed().level(self.score);
    }
}
