//! Taking the simpler of several providers, where the operator wants that and the caller names none.

use serde_json::Value;

use super::{Breaker, simpler};
use crate::facts::{Capability, Integrity, Streak};
use crate::flow::shape;
use crate::ports::{Health, Provision, Resolution, Route};
use crate::request::Request;

/// Puts the first provider that does the same with less, with a record that is no worse, in the place of the one
/// that would be asked, and says so in the ranking. One that could not run is none. What costs something or has its place in a task stays where
/// it is: what is known of budgets and tasks is known for that one.
pub(crate) fn prefer_simpler(
    resolution: &mut Resolution,
    request: &Request,
    (breaker, now_ms): (Breaker, u64),
) {
    let Provision::Ready(chosen) = &mut resolution.provision else { return };
    let plain = |capability: &Capability| capability.cost.is_none() && capability.sequencing.is_none();
    let long = request.input.len() as u64 > chosen.capability.limits.input_bytes;
    if request.provider.is_some() || resolution.others.is_empty() || long || !plain(&chosen.capability) {
        return;
    }
    let Ok(arguments) = serde_json::from_str::<Value>(&request.input) else { return };
    let shape = shape(&arguments);
    let runs = |other: &Route| {
        let broken = |streak: Streak| streak.faults >= breaker.faults;
        other.integrity == Integrity::Intact
            && other.health != Some(Health::Unhealthy)
            && other.plugin.misconfigured.is_none()
            && other.capability.needs.iter().all(|scope| other.plugin.grants.covers(scope))
            && !other.capability.track.streak(shape).is_some_and(broken)
    };
    let better = |other: &Route| {
        let takes =
            plain(&other.capability) && runs(other) && other.capability.input.check(&arguments, true).is_ok();
        simpler(&other.capability, &chosen.capability, now_ms).filter(|_| takes)
    };
    let found = resolution.others.iter().enumerate().find_map(|(at, other)| Some((at, better(other)?)));
    let Some((at, why)) = found else { return };
    let Some(other) = resolution.others.get_mut(at) else { return };
    std::mem::swap(other, chosen);
    let name = &chosen.plugin.name;
    let place = resolution.ranking.iter().position(|ranked| &ranked.plugin == name);
    if let Some(place) = place {
        let mut first = resolution.ranking.remove(place);
        first.reason = format!("simpler than `{}`: {why}", other.plugin.name);
        resolution.ranking.insert(0, first);
    }
}
