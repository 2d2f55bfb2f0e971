//! Section 6: each capability scored anew from its record and its manifest, without running anything.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ground::Ground;
use super::section::Section;

pub(super) fn section(ground: &Ground) -> Section {
    let mut levels: BTreeMap<&str, u64> = BTreeMap::new();
    let mut rows: Vec<Value> = Vec::new();
    for (plugin, capability) in ground.capabilities() {
        let judged = ground.judged(plugin, capability);
        *levels.entry(judged.level.as_str()).or_default() += 1;
        let bounds = judged.bounds();
        rows.push(json!({
            "capability": capability.id,
            "plugin": plugin.name,
            "score": judged.score,
            "level": judged.level,
            "tier": judged.tier,
            "points": judged.points,
            "good_bp": [bounds.lower, bounds.upper],
            "warnings": judged.warnings(),
            "unexplained": judged.unexplained,
            "anti_patterns": capability.about.anti_patterns,
            "sum": judged.sum(),
            "found": judged.findings,
        }));
    }
    Section::of(rows).with("levels", json!(levels)).with("guests_run", 0)
}
