//! Looks over the whole installation without running anything: seven sections of facts, the last of
//! them findings, each with its evidence and with what was looked for against it.

mod costs;
mod finding;
mod findings;
mod gate;
mod graph;
mod ground;
mod history;
mod installation;
mod links;
mod section;
mod shared;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

pub(crate) use ground::{Ground, Rules};
use section::Section;

/// How many rows one section shows at most.
const ROWS_MAX: usize = 2_000;

/// One section: its name, its title, and what fills it.
type Part = (&'static str, &'static str, fn(&Ground) -> Section);

/// All of them, in order. The seventh follows from the others.
const SECTIONS: &[Part] = &[
    ("installation", "What is installed, and what it may reach", installation::section),
    ("shared", "What several plugins provide", shared::section),
    ("history", "What came of earlier calls", history::section),
    ("graph", "Who needs whom", graph::section),
    ("performance", "What calls cost", costs::section),
    ("gate", "How sure the gate is before anybody asks", gate::section),
    ("findings", "What was found", findings::section),
];

/// The whole of it as JSON.
pub(crate) fn analysis(ground: &Ground) -> Value {
    let mut sections = Vec::new();
    for (number, (name, title, fill)) in (1..).zip(SECTIONS) {
        sections.push(fill(ground).shown(number, name, title));
    }
    let found = sections.last().and_then(|section| section.get("summary")).cloned();
    json!({
        "at_ms": ground.now_ms,
        "host_version": env!("CARGO_PKG_VERSION"),
        "looked_at": {
            "invocations": ground.facts.looked_at,
            "invocations_max": ares_registry::CALLS_MAX,
            "since_at_ms": ground.facts.since_ms,
            "verdicts_max": ares_registry::VERDICTS_MAX,
            "events_max": ares_registry::EVENTS_MAX,
        },
        "findings": found,
        "sections": sections,
    })
}
