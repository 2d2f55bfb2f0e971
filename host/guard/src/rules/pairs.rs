//! For each rule a text that it speaks of, and one next to it that it lets be.

use std::collections::BTreeSet;

use crate::inspect;
use crate::place::Place;
use crate::rules::RULES;

/// A rule's pair of texts.
pub(crate) struct Pair(
    pub(crate) &'static str,
    pub(crate) Place,
    pub(crate) &'static str,
    pub(crate) &'static str,
);

const PAIRS: &[&[Pair]] = &[];

fn finds(rule: &str, place: Place, text: &str) -> bool {
    inspect(text, place).iter().any(|finding| finding.rule == rule)
}

#[test]
fn every_rule_fires_and_lets_be() {
    for Pair(rule, place, fires, lets_be) in PAIRS.iter().copied().flatten() {
        assert!(finds(rule, *place, fires), "{rule} does not fire: {fires:?}");
        assert!(!finds(rule, *place, lets_be), "{rule} fires: {lets_be:?}");
    }
}

#[test]
fn every_rule_has_one_id() {
    let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
}
