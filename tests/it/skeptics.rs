//! Skeptics: plugins the gate asks what speaks against a call.

use serde_json::{Value, json};

use crate::harness::Installation;

fn explained(installation: &Installation, outcome: &Value) -> Value {
    installation.ares(["explain", outcome["id"].as_str().unwrap(), "--json"]).exits(0).json()
}

#[test]
fn a_skeptic_has_a_person_asked_and_its_hash_is_in_the_verdict() {
    let installation = Installation::new();
    installation.register("notes", &[]);
    let run = |capability: &str, input: &str| installation.invoke(capability, input);
    run("put_note", r#"{"name":"milk","text":"x"}"#);
    assert_eq!(run("delete_note", r#"{"name":"milk"}"#)["status"], "ok");
    installation.register("skeptic-example", &[]);
    let held = run("delete_note", r#"{"name":"milk"}"#);
    assert_eq!(held["error"]["code"], "ask", "{held}");
    assert!(held["error"]["message"].as_str().unwrap().contains("`delete_note` deletes something"));
    let judged = &explained(&installation, &held)["judged"];
    let skeptic = &judged["skeptics"][0];
    assert_eq!((&skeptic["plugin"], &skeptic["objections"]), (&json!("skeptic-example"), &json!(1)));
    assert_eq!(skeptic["blake3"].as_str().map(str::len), Some(64), "{skeptic}");
    assert_eq!(run("put_note", r#"{"name":"milk","text":"x"}"#)["status"], "ok");
    // A review is a call like any other: on record, with its own caller.
    let reviews = installation.ares(["invocations", "--capability", "review", "--json"]).exits(0).json();
    assert!(!reviews.as_array().unwrap().is_empty());
    assert_eq!(
        (&reviews[0]["caller_kind"], &reviews[0]["caller"]),
        (&json!("agent"), &json!("ares-host/gate"))
    );
}

#[test]
fn a_skeptic_that_is_disabled_or_breaks_stops_nothing_but_is_told() {
    let installation = Installation::new();
    installation.register("notes", &[]);
    installation.register("skeptic-example", &[]);
    installation.ares(["disable", "skeptic-example"]).exits(0);
    let outcome = installation.invoke("delete_note", r#"{"name":"milk"}"#);
    assert_eq!(outcome["error"]["code"], "not-found", "nobody held it: {outcome}");
    assert_eq!(explained(&installation, &outcome)["judged"]["skeptics"], json!([]));
    installation.ares(["enable", "skeptic-example"]).exits(0);
    // Its own record says that it answers: nobody has reviewed the review.
    installation.invoke("put_note", r#"{"name":"milk","text":"x"}"#);
    let reviews = installation.ares(["invocations", "--capability", "review", "--json"]).exits(0).json();
    let review = explained(&installation, &reviews[0]);
    assert_eq!(review["judged"]["skeptics"], json!([]));
}

#[test]
fn the_record_makes_the_historian_doubt() {
    let installation = Installation::new();
    installation.register("chaos", &[]);
    installation.register("skeptic-history", &[]);
    for _ in 0..2 {
        assert_eq!(installation.invoke("trap", "{}")["error"]["code"], "trap");
    }
    let outcome = installation.invoke("trap", "{}");
    let findings = explained(&installation, &outcome)["judged"]["steps"][0]["findings"].clone();
    let texts: Vec<&str> =
        findings.as_array().unwrap().iter().filter_map(|finding| finding["text"].as_str()).collect();
    assert!(
        texts.iter().any(|text| text.contains("skeptic `skeptic-history`: these very arguments")),
        "{texts:?}"
    );
}
