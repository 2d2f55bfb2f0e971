//! What rules there were, by whom and why.

use super::*;
use crate::{EventQuery, PolicyChange};

fn set(reason: Option<&str>) -> PolicyChange {
    PolicyChange { by: Some(operator()), action: "set", reason: reason.map(ToOwned::to_owned) }
}

fn edit() -> PolicyChange {
    PolicyChange { by: None, action: "edit", reason: None }
}

#[test]
fn every_file_of_rules_is_kept_over_a_restart_and_the_same_one_once() {
    let state = State::new();
    {
        let registry = state.open();
        assert_eq!(registry.policy_newest().unwrap(), None);
        assert_eq!(registry.policy_taken("one", set(Some("because"))).unwrap(), 1);
        assert_eq!(registry.policy_taken("one", edit()).unwrap(), 1);
        assert_eq!(registry.policy_taken("two", edit()).unwrap(), 2);
        assert_eq!(registry.policy_taken("one", set(None)).unwrap(), 3);
    }
    let registry = state.open();
    let kept = registry.policies().unwrap();
    let rows: Vec<_> =
        kept.iter().map(|row| (row.revision, row.actor.as_str(), row.action.as_str())).collect();
    assert_eq!(rows, [(1, "human:operator", "set"), (2, "file", "edit"), (3, "human:operator", "set")]);
    assert_eq!(kept.first().unwrap().reason.as_deref(), Some("because"));
    assert!(kept.iter().all(|row| row.text.is_none()));
    assert_eq!(registry.policy(2).unwrap().unwrap().text.as_deref(), Some("two"));
    assert_eq!(registry.policy(4).unwrap(), None);
    assert_eq!(registry.policy_newest().unwrap().unwrap(), (3, Blake3::of(b"one")));
    let query = EventQuery { types: vec!["policy_changed".to_owned()], plugin: None, limit: 10 };
    assert_eq!(registry.events(&query).unwrap().len(), 3);
}

#[test]
fn what_is_kept_stays() {
    let state = State::new();
    state.open().policy_taken("one", edit()).unwrap();
    for sql in ["DELETE FROM policies", "UPDATE policies SET text = 'other'"] {
        let error = state.raw().execute(sql, ()).unwrap_err().to_string();
        assert!(error.contains("what rules there were"), "{error}");
    }
}
