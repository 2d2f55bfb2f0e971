//! docs/guard.md says of every group and every rule what the code says.
#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop right there")]

use std::fmt::Write as _;

use ares_guard::{Group, Place, RULES, Rule};

/// The names of the places for which this holds, as the document writes them.
fn places(holds: impl Fn(Place) -> bool) -> String {
    let named: Vec<&str> = Place::ALL.into_iter().filter(|place| holds(*place)).map(Place::as_str).collect();
    match named.len() {
        0 => "–".to_owned(),
        6 => "all".to_owned(),
        _ => named.join(", "),
    }
}

/// The lowest and the highest of these, as one or as two words.
fn range(rules: &[&Rule], at: impl Fn(&Rule) -> ares_guard::Severity) -> String {
    let severities = || rules.iter().map(|rule| at(rule));
    let (low, high) = (severities().min().unwrap().as_str(), severities().max().unwrap().as_str());
    if low == high { low.to_owned() } else { format!("{low} to {high}") }
}

fn groups() -> String {
    let mut table =
        "| group | rules | in running text | in names | can refuse |\n|---|---|---|---|---|\n".to_owned();
    for group in Group::ALL {
        let rules: Vec<&Rule> = RULES.iter().copied().filter(|rule| rule.group == group).collect();
        let refuses = |place| rules.iter().any(|rule| rule.looks_at(place) && rule.denies(place));
        let (text, names) = (range(&rules, |rule| rule.severity), range(&rules, |rule| rule.strict));
        let _ = writeln!(
            table,
            "| {} | {} | {text} | {names} | {} |",
            group.as_str(),
            rules.len(),
            places(refuses)
        );
    }
    table
}

fn rules() -> String {
    let mut table =
        "| rule | group | in running text | in names | looks at | refuses |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for rule in RULES {
        let (looks, refuses) = (
            places(|place| rule.looks_at(place)),
            places(|place| rule.looks_at(place) && rule.denies(place)),
        );
        let (text, names) = (rule.severity.as_str(), rule.strict.as_str());
        let group = rule.group.as_str();
        let _ = writeln!(table, "| `{}` | {group} | {text} | {names} | {looks} | {refuses} |", rule.id);
    }
    table
}

#[test]
fn the_tables_are_those_of_the_code() {
    let document = include_str!("../../../docs/guard.md");
    for table in [groups(), rules()] {
        assert!(document.contains(&table), "docs/guard.md should have this table:\n{table}");
    }
}
