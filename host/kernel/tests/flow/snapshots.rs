//! Snapshots: taken before the guest, put back before the record where the call does not end well.

use ares_kernel::gate::Settings;
use ares_kernel::snapshot::When;
use serde_json::{Value, json};

use crate::fakes::{SLOW_SNAPSHOT, World, human, trusting};

fn world(snapshots: When) -> World {
    World::with(Settings { snapshots, ..trusting() })
}

async fn told(world: &World, input: &str) -> Value {
    serde_json::to_value(world.invoke("file", input).await).unwrap()
}

#[tokio::test]
async fn a_good_call_keeps_its_snapshot_and_says_so_beforehand() {
    let world = world(When::Always);
    let outcome = told(&world, "{}").await;
    assert_eq!(outcome["snapshot"], json!({"state": "kept", "objects": 3, "bytes": 9}));
    let foreseen = &outcome["verdict"]["snapshot"];
    assert_eq!((&foreseen["planned"], &foreseen["required"]), (&json!(true), &json!(true)));
    assert_eq!(world.records(), ["begin file", "snapshot of 1", "close ok file"]);
}

#[tokio::test]
async fn what_did_not_end_well_is_put_back_before_it_is_recorded() {
    let world = world(When::Always);
    let outcome = told(&world, r#"{"say":"nonsense"}"#).await;
    assert_eq!((&outcome["status"], &outcome["error"]["code"]), (&json!("fault"), &json!("output-invalid")));
    let expected = json!({"state": "restored", "objects": 3, "bytes": 9,
        "put_back": 1, "removed": 2, "unchanged": 2});
    assert_eq!(outcome["snapshot"], expected);
    assert_eq!(world.records(), ["begin file", "snapshot of 1", "put back", "close fault file"]);
    assert_eq!(world.kept(), 0, "its writes are dropped, too");
}

#[tokio::test]
async fn a_store_that_is_full_takes_the_files_back_with_the_values() {
    let world = world(When::Always);
    world.break_journal("store");
    let outcome = told(&world, "{}").await;
    assert_eq!(
        (&outcome["error"]["code"], &outcome["snapshot"]["state"]),
        (&json!("host-limit"), &json!("restored"))
    );
    let (records, put_back) = (world.records(), "put back".to_owned());
    assert_eq!(records, ["begin file", "snapshot of 1", "close ok file", "put back", "close fault file"]);
    assert_eq!(records.iter().filter(|record| **record == put_back).count(), 1);
}

#[tokio::test]
async fn what_is_not_put_back_says_why_and_how_far() {
    for (broken, state) in [("put back", "withheld"), ("half", "partly")] {
        let world = world(When::Always);
        world.break_journal(broken);
        let outcome = told(&world, r#"{"say":"nonsense"}"#).await;
        assert_eq!(outcome["snapshot"]["state"], state, "{outcome}");
    }
}

#[tokio::test]
async fn without_one_a_call_runs_unless_it_must_have_one() {
    let world = World::with(Settings { snapshots: When::Medium, weights: Default::default(), ..trusting() });
    world.break_journal("snapshot");
    let outcome = told(&world, "{}").await;
    assert_eq!((&outcome["status"], &outcome["verdict"]["level"]), (&json!("ok"), &json!("medium")));
    assert_eq!(outcome["snapshot"]["state"], "none");
    assert_eq!((&outcome["snapshot"]["why"], world.guests_started()), (&json!("too much"), 1));
    let mut request = human("file", "{}");
    request.snapshot = true;
    let outcome = serde_json::to_value(world.kernel().invoke(request).await).unwrap();
    assert_eq!((&outcome["error"]["code"], world.guests_started()), (&json!("not-started"), 1), "{outcome}");
    let uses = world.capability("file").track.history(0, crate::fakes::NOW_MS).uses;
    assert_eq!(uses, 1, "no guest ran, so nothing speaks against it");
}

#[tokio::test]
async fn where_nobody_wants_one_nothing_is_copied() {
    let world = world(When::Medium);
    let outcome = told(&world, "{}").await;
    assert_eq!(
        (outcome.get("snapshot"), outcome["verdict"].get("snapshot")),
        (None, None),
        "high confidence"
    );
    let mut request = human("file", "{}");
    (request.rehearse, request.snapshot) = (true, true);
    let outcome = serde_json::to_value(world.kernel().invoke(request).await).unwrap();
    assert_eq!(outcome.get("snapshot"), None, "a rehearsal changes nothing");
    assert!(!world.records().iter().any(|record| record.starts_with("snapshot")));
}

#[tokio::test]
async fn the_time_a_snapshot_takes_is_not_the_guest_s() {
    let world = world(When::Always);
    world.break_journal("slow");
    let own = world.capability("file").limits.deadline;
    assert_eq!(told(&world, "{}").await["status"], "ok");
    // As the engine found it when the guest started.
    assert!(world.longest_deadline() > own - SLOW_SNAPSHOT, "{:?} of {own:?}", world.longest_deadline());
}

#[tokio::test]
async fn a_caller_whose_time_is_over_before_the_guest_starts_counts_nothing() {
    let world = world(When::Always);
    world.break_journal("slow");
    let mut request = human("file", "{}");
    request.deadline = Some(SLOW_SNAPSHOT / 2);
    let outcome = serde_json::to_value(world.kernel().invoke(request).await).unwrap();
    assert_eq!(
        (&outcome["error"]["code"], &outcome["error"]["limit"]["key"]),
        (&json!("not-started"), &json!("deadline")),
        "{outcome}"
    );
    assert_eq!(outcome["snapshot"]["state"], "restored", "what was copied goes");
    assert_eq!(world.guests_started(), 0);
    assert_eq!(world.capability("file").track.history(0, crate::fakes::NOW_MS).uses, 0);
    // With more time it is no longer than what the caller gave.
    let mut request = human("file", "{}");
    request.deadline = Some(SLOW_SNAPSHOT * 10);
    let outcome = serde_json::to_value(world.kernel().invoke(request).await).unwrap();
    assert_eq!(outcome["status"], "ok");
    assert!(world.longest_deadline() <= SLOW_SNAPSHOT * 9, "{:?}", world.longest_deadline());
}
