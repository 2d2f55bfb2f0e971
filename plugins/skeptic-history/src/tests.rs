//! Past calls and what they hold against the next.
use ares_sdk::skeptic::{Brief, History, Recent, Review, Severity};

use super::review;

fn brief(effect: &str, recent: &[(&str, bool)]) -> Brief {
    let one = |(came, same): &(&str, bool)| Recent {
        came: (*came).to_owned(),
        seconds_ago: 60,
        same_arguments: *same,
        same_sort_of_arguments: true,
    };
    Brief {
        capability: "put_note".into(),
        plugin: "notes".into(),
        version: "0.1.0".into(),
        blake3: "ab".into(),
        effect: effect.into(),
        caller: "human:you".into(),
        origin: "human:you".into(),
        arguments: "{}".into(),
        score: 6000,
        level: "medium".into(),
        tier: "tier 3".into(),
        history: History { uses: 2, good: 1, wrong: 0, invalid: 0 },
        recent: recent.iter().map(one).collect(),
        findings: vec![],
    }
}

fn severities(brief: Brief) -> Vec<Severity> {
    review(brief).unwrap().objections.iter().map(|objection| objection.severity).collect()
}

#[test]
fn a_clean_record_is_not_doubted() {
    assert_eq!(review(brief("write", &[("ok", true), ("said-no", false)])).unwrap(), Review::default());
    assert_eq!(review(brief("write", &[])).unwrap(), Review::default());
}

#[test]
fn the_same_again_after_a_failure_is_a_question_where_it_changes_something() {
    let recent = [("ok", true), ("fault", true), ("ok", false)];
    assert_eq!(severities(brief("write", &recent)), [Severity::Block]);
    assert_eq!(severities(brief("read", &recent)), [Severity::Warn]);
    assert_eq!(severities(brief("write", &[("fault", true), ("ok", true)])), []);
}

#[test]
fn two_of_five_are_a_warning() {
    let recent = [("fault", false), ("ok", false), ("invalid", false)];
    assert_eq!(severities(brief("pure", &recent)), [Severity::Warn]);
    let old =
        [("fault", false), ("fault", false), ("ok", false), ("ok", false), ("ok", false), ("ok", false)];
    assert_eq!(severities(brief("pure", &old)), []);
}

#[test]
fn an_answer_called_wrong_is_told() {
    let mut brief = brief("pure", &[("ok", false)]);
    brief.history.wrong = 1;
    let review = review(brief).unwrap();
    assert_eq!((review.objections[0].severity, review.questions.len()), (Severity::Note, 1));
}
