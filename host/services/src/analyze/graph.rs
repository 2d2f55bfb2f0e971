//! Section 4: who needs whom, circles, and who must not fail.

use serde_json::{Value, json};

use super::ground::Ground;
use super::section::Section;

pub(super) fn section(ground: &Ground) -> Section {
    let links = &ground.links;
    let rows: Vec<Value> = links.all.iter().map(|link| json!(link)).collect();
    let points = links.single_points().into_iter().map(|((plugin, capability), needed_by)| {
        let needed_by: Vec<&str> = needed_by.iter().map(|link| link.from.as_str()).collect();
        json!({ "plugin": plugin, "capability": capability, "needed_by": needed_by })
    });
    Section::of(rows).with("circles", json!(links.circles)).with("single_points", points.collect::<Vec<_>>())
}
