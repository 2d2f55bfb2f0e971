//! The whole kernel over fakes: what each refusal says, that a refusal means no guest ran, that
//! nothing is shown which the journal does not hold.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected should stop right there"
)]

#[path = "flow/cut.rs"]
mod cut;
#[path = "flow/deadlines.rs"]
mod deadlines;
#[path = "flow/events.rs"]
mod events;
mod fakes;
#[path = "flow/gate.rs"]
mod gate;
#[path = "flow/oversight.rs"]
mod oversight;
#[path = "flow/random.rs"]
mod random;
#[path = "flow/rehearsal.rs"]
mod rehearsal;
#[path = "flow/snapshots.rs"]
mod snapshots;

use std::time::Duration;

use ares_kernel::facts::{Effect, Integrity, Scope};
use ares_kernel::{FaultKind, Request, Status};
use fakes::{FAKE, World, human};
use serde_json::json;

fn code(status: &Status) -> (&'static str, String) {
    (status.as_str(), status.code().unwrap_or("-").to_owned())
}

fn refused(code: &str) -> (&'static str, String) {
    ("refused", code.to_owned())
}

#[tokio::test]
async fn a_good_request_is_answered_and_recorded() {
    let world = World::new();
    let outcome = world.invoke("echo", r#"{"text":"hi"}"#).await;
    let shown = serde_json::to_value(&outcome).unwrap();
    assert_eq!(shown["status"], "ok");
    assert_eq!(shown["value"], json!({"text": "hi"}));
    assert_eq!(shown["plugin"]["name"], "demo");
    assert_eq!(shown["verdict"]["decision"], "execute");
    assert_eq!(world.records(), ["close ok echo"]);
    assert_eq!(world.guests_started(), 1);
}

#[tokio::test]
async fn a_stored_value_is_in_no_answer_and_in_no_refusal() {
    let world = World::new();
    for input in
        [json!({"text": format!("is {FAKE}!")}), json!({"text": "a", FAKE: 1}), json!({"text": [FAKE]})]
    {
        let shown = serde_json::to_string(&world.invoke("echo", &input.to_string()).await).unwrap();
        assert!(shown.contains("{{FAKE}}") && !shown.contains(FAKE), "{shown}");
    }
    // What is verified is what is shown: this is JSON only before the value is taken out.
    let outcome = world.invoke("says-a-secret", "{}").await;
    assert_eq!(code(outcome.status()), ("fault", "output-invalid".to_owned()));
}

#[tokio::test]
async fn every_refusal_has_its_code_and_starts_no_guest() {
    let deep = format!(r#"{{"text":{}{}}}"#, "[".repeat(64), "]".repeat(64));
    let long = format!(r#"{{"text":"{}"}}"#, "x".repeat(2 << 20));
    for (capability, input, expected) in [
        ("nothing", "{}", "no-provider"),
        ("sleeping", "{}", "disabled"),
        ("tampered", "{}", "changed"),
        ("greedy", "{}", "not-granted"),
        ("echo", "", "not-json"),
        ("echo", "{", "not-json"),
        ("echo", "[1]", "not-an-object"),
        ("echo", r#"{"text":1}"#, "invalid-arguments"),
        ("echo", r#"{}"#, "invalid-arguments"),
        ("echo", r#"{"text":"a","text":"b"}"#, "not-json"),
        ("echo", r#"{"text":"a","txet":"b"}"#, "invalid-arguments"),
        ("echo", &deep, "not-json"),
        ("echo", &long, "too-large"),
        ("scan", r#"{"path":"/etc"}"#, "out-of-scope"),
        ("scan", r#"{"path":"../x"}"#, "out-of-scope"),
        ("scan", r#"{"path":"a/../../x"}"#, "out-of-scope"),
        ("scan", r#"{"path":"a\\..\\x"}"#, "out-of-scope"),
        ("scan", r#"{"path":"a\u0000"}"#, "out-of-scope"),
    ] {
        let world = World::new();
        let outcome = world.invoke(capability, input).await;
        assert_eq!(code(outcome.status()), refused(expected), "{capability} {:.60}", input);
        assert_eq!(world.guests_started(), 0);
        assert_eq!(world.records(), [format!("close refused {capability}")]);
        let message = outcome.status().message().unwrap().to_owned();
        assert!(message.len() > 20 && !message.chars().any(char::is_control), "{message}");
    }
}

#[tokio::test]
async fn paths_that_stay_inside_are_let_through() {
    for path in [".", "", "a/b", "a/../b", "./x", "ünï/コード"] {
        let world = World::new();
        let outcome = world.invoke("scan", &json!({"path": path}).to_string()).await;
        assert_eq!(code(outcome.status()).0, "ok", "{path}");
    }
}

#[tokio::test]
async fn a_pinned_provider_is_the_only_one_asked() {
    let world = World::new();
    let mut request = human("echo", r#"{"text":"x"}"#);
    request.provider = Some("nobody".parse().unwrap());
    assert_eq!(code(world.kernel().invoke(request).await.status()), refused("not-registered"));
    let mut request = human("echo", r#"{"text":"x"}"#);
    request.provider = Some("idle".parse().unwrap());
    assert_eq!(code(world.kernel().invoke(request).await.status()), refused("not-exported"));
}

#[tokio::test]
async fn a_plugin_caller_needs_a_running_call() {
    let world = World::new();
    let caller = ares_kernel::Caller::Plugin("demo".parse().unwrap());
    let request = Request::new(caller, "echo".parse().unwrap(), r#"{"text":"x"}"#);
    assert_eq!(code(world.kernel().invoke(request).await.status()), refused("unauthenticated"));
    let nameless = Request::new(ares_kernel::Caller::Agent(String::new()), "echo".parse().unwrap(), "{}");
    assert_eq!(code(world.kernel().invoke(nameless).await.status()), refused("bad-label"));
}

#[tokio::test]
async fn nested_calls_need_a_grant_and_cannot_run_in_a_circle() {
    let world = World::new();
    let outcome = world.invoke("relay", r#"{"to":["echo"]}"#).await;
    assert_eq!(code(outcome.status()).0, "ok");
    assert_eq!(world.records(), ["close ok echo", "close ok relay"]);
    let parents = world.parents();
    assert_eq!(parents[0], Some(outcome.id()));

    for (to, expected) in [(json!(["scan"]), "not-granted"), (json!(["relay", "echo"]), "cycle")] {
        let world = World::new();
        let outcome = world.invoke("relay", &json!({"to": to}).to_string()).await;
        let Status::Ok(text) = outcome.status() else { panic!("{:?}", outcome.status()) };
        assert!(text.contains(expected), "{text}");
        assert_eq!(world.guests_started(), 1);
    }
}

#[tokio::test]
async fn a_call_does_no_more_than_any_call_above_it() {
    for (first, to, guests, expected) in [
        ("move", json!(["put"]), 2, r#""status":"ok""#),
        ("relay", json!(["put"]), 1, "exceeds-caller"),
        // Not even when the nearest but one might.
        ("move", json!(["relay", "put"]), 2, "exceeds-caller"),
    ] {
        let world = World::new();
        let outcome = world.invoke(first, &json!({"to": to}).to_string()).await;
        let Status::Ok(text) = outcome.status() else { panic!("{:?}", outcome.status()) };
        let text = text.replace('\\', "");
        assert!(text.contains(expected), "{first} {to}: {text}");
        assert_eq!(world.guests_started(), guests, "{first} {to}");
    }
}

#[tokio::test]
async fn nesting_ends_at_eight() {
    let world = World::new();
    let outcome = world.invoke("nest-0", "{}").await;
    let Status::Ok(text) = outcome.status() else { panic!("{:?}", outcome.status()) };
    assert!(text.contains("too-deep"), "{text}");
    assert_eq!(world.guests_started(), 9, "the first call and eight below it");
}

#[tokio::test]
async fn a_deadline_only_ever_comes_nearer() {
    let world = World::new();
    let mut request = human("echo", r#"{"text":"x"}"#);
    request.deadline = Some(Duration::ZERO);
    assert_eq!(code(world.kernel().invoke(request).await.status()), refused("no-time"));
    let mut request = human("echo", r#"{"text":"x"}"#);
    request.deadline = Some(Duration::from_secs(1_000_000));
    assert_eq!(code(world.kernel().invoke(request).await.status()).0, "ok");
    assert!(world.longest_deadline() <= Duration::from_secs(30));
}

#[tokio::test]
async fn a_bad_answer_is_a_fault_of_the_guest_and_keeps_nothing() {
    for (capability, kind) in [
        ("says-nonsense", FaultKind::OutputInvalid),
        ("says-other", FaultKind::OutputInvalid),
        ("says-much", FaultKind::OutputTooLarge),
        ("breaks", FaultKind::Internal),
    ] {
        let world = World::new();
        let outcome = world.invoke(capability, "{}").await;
        assert_eq!(outcome.status().fault(), Some(kind), "{capability}");
        assert_eq!(world.records().last().unwrap(), &format!("close fault {capability}"));
        assert_eq!(world.kept(), 0, "writes of a failed call are not kept");
    }
    let world = World::new();
    assert_eq!(world.invoke("put", "{}").await.status().as_str(), "ok");
    assert_eq!(world.kept(), 1);
    assert_eq!(world.records(), ["begin put", "close ok put"]);
}

#[tokio::test]
async fn nothing_runs_and_nothing_is_shown_without_a_journal() {
    let world = World::new();
    world.break_journal("ready");
    assert_eq!(world.invoke("echo", r#"{"text":"hi"}"#).await.status().as_str(), "unrecorded");
    assert_eq!(world.guests_started(), 0);

    let world = World::new();
    world.break_journal("begin");
    assert_eq!(world.invoke("put", "{}").await.status().fault(), Some(FaultKind::Internal));
    assert_eq!(world.guests_started(), 0, "a call that changes something must be on record first");

    let world = World::new();
    world.break_journal("close");
    let outcome = world.invoke("echo", r#"{"text":"secret"}"#).await;
    assert_eq!(outcome.status().as_str(), "unrecorded");
    assert!(!serde_json::to_string(&outcome).unwrap().contains("secret"));
}

#[tokio::test]
async fn writes_that_do_not_fit_are_a_fault_of_the_call_and_on_record() {
    let world = World::new();
    world.break_journal("store");
    let outcome = world.invoke("put", "{}").await;
    assert_eq!(outcome.status().fault(), Some(FaultKind::HostLimit));
    assert!(outcome.status().message().unwrap().contains("`kv_total_bytes` = 1"), "{outcome:?}");
    assert_eq!(world.kept(), 0);
    assert_eq!(world.records().last().unwrap(), "close fault put");
    assert_eq!(world.invoke("echo", r#"{"text":"hi"}"#).await.status().as_str(), "ok");
}

#[test]
fn the_world_of_these_tests_is_what_it_says() {
    let world = World::new();
    let greedy = world.capability("greedy");
    assert_eq!((greedy.effect, greedy.needs.as_slice()), (Effect::Write, [Scope::Kv].as_slice()));
    assert_eq!(world.integrity("tampered"), Integrity::Changed("its bytes differ".into()));
}
