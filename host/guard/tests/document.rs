//! docs/guard.md says of every group and every rule what the code says.

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

/// Whether the rule looks at texts of one of the kinds that name something, or of one that does not.
fn looks(rule: &Rule, names: bool) -> bool {
    Place::ALL.into_iter().any(|place| place.is_name() == names && rule.looks_at(place))
}

/// What the rules that look there are worth there: one word, or the lowest and the highest.
fn range(rules: &[&Rule], names: bool) -> String {
    let severity = |rule: &&Rule| if names { rule.strict } else { rule.severity };
    let severities = || rules.iter().filter(|rule| looks(rule, names)).map(severity);
    match (severities().min(), severities().max()) {
        (Some(low), Some(high)) if low == high => low.as_str().to_owned(),
        (Some(low), Some(high)) => format!("{} to {}", low.as_str(), high.as_str()),
        _ => "–".to_owned(),
    }
}

fn groups() -> String {
    let mut table =
        "| group | rules | in running text | in names | can refuse |\n|---|---|---|---|---|\n".to_owned();
    for group in Group::ALL {
        let rules: Vec<&Rule> = RULES.iter().copied().filter(|rule| rule.group == group).collect();
        let refuses = |place| rules.iter().any(|rule| rule.looks_at(place) && rule.denies(place));
        let (text, names, count) = (range(&rules, false), range(&rules, true), rules.len());
        let _ = writeln!(table, "| {} | {count} | {text} | {names} | {} |", group.as_str(), places(refuses));
    }
    table
}

fn rules() -> String {
    let mut table =
        "| rule | group | in running text | in names | looks at | refuses |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for rule in RULES.iter().copied() {
        let looks = places(|place| rule.looks_at(place));
        let refuses = places(|place| rule.looks_at(place) && rule.denies(place));
        let (text, names, group) = (range(&[rule], false), range(&[rule], true), rule.group.as_str());
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
