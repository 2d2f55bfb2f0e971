//! Section 3: versions, events and verdicts, and what came of the calls of each capability.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ground::Ground;
use super::section::Section;

type Decisions<'a> = BTreeMap<&'a str, u64>;

pub(super) fn section(ground: &Ground) -> Section {
    let mut by_capability: BTreeMap<(&str, &str), Decisions<'_>> = BTreeMap::new();
    let mut all: Decisions<'_> = BTreeMap::new();
    let mut nobody = 0;
    for count in &ground.facts.decisions {
        *all.entry(&count.decision).or_default() += count.calls;
        match &count.plugin {
            Some(plugin) => {
                let of = by_capability.entry((plugin, &count.capability)).or_default();
                *of.entry(&count.decision).or_default() += count.calls;
            }
            None => nobody += count.calls,
        }
    }
    let row = |(plugin, capability): (&std::sync::Arc<ares_kernel::facts::Plugin>, &std::sync::Arc<_>)| {
        let capability: &ares_kernel::facts::Capability = capability;
        let history = capability.track.history(0, ground.now_ms);
        json!({
            "capability": capability.id,
            "plugin": plugin.name,
            "version": plugin.version,
            "uses": history.uses,
            "good": history.good,
            "faults": history.uses.saturating_sub(history.good),
            "wrong": history.wrong,
            "invalid": history.invalid,
            "said_no": history.said_no,
            "contexts": history.contexts,
            "recent": history.recent,
            "recent_faults": history.recent_bad,
            "decisions": by_capability.get(&(plugin.name.as_str(), capability.id.as_str())),
        })
    };
    let rows: Vec<Value> = ground.capabilities().map(row).collect();
    Section::of(rows)
        .with("versions", ground.versions.len())
        .with("events", json!(ground.facts.events))
        .with("decisions", json!(all))
        .with("decisions_without_plugin", nobody)
}
