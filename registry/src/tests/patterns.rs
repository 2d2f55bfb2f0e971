//! Patterns: what the host comes with, what people tell of them, and which capabilities fit an anti-pattern.

use ares_kernel::gate::Tier;

use super::*;
use crate::{EventQuery, NewPattern, RegistryError, UseOf};

fn tiers(registry: &Registry, anti: bool) -> Vec<(String, Tier)> {
    registry.patterns(anti).unwrap().into_iter().map(|pattern| (pattern.id, pattern.tier)).collect()
}

fn new(id: &str, words: &[&str]) -> NewPattern {
    NewPattern {
        id: id.to_owned(),
        name: "A way".to_owned(),
        description: "A way of doing it that was tried.".to_owned(),
        applies_to: words.iter().map(ToString::to_string).collect(),
        trade_offs: "some".to_owned(),
        simpler: "nothing".to_owned(),
        evidence: "counted".to_owned(),
        ..NewPattern::default()
    }
}

fn anti(id: &str, words: &[&str]) -> NewPattern {
    NewPattern { anti: true, better: "Do the other.".to_owned(), ..new(id, words) }
}

fn invalid<T: std::fmt::Debug>(result: Result<T, RegistryError>) -> String {
    match result.unwrap_err() {
        RegistryError::Invalid(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_host_comes_with_six_and_three_and_a_matrix() {
    let state = State::new();
    let registry = state.open();
    let expected = [
        ("database-first", Tier::First),
        ("modular-scraper", Tier::First),
        ("complete-command-line", Tier::First),
        ("graceful-degradation", Tier::First),
        ("rules-and-model", Tier::Second),
        ("local-sentiment", Tier::Third),
        ("built-not-wired", Tier::Anti),
        ("hard-filter", Tier::Anti),
        ("model-without-fallback", Tier::Anti),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(id, tier)| (id.to_owned(), tier)).collect();
    assert_eq!(tiers(&registry, false), expected);
    assert_eq!(tiers(&registry, true), expected[6..]);
    assert!(
        registry.patterns(true).unwrap().iter().all(|anti| !anti.better.is_empty() && anti.uses.is_none())
    );
    // The tier they were given is the one their numbers earn: none is due.
    assert!(registry.patterns(false).unwrap().iter().all(|pattern| !pattern.is_due()));
    let matrix = registry.tech_matrix().unwrap();
    assert_eq!(matrix.len(), 11);
    assert!(matrix.iter().all(|row| row.uses.is_none() && row.bounds.is_none() && row.claimed_bp.is_some()));
}

#[test]
fn texts_are_matched_by_whole_words_the_best_first() {
    let state = State::new();
    let registry = state.open();
    let ids = |text: &str| -> Vec<String> {
        registry.patterns_in(text).unwrap().into_iter().map(|found| found.pattern.id).collect()
    };
    assert_eq!(ids("sqlite persistence"), ["database-first"]);
    assert_eq!(ids("SQLITE, and a shell for it"), ["database-first", "complete-command-line"]);
    assert!(ids("maintain the mailing lists").is_empty(), "`ai` is no word of it");
    assert_eq!(ids("an AI"), ["rules-and-model"], "one word is too few for an anti-pattern");
    assert_eq!(ids("an AI model"), ["rules-and-model", "model-without-fallback"]);
    assert_eq!(ids("an AI model with rules"), ["rules-and-model"]);
    let found = registry.patterns_in("a sentiment lexicon").unwrap();
    assert_eq!(found.first().unwrap().words, ["sentiment", "lexicon"]);
}

#[test]
fn a_pattern_rises_by_a_persons_word_alone_and_falls_by_itself() {
    let state = State::new();
    let registry = state.open();
    registry.pattern_add(new("paper-first", &["paper"]), &operator()).unwrap();
    let used = |good| {
        registry.pattern_used(UseOf::Pattern("paper-first".to_owned()), good, None, &operator()).unwrap();
        let pattern = registry.pattern("paper-first").unwrap();
        (pattern.tier, pattern.earned, pattern.is_due())
    };
    assert_eq!(used(true), (Tier::Third, Tier::Third, false));
    assert_eq!(used(true), (Tier::Third, Tier::Second, false), "two uses are too few to suggest it");
    assert!(invalid(registry.pattern_promote("paper-first", &operator())).contains("2 of 2 uses good"));
    assert_eq!(used(true), (Tier::Third, Tier::Second, true));
    assert_eq!(registry.pattern_promote("paper-first", &operator()).unwrap().tier, Tier::Second);
    assert_eq!((used(true), used(true).2), ((Tier::Second, Tier::Second, false), true));
    assert_eq!(registry.pattern_promote("paper-first", &operator()).unwrap().tier, Tier::First);
    for _ in 0..12 {
        used(false);
    }
    assert_eq!(registry.pattern("paper-first").unwrap().tier, Tier::Anti, "5 of 17");
    assert!(tiers(&registry, true).contains(&("paper-first".to_owned(), Tier::Anti)));
    let types = vec!["pattern_promoted".to_owned()];
    assert_eq!(registry.events(&EventQuery { types, plugin: None, limit: 9 }).unwrap().len(), 2);
    drop(registry);
    assert_eq!(state.open().pattern("paper-first").unwrap().uses, Some(17));
}

#[test]
fn an_invocation_counts_once_and_technologies_begin_with_their_first_use() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let call_of = opening("get_note");
    wait(call(&registry, &call_of, Effect::Read, &[]));
    let used = |what: UseOf, id| registry.pattern_used(what, true, Some(id), &operator());
    let database = || UseOf::Pattern("database-first".to_owned());
    assert_eq!(used(database(), call_of.id).unwrap()["uses"], 16);
    assert!(invalid(used(database(), call_of.id)).contains("counted"));
    let unknown = used(database(), InvocationId::new());
    assert!(matches!(unknown, Err(RegistryError::NoSuchInvocation { .. })));
    assert_eq!(registry.pattern("database-first").unwrap().uses, Some(16));
    let sqlite = used(UseOf::Technology(" SQLite ".to_owned()), call_of.id).unwrap();
    assert_eq!((&sqlite["uses"], &sqlite["claimed_bp"]), (&1.into(), &10_000.into()));
    let rust = used(UseOf::Technology("Rust".to_owned()), call_of.id).unwrap();
    assert_eq!((&rust["technology"], &rust["origin"]), (&"rust".into(), &"learned".into()));
    assert!(matches!(
        registry.pattern_used(UseOf::Pattern("nothing".to_owned()), true, None, &operator()),
        Err(RegistryError::NoSuchPattern { .. })
    ));
    assert!(
        invalid(registry.pattern_used(UseOf::Technology(" ".to_owned()), true, None, &operator()))
            .contains("no name")
    );
}

#[test]
fn what_is_not_complete_is_not_kept() {
    let state = State::new();
    let registry = state.open();
    let add = |pattern| registry.pattern_add(pattern, &operator());
    for (pattern, why) in [
        (new("Big", &["a"]), "no id"),
        (new("", &["a"]), "no id"),
        (new("none", &[]), "at least 1"),
        (new("two-words", &["two words"]), "not one word"),
        (NewPattern { name: " ".to_owned(), ..new("x", &["a"]) }, "`name`"),
        (anti("one", &["a", "A"]), "at least 2"),
        (NewPattern { better: String::new(), ..anti("x", &["a", "b"]) }, "`better`"),
        (NewPattern { evidence: String::new(), ..anti("x", &["a", "b"]) }, "`evidence`"),
        (new("database-first", &["a"]), "already"),
    ] {
        let said = invalid(add(pattern));
        assert!(said.contains(why), "{said}");
    }
    assert!(invalid(registry.pattern_remove("database-first", &operator())).contains("came with the host"));
    assert_eq!(registry.patterns(false).unwrap().len(), 9);
}

#[test]
fn a_capability_that_fits_an_anti_pattern_says_so_as_soon_as_that_is_recorded() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let fits =
        || registry.snapshot().plugin(&name("notes")).unwrap().capabilities[0].about.anti_patterns.clone();
    assert!(fits().is_empty());
    registry.pattern_add(anti("sticky", &["note", "sticky"]), &operator()).unwrap();
    assert!(fits().is_empty(), "one word of it is too few");
    registry.pattern_add(anti("to-a-text", &["note", "text"]), &operator()).unwrap();
    assert_eq!(fits(), ["to-a-text"]);
    registry.pattern_remove("to-a-text", &operator()).unwrap();
    assert!(fits().is_empty());
    drop(registry);
    state.open().pattern_add(anti("to-a-text", &["PUT", "text"]), &operator()).unwrap();
    let registry = state.open();
    assert_eq!(
        registry.snapshot().plugin(&name("notes")).unwrap().capabilities[0].about.anti_patterns,
        ["to-a-text"]
    );
}
