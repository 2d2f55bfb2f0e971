//! Rehearsals over the whole kernel: they pass the gate, run, tell what would have become of them, and
//! leave nothing but their record.

use ares_kernel::facts::Mode;
use ares_kernel::gate::{Decision, Settings};
use ares_kernel::ports::Stance;
use ares_kernel::{Outcome, Request};
use serde_json::{Value, json};

use crate::fakes::{FAKE, NOW_MS, World, human};

fn rehearsal_of(capability: &str, input: &Value) -> Request {
    let mut request = human(capability, &input.to_string());
    request.rehearse = true;
    request
}

async fn rehearse(world: &World, capability: &str, input: &Value) -> Outcome {
    world.kernel().invoke(rehearsal_of(capability, input)).await
}

fn shown(outcome: &Outcome) -> Value {
    serde_json::to_value(outcome.rehearsal().unwrap()).unwrap()
}

#[tokio::test]
async fn what_would_be_asked_about_is_rehearsed_and_nothing_is_kept() {
    let world = World::with(Settings::default());
    world.rules(Stance::Ask, "a rule", false);
    let outcome = rehearse(&world, "put", &json!({})).await;
    assert_eq!(outcome.status().value(), Some("{}"));
    let effect = json!({"plugin": "keeper", "capability": "put", "kind": "kv", "change": "set", "key": "k", "bytes": 1});
    let expected = json!({"decision": "ask", "effects": [effect], "undeclared": [], "left_out": []});
    assert_eq!(shown(&outcome), expected);
    assert_eq!(outcome.verdict().decision, Decision::Caveats);
    assert_eq!((world.kept(), world.records()), (0, vec!["begin put".to_owned(), "close ok put".to_owned()]));
    assert!(world.held().is_empty(), "nobody is asked about it");
}

#[tokio::test]
async fn a_good_rehearsal_is_evidence_that_it_was_tried_and_no_use() {
    let world = World::with(Settings::default());
    assert_eq!(world.invoke("put", "{}").await.verdict().decision, Decision::Ask);
    rehearse(&world, "put", &json!({"does": "what it may not"})).await;
    assert_eq!(world.invoke("put", "{}").await.verdict().decision, Decision::Ask, "it went wrong");
    let good = rehearse(&world, "put", &json!({})).await;
    // It says what becomes of the call now, not what would have before it was rehearsed.
    assert_eq!(shown(&good)["decision"], "caveats");
    let history = world.capability("put").track.history(0, NOW_MS);
    assert_eq!((history.rehearsed, history.uses, history.good), (1, 0, 0));
    let outcome = world.invoke("put", "{}").await;
    assert_eq!((outcome.status().as_str(), outcome.verdict().decision), ("ok", Decision::Caveats));
    assert!(outcome.rehearsal().is_none());
    assert_eq!(world.kept(), 1);
}

#[tokio::test]
async fn calls_below_are_rehearsals_too_and_their_effects_come_together() {
    let world = World::new();
    let outcome = rehearse(&world, "move", &json!({"to": ["put"]})).await;
    let effects = shown(&outcome)["effects"].clone();
    let whose: Vec<&str> =
        effects.as_array().unwrap().iter().map(|effect| effect["plugin"].as_str().unwrap()).collect();
    assert_eq!((outcome.status().as_str(), whose), ("ok", vec!["keeper", "demo"]));
    assert_eq!((world.guests_started(), world.kept()), (2, 0));
    let left_out = outcome.rehearsal().unwrap().left_out.clone();
    assert!(left_out.len() == 1 && left_out[0].what.text.contains("none of the calls saw"), "{left_out:?}");
    let below = rehearse(&world, "move", &json!({"to": ["put"]})).await;
    assert_eq!(shown(&below)["effects"], effects, "nothing is left of the first");
}

#[tokio::test]
async fn no_event_of_a_rehearsal_leaves_it() {
    let world = World::new();
    let outcome = rehearse(&world, "tell", &json!({})).await;
    assert!(world.published().is_empty());
    let effects = shown(&outcome)["effects"].clone();
    assert_eq!(effects[1]["topic"], "news.made", "{effects}");
    world.invoke("tell", "{}").await;
    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn what_nobody_declared_is_a_fault_wherever_it_was_tried() {
    let world = World::new();
    let beyond = rehearse(&world, "put", &json!({"does": "a request"})).await;
    let tried = rehearse(&world, "put", &json!({"does": "what it may not"})).await;
    for outcome in [&beyond, &tried] {
        assert_eq!(outcome.status().code(), Some("undeclared-effect"), "{outcome:?}");
        assert_eq!(outcome.rehearsal().unwrap().undeclared.len(), 1);
    }
    let text = serde_json::to_string(&tried).unwrap();
    assert!(text.contains("{{FAKE}}") && !text.contains(FAKE), "{text}");
    assert_eq!(world.capability("put").track.history(0, NOW_MS).rehearsed, 0);
}

#[tokio::test]
async fn in_mode_plan_what_would_change_something_can_be_rehearsed() {
    let world = World::new();
    for (mode, code) in [(Mode::Ask, Some("mode")), (Mode::Plan, None), (Mode::Build, None)] {
        world.posture(mode, None);
        assert_eq!(rehearse(&world, "put", &json!({})).await.status().code(), code, "{mode:?}");
    }
    world.posture(Mode::Plan, None);
    assert_eq!(world.invoke("put", "{}").await.status().code(), Some("mode"));
    assert_eq!(world.kept(), 0);
}

#[tokio::test]
async fn a_rehearsal_passes_every_check() {
    for (capability, input, code) in [
        ("tampered", json!({}), "changed"),
        ("greedy", json!({}), "not-granted"),
        ("echo", json!({"text": 1}), "invalid-arguments"),
        ("scan", json!({"path": "../x"}), "out-of-scope"),
        ("echo", json!({"text": "a\u{202e}b"}), "guard"),
        ("remember", json!({}), "not-rehearsable"),
    ] {
        let world = World::new();
        let outcome = rehearse(&world, capability, &input).await;
        assert_eq!((outcome.status().code(), world.guests_started()), (Some(code), 0), "{capability}");
    }
    let world = World::new();
    assert_eq!(rehearse(&world, "recall", &json!({})).await.status().as_str(), "ok");
    assert_eq!(world.invoke("remember", "{}").await.status().as_str(), "ok");
}
