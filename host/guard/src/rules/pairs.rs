//! For each rule a text that it speaks of, and one next to it that it lets be.

use std::collections::BTreeSet;

use super::{
    RULES, blast, command, hidden, host_name, injection, mixed, secret, terminal, transport, traversal,
};
use crate::inspect;
use crate::place::Place;

/// A rule's id, a place, a text the rule speaks of there, and one it lets be.
pub(super) struct Pair(
    pub(super) &'static str,
    pub(super) Place,
    pub(super) &'static str,
    pub(super) &'static str,
);

const PAIRS: &[&[Pair]] = &[
    hidden::pairs::PAIRS,
    mixed::pairs::PAIRS,
    terminal::pairs::PAIRS,
    host_name::pairs::PAIRS,
    transport::pairs::PAIRS,
    command::pairs::PAIRS,
    blast::pairs::PAIRS,
    injection::pairs::PAIRS,
    secret::pairs::PAIRS,
    traversal::pairs::PAIRS,
];

fn pairs() -> impl Iterator<Item = &'static Pair> {
    PAIRS.iter().copied().flatten()
}

fn finds(rule: &str, place: Place, text: &str) -> bool {
    inspect(text, place).iter().any(|finding| finding.rule == rule)
}

#[test]
fn every_rule_fires_and_lets_be() {
    let silent = pairs().filter(|Pair(rule, place, fires, _)| !finds(rule, *place, fires));
    let silent: Vec<String> = silent.map(|Pair(rule, _, text, _)| format!("{rule}: {text:?}")).collect();
    let loud = pairs().filter(|Pair(rule, place, _, lets_be)| finds(rule, *place, lets_be));
    let loud: Vec<String> = loud.map(|Pair(rule, _, _, text)| format!("{rule}: {text:?}")).collect();
    assert!(silent.is_empty() && loud.is_empty(), "do not fire: {silent:#?}\nfire: {loud:#?}");
}

#[test]
fn every_rule_has_a_pair_and_an_id_of_its_own() {
    let paired: BTreeSet<&str> = pairs().map(|Pair(rule, ..)| *rule).collect();
    let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len(), "two rules have one id");
    assert_eq!(paired, ids, "a rule has no pair, or a pair no rule");
}

#[test]
fn every_rule_says_what_to_do() {
    for rule in RULES {
        let kebab = rule.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(kebab, "{}", rule.id);
        assert!(rule.remediation.ends_with('.') && rule.remediation.len() > 15, "{}", rule.id);
        assert!(!rule.places.is_empty() && rule.strict >= rule.severity, "{}", rule.id);
    }
}
