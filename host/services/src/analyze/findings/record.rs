//! Findings about what came of earlier calls.

use ares_kernel::facts::{Capability, Claimed, Plugin};
use ares_kernel::gate::{Bounds, simpler as simpler_in};

use super::super::finding::{Finding, Sure};
use super::super::ground::{Ground, percentile};
use super::super::shared::shared;

/// From so many uses on a share of faults is looked at.
const USES_MIN: u32 = 5;
/// The share of faults, in basis points, that is too many.
const FAULTS_BP: u32 = 2_000;
/// From so many calls on a percentile says something.
const CALLS_MIN: usize = 20;
/// How many names one finding shows.
const NAMES_SHOWN: usize = 10;

fn about(plugin: &Plugin, capability: &Capability) -> String {
    format!("{}/{}", plugin.name, capability.id)
}

fn row_of(plugin: &Plugin, capability: &Capability) -> String {
    format!("{}/{}", plugin.blake3, capability.id)
}

/// A fifth of the calls or more go wrong.
pub(super) fn faults(ground: &Ground) -> Vec<Finding> {
    let finding = |(plugin, capability): (&std::sync::Arc<Plugin>, &std::sync::Arc<Capability>)| {
        let history = capability.track.history(0, ground.now_ms);
        let bad = history.uses.saturating_sub(history.good);
        if history.uses < USES_MIN || bad * 10_000 < history.uses * FAULTS_BP {
            return None;
        }
        let bounds = Bounds::wilson(bad, history.uses);
        let sure = if u32::from(bounds.lower) >= FAULTS_BP { Sure::High } else { Sure::Medium };
        let text = format!("{bad} of {} calls of {} went wrong", history.uses, capability.id);
        let against = format!(
            "between {} and {} bp go wrong in truth (90 % confidence); {} of the last {} did",
            bounds.lower, bounds.upper, history.recent_bad, history.recent
        );
        Some(
            Finding::new("faults", sure, about(plugin, capability), text)
                .row("history", row_of(plugin, capability))
                .against(against)
                .so(format!("`ares-host invocations --capability {}` shows how they ended", capability.id)),
        )
    };
    ground.capabilities().filter_map(finding).collect()
}

/// Slower than its author claims.
pub(super) fn slower_than_claimed(ground: &Ground) -> Vec<Finding> {
    let costs = ground.costs();
    let finding = |(plugin, capability): (&std::sync::Arc<Plugin>, &std::sync::Arc<Capability>)| {
        let claim = plugin.claims.iter().find(|claim| claim.what == Claimed::LatencyP95Ms)?;
        let claimed_us = u64::from(claim.value) * 1000;
        let walls = &costs.get(&(plugin.name.as_str(), capability.id.as_str()))?.wall_us;
        let (p50, p95) = (percentile(walls, 50)?, percentile(walls, 95)?);
        if walls.len() < CALLS_MIN || p95 <= claimed_us {
            return None;
        }
        let sure = if p50 > claimed_us { Sure::High } else { Sure::Medium };
        let text = format!(
            "95 of 100 calls of {} take {p95} us, and its manifest claims {claimed_us}",
            capability.id
        );
        Some(
            Finding::new("slower-than-claimed", sure, about(plugin, capability), text)
                .row("invocations", about(plugin, capability))
                .row("module_versions", plugin.name.as_str())
                .against(format!("half of {} calls take {p50} us or less", walls.len()))
                .so("measure it by itself; correct the claim or the capability"),
        )
    };
    ground.capabilities().filter_map(finding).collect()
}

/// Another provider takes the same arguments and needs less.
pub(super) fn simpler(ground: &Ground) -> Vec<Finding> {
    let mut found = Vec::new();
    for providers in shared(ground).values() {
        for (plugin, own) in providers.iter().filter(|(plugin, _)| plugin.enabled) {
            let better = providers.iter().find_map(|(other, theirs)| {
                let same =
                    other.enabled && other.name != plugin.name && theirs.input.value() == own.input.value();
                let how = simpler_in(theirs, own, ground.now_ms).filter(|_| same)?;
                Some((other, theirs, how))
            });
            let Some((other, theirs, how)) = better else { continue };
            let used = |capability: &Capability| capability.track.history(0, ground.now_ms).uses;
            let measured = used(theirs) >= USES_MIN && used(own) >= USES_MIN;
            let sure = if measured { Sure::Medium } else { Sure::Low };
            let text = format!("`{}` does what {} of `{}` does with less", other.name, own.id, plugin.name);
            let finding = Finding::new("simpler-provider", sure, about(plugin, own), text)
                .row("history", row_of(plugin, own))
                .row("history", row_of(other, theirs))
                .against(format!("looked for anything it is worse in; compared: {how}"))
                .so(format!(
                    "try `--plugin {}`; give it the higher priority, or disable `{}`",
                    other.name, plugin.name
                ));
            found.push(finding);
        }
    }
    found
}

/// Never used in the time that counts: nothing is known of it. One finding for each plugin.
pub(super) fn untried(ground: &Ground) -> Vec<Finding> {
    let finding = |plugin: &std::sync::Arc<Plugin>| {
        let unused = plugin.capabilities.iter().filter(|one| one.track.history(0, ground.now_ms).uses == 0);
        let unused: Vec<&str> = unused.map(|one| one.id.as_str()).collect();
        if unused.is_empty() || !plugin.enabled {
            return None;
        }
        let shown = unused.iter().copied().take(NAMES_SHOWN).collect::<Vec<_>>().join(", ");
        let text = format!(
            "nothing is known of {} of {} capabilities of `{}`: {shown}",
            unused.len(),
            plugin.capabilities.len(),
            plugin.name
        );
        let before = plugin.capabilities.iter().filter_map(|one| one.before.as_ref());
        let before: u32 = before.map(|track| track.history(0, ground.now_ms).uses).sum();
        let mut finding = Finding::new("no-history", Sure::Low, plugin.name.as_str(), text)
            .against(format!("the version before was looked at: {before} uses count there"))
            .so(
                "run its cases with `ares-host self-test FOLDER --record`, or take it out if nobody needs it",
            );
        for capability in unused.iter().take(NAMES_SHOWN) {
            finding = finding.row("history", format!("{}/{capability}", plugin.blake3));
        }
        Some(finding)
    };
    ground.snapshot.plugins().filter_map(finding).collect()
}
