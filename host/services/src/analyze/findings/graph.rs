//! Findings about who needs whom.

use std::collections::BTreeSet;

use super::super::finding::{Finding, Sure};
use super::super::ground::Ground;
use super::super::links::Link;

/// From so many dependents on the only provider of something is more than a hint.
const MANY: usize = 2;
/// How many names and rows one finding shows.
const SHOWN: usize = 10;

/// What is needed is provided by disabled plugins alone, or by nobody.
pub(super) fn disabled(ground: &Ground) -> Vec<Finding> {
    let lacking = ground.links.all.iter().filter(|link| link.granted && link.to.is_empty());
    let finding = |link: &Link| {
        let (what, from) = (&link.capability, &link.from);
        let (id, sure, text, action) = match link.disabled.first() {
            Some(plugin) => (
                "disabled-but-needed",
                Sure::High,
                format!("`{from}` needs {what}, and its only provider `{plugin}` is disabled"),
                format!("`ares-host enable {plugin}`, or take the need away from `{from}`"),
            ),
            None => (
                "needed-and-missing",
                if link.calls > 0 || link.is_whole() { Sure::High } else { Sure::Medium },
                format!("`{from}` needs {what}, and nobody provides it"),
                format!("register a plugin that does, or take the need away from `{from}`"),
            ),
        };
        let (table, key) = link.row();
        Finding::new(id, sure, from.as_str(), text)
            .row(table, key)
            .against("other enabled providers were looked for; there are none")
            .so(action)
    };
    lacking.map(finding).collect()
}

/// Plugins that need one another in a circle.
pub(super) fn circles(ground: &Ground) -> Vec<Finding> {
    let finding = |circle: &Vec<String>| {
        let inside =
            |link: &&Link| circle.contains(&link.from) && link.to.iter().any(|to| circle.contains(to));
        let links: Vec<&Link> = ground.links.all.iter().filter(inside).collect();
        let seen = links.iter().filter(|link| link.calls > 0).count();
        let sure = if seen == links.len() { Sure::High } else { Sure::Medium };
        let text = match circle.as_slice() {
            [one] => format!("`{one}` needs itself"),
            _ => format!("{} need one another in a circle", circle.join(", ")),
        };
        let against = format!(
            "calls along it were looked for among the newest {}: {seen} of its {} steps were taken",
            ground.facts.looked_at,
            links.len()
        );
        let mut finding = Finding::new("circle", sure, circle.join(","), text).against(against).so(
            "a call that comes back to a plugin above it is refused; take one step out of the circle with `ares-host grants revoke`",
        );
        for link in links.iter().take(SHOWN) {
            let (table, key) = link.row();
            finding = finding.row(table, key);
        }
        finding
    };
    ground.links.circles.iter().map(finding).collect()
}

/// The only provider of what others need.
pub(super) fn single_points(ground: &Ground) -> Vec<Finding> {
    let points = ground.links.single_points().into_iter();
    let finding = |((plugin, capability), needed_by): ((&str, &str), BTreeSet<&Link>)| {
        let sure = if needed_by.len() >= MANY { Sure::Medium } else { Sure::Low };
        let by: Vec<&str> = needed_by.iter().map(|link| link.from.as_str()).take(SHOWN).collect();
        let by = by.join(", ");
        let text = match capability.strip_suffix("/*") {
            Some(_) => format!("without `{plugin}` these do not start: {by}"),
            None => format!("`{plugin}` alone provides {capability}; it is needed by {by}"),
        };
        let mut finding = Finding::new("single-point", sure, plugin, text)
            .against("other enabled providers were looked for; there are none")
            .so("have an answer in those plugins for when it fails, or a second provider");
        for link in needed_by.iter().take(SHOWN) {
            let (table, key) = link.row();
            finding = finding.row(table, key);
        }
        finding
    };
    points.map(finding).collect()
}
