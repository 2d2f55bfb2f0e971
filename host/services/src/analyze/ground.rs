//! The facts an analysis stands on, all read before it begins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ares_kernel::facts::{Capability, Plugin};
use ares_kernel::gate::{Judgement, Weights, by_record};
use ares_registry::{Analysis, LockoutView, ModuleView, PluginFacts, Snapshot, VersionView};

use super::links::Links;

/// What the operator's rules were found to do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// Why the operator's file is not in force as it stands.
    pub(crate) problem: Option<String>,
    /// What was asked of them, and what they said: `pure for human:you` → `never`.
    pub(crate) said: Vec<(String, String)>,
}

/// Everything an analysis knows.
pub(crate) struct Ground {
    /// When, in milliseconds since the Unix epoch.
    pub(crate) now_ms: u64,
    /// What the gate weighs how much.
    pub(crate) weights: Weights,
    /// Every plugin's active version.
    pub(crate) snapshot: Arc<Snapshot>,
    /// Their rows.
    pub(crate) modules: Vec<ModuleView>,
    /// All versions of all plugins.
    pub(crate) versions: Vec<VersionView>,
    /// What was counted.
    pub(crate) facts: Analysis,
    /// The emergency stop.
    pub(crate) lockout: LockoutView,
    /// The operator's rules.
    pub(crate) rules: Rules,
    /// Files that are not what was registered: plugin, which file, and what is wrong with it.
    pub(crate) differences: Vec<(String, String)>,
    /// Who needs whom.
    pub(super) links: Links,
    /// What was seen of each plugin's calls.
    seen: BTreeMap<String, Seen>,
    /// Who called what.
    called: BTreeSet<(String, String)>,
}

/// What was seen of a plugin's calls.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    calls: u64,
    /// It sent a request.
    sent: bool,
    /// It wrote into a file or made one.
    wrote: bool,
}

/// What calls of one capability cost, each list in order.
#[derive(Debug, Default)]
pub(super) struct Costs {
    pub(super) wall_us: Vec<u64>,
    pub(super) fuel: Vec<u64>,
    pub(super) memory_bytes: u64,
}

/// Catalog, rows, versions and counts, all of one moment.
type Read = (Arc<Snapshot>, Vec<ModuleView>, Vec<VersionView>, Analysis);

impl Ground {
    /// Of what was read, and of what was found beside it: the stop, the rules, files that differ.
    pub(crate) fn new(
        now_ms: u64,
        weights: Weights,
        (snapshot, modules, versions, facts): Read,
        (lockout, rules, differences): (LockoutView, Rules, Vec<(String, String)>),
    ) -> Self {
        let links = Links::of(&snapshot, &facts);
        let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
        for cost in &facts.costs {
            let of = seen.entry(cost.plugin.clone()).or_default();
            of.calls += 1;
            of.sent |= cost.http_requests > 0;
            of.wrote |= cost.wrote_files;
        }
        let called = facts.edges.iter().map(|edge| (edge.from.clone(), edge.capability.clone())).collect();
        Self {
            now_ms,
            weights,
            snapshot,
            modules,
            versions,
            facts,
            lockout,
            rules,
            differences,
            links,
            seen,
            called,
        }
    }

    /// All capabilities of active versions, with their plugins.
    pub(super) fn capabilities(&self) -> impl Iterator<Item = (&Arc<Plugin>, &Arc<Capability>)> {
        self.snapshot.plugins().flat_map(|plugin| plugin.capabilities.iter().map(move |one| (plugin, one)))
    }

    /// What is known of a plugin beside its row.
    pub(super) fn of(&self, plugin: &Plugin) -> Option<&PluginFacts> {
        self.facts.plugins.get(&plugin.name)
    }

    /// The judgement the next call of a capability would begin with.
    pub(super) fn judged(&self, plugin: &Plugin, capability: &Capability) -> Judgement {
        by_record(plugin, capability, &self.weights, self.now_ms)
    }

    /// How many calls of a plugin were looked at.
    pub(super) fn calls(&self, plugin: &Plugin) -> u64 {
        self.seen.get(plugin.name.as_str()).map_or(0, |seen| seen.calls)
    }

    /// What calls cost, by plugin and capability.
    pub(super) fn costs(&self) -> BTreeMap<(&str, &str), Costs> {
        let mut all: BTreeMap<(&str, &str), Costs> = BTreeMap::new();
        for cost in &self.facts.costs {
            let of = all.entry((&cost.plugin, &cost.capability)).or_default();
            of.wall_us.push(cost.wall_us);
            of.fuel.push(cost.fuel);
            of.memory_bytes = of.memory_bytes.max(cost.peak_memory_bytes);
        }
        for of in all.values_mut() {
            of.wall_us.sort_unstable();
            of.fuel.sort_unstable();
        }
        all
    }

    /// Whether the host saw a granted scope used in the calls it looked at; nothing where it cannot
    /// tell.
    pub(super) fn used(&self, plugin: &Plugin, scope: &str) -> Option<bool> {
        let (name, facts) = (plugin.name.as_str(), self.of(plugin)?);
        let seen = self.seen.get(name).copied().unwrap_or_default();
        match scope.split_once(':') {
            // What was only read leaves no trace: a store that holds something is in use.
            None if scope == "kv" && facts.stored_keys > 0 => Some(true),
            Some(("net", _)) => Some(seen.sent),
            Some(("fs", _)) if seen.wrote => Some(true),
            Some(("call", capability)) => {
                Some(self.called.contains(&(name.to_owned(), capability.to_owned())))
            }
            Some(("publish" | "subscribe", _)) => {
                Some(self.facts.topics.contains(&(name.to_owned(), scope.to_owned())))
            }
            _ => None,
        }
    }
}

/// The smallest value that so many of 100 do not exceed (nearest rank), of values in order.
pub(super) fn percentile(sorted: &[u64], of_100: usize) -> Option<u64> {
    let rank = (sorted.len() * of_100).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied()
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!([50, 95, 99, 100].map(|of| percentile(&hundred, of)), [50, 95, 99, 100].map(Some));
        assert_eq!(
            (percentile(&[7], 50), percentile(&[7], 99), percentile(&[], 50)),
            (Some(7), Some(7), None)
        );
        assert_eq!(percentile(&[1, 2, 3], 50), Some(2));
    }
}
