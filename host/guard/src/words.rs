//! Which rules a text's words call for: one pass over the text for the words of all rules.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::place::Place;
use crate::rules::RULES;

/// A set of rules, by their place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Chosen([u64; 4]);

impl Chosen {
    const ALL: Self = Self([u64::MAX; 4]);

    pub(crate) fn add(&mut self, index: usize) {
        if let Some(word) = self.0.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    fn join(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    fn within(mut self, other: &Self) -> Self {
        for (word, mask) in self.0.iter_mut().zip(other.0) {
            *word &= mask;
        }
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }
}

/// The words of all rules that look at texts of one kind, and which rules each word calls for.
struct Words {
    /// Nothing where it cannot be built: then every rule is called for.
    automaton: Option<AhoCorasick>,
    rules: Vec<Chosen>,
    all: Chosen,
}

/// Running text; and each kind of name, whose rules have words that are common in text.
static RUNNING: LazyLock<Words> = LazyLock::new(|| Words::of(Place::Text));
static PATH: LazyLock<Words> = LazyLock::new(|| Words::of(Place::Path));
static HOST: LazyLock<Words> = LazyLock::new(|| Words::of(Place::Host));
static COMMAND: LazyLock<Words> = LazyLock::new(|| Words::of(Place::Command));

impl Words {
    fn at(place: Place) -> &'static Self {
        match place {
            Place::Text | Place::Answer | Place::File => &RUNNING,
            Place::Path => &PATH,
            Place::Host => &HOST,
            Place::Command => &COMMAND,
        }
    }

    fn of(place: Place) -> Self {
        let mut words: BTreeMap<&'static str, Chosen> = BTreeMap::new();
        let mut all = Chosen::default();
        for (index, rule) in RULES.iter().enumerate().filter(|(_, rule)| rule.looks_at(place)) {
            for word in rule.detector.words() {
                words.entry(word).or_default().add(index);
                all.add(index);
            }
        }
        // A DFA reads half as fast again, but takes four times as long to build and 3 MiB more: a command
        // that makes one call would wait for what it never uses.
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(words.keys())
            .ok();
        Self { automaton, rules: words.into_values().collect(), all }
    }
}

/// The rules whose words stand in the text.
pub(crate) fn chosen(text: &str, place: Place) -> Chosen {
    let words = Words::at(place);
    let mut chosen = Chosen::default();
    let Some(automaton) = &words.automaton else { return Chosen::ALL.within(&words.all) };
    // Most texts have no word at all, and this search is the faster one.
    if automaton.find(text).is_none() {
        return chosen;
    }
    for found in automaton.find_overlapping_iter(text) {
        if let Some(rules) = words.rules.get(found.pattern().as_usize()) {
            chosen.join(rules);
        }
        if chosen == words.all {
            break;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_automaton_can_be_built() {
        for place in Place::ALL {
            assert!(Words::at(place).automaton.is_some(), "{place:?}");
        }
        assert!(RULES.len() <= 256, "Chosen has no room for {} rules", RULES.len());
    }

    #[test]
    fn a_rule_is_called_for_by_its_words_in_any_case() {
        let index = RULES.iter().position(|rule| rule.id == "pipe-to-shell").unwrap();
        assert!(chosen("CURL x | SH", Place::Text).has(index));
        assert!(!chosen("nothing of the kind", Place::Text).has(index));
        assert!(chosen("nothing of the kind", Place::Text).is_empty());
    }

    #[test]
    fn running_texts_share_their_rules() {
        for rule in RULES {
            let at = |place| rule.looks_at(place);
            assert!(
                at(Place::Text) == at(Place::Answer) && at(Place::Text) == at(Place::File),
                "{}",
                rule.id
            );
        }
    }
}
