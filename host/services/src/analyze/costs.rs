//! Section 5: time, fuel and memory of calls, by capability.

use ares_kernel::facts::Claimed;
use serde_json::{Value, json};

use super::ground::{Ground, percentile};
use super::section::Section;

pub(super) fn section(ground: &Ground) -> Section {
    let costs = ground.costs();
    let row = |((plugin, capability), cost): (&(&str, &str), &super::ground::Costs)| {
        let claims = plugin.parse().ok().and_then(|name| ground.snapshot.plugin(&name));
        let claims = claims.into_iter().flat_map(|plugin| &plugin.claims);
        let claim =
            claims.filter(|claim| claim.what == Claimed::LatencyP95Ms).map(|claim| claim.value).next();
        json!({
            "capability": capability,
            "plugin": plugin,
            "calls": cost.wall_us.len(),
            "p50_us": percentile(&cost.wall_us, 50),
            "p95_us": percentile(&cost.wall_us, 95),
            "p99_us": percentile(&cost.wall_us, 99),
            "fuel_p50": percentile(&cost.fuel, 50),
            "fuel_p95": percentile(&cost.fuel, 95),
            "memory_max_bytes": cost.memory_bytes,
            "claimed_p95_ms": claim,
        })
    };
    let rows: Vec<Value> = costs.iter().map(row).collect();
    Section::of(rows).with("calls", ground.facts.costs.len())
}
