//! Section 7: what the facts of the other six add up to.

mod graph;
mod house;
mod manifest;
mod record;
mod scopes;

use serde_json::{Value, json};

use super::finding::{Finding, Sure};
use super::ground::Ground;
use super::section::Section;

/// Everything that is looked for.
const RULES: &[fn(&Ground) -> Vec<Finding>] = &[
    house::lockout,
    house::integrity,
    house::misconfigured,
    house::rules,
    house::approvals,
    graph::disabled,
    graph::circles,
    graph::single_points,
    record::faults,
    record::slower_than_claimed,
    record::simpler,
    record::untried,
    scopes::unused,
    manifest::unexplained,
    manifest::anti_patterns,
    manifest::clashes,
];

/// All findings, the surest first.
pub(super) fn all(ground: &Ground) -> Vec<Finding> {
    let mut found: Vec<Finding> = RULES.iter().flat_map(|rule| rule(ground)).collect();
    // Stable: within a level in the order of the rules.
    found.sort_by_key(|finding| finding.level);
    found
}

pub(super) fn section(ground: &Ground) -> Section {
    let found = all(ground);
    let count = |sure: Sure| found.iter().filter(|finding| finding.level == sure).count();
    let rows: Vec<Value> = found.iter().map(|finding| json!(finding)).collect();
    Section::of(rows)
        .with("HIGH", count(Sure::High))
        .with("MEDIUM", count(Sure::Medium))
        .with("LOW", count(Sure::Low))
}
