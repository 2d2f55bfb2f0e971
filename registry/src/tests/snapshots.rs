//! Snapshots: which there are, what became of them, which are to go, and who was there at the same time.

use serde_json::json;

use super::*;
use crate::{EventQuery, RegistryError, SnapshotEnd, SnapshotFolder, SnapshotsHold};

fn begun(registry: &Registry, capability: &str) -> Opening {
    let opening = opening(capability);
    let plugin = registry.snapshot().plugin(&name("notes")).cloned().unwrap();
    wait(registry.begin(
        &opening,
        Begun { plugin: &plugin, effect: Effect::Write, approval: None, charge: None, warned: None },
    ))
    .unwrap();
    opening
}

fn ended(registry: &Registry, opening: &Opening) {
    let plugin = registry.snapshot().plugin(&name("notes")).cloned().unwrap();
    wait(close(registry, opening, Some(&plugin), Effect::Write, &[])).unwrap();
}

fn taken(registry: &Registry, bytes: u64) -> Opening {
    let opening = begun(registry, "put_note");
    let folder = SnapshotFolder { name: "work".to_owned(), path: "/srv/work".to_owned() };
    registry.snapshot_begun(opening.id, &[folder]).unwrap();
    registry.snapshot_whole(opening.id, 2, bytes).unwrap();
    opening
}

fn state(registry: &Registry, opening: &Opening) -> String {
    registry.kept_snapshot(opening.id).unwrap().state
}

#[test]
fn its_state_follows_its_call_and_what_became_of_it() {
    let place = State::new();
    let registry = place.open();
    registry.register(notes(), &operator()).unwrap();
    let one = taken(&registry, 7);
    assert_eq!(state(&registry, &one), "running");
    ended(&registry, &one);
    let shown = registry.kept_snapshot(one.id).unwrap();
    assert_eq!(
        (shown.state.as_str(), shown.objects, shown.bytes, shown.later),
        ("kept", Some(2), Some(7), Some(0))
    );
    let two = taken(&registry, 7);
    assert_eq!(registry.kept_snapshot(one.id).unwrap().later, Some(1));
    let told = json!({ "removed": 1 });
    registry.snapshot_ended(two.id, SnapshotEnd::Restored, Some(told.clone()), None).unwrap();
    registry.snapshot_ended(one.id, SnapshotEnd::Returned, None, Some(&operator())).unwrap();
    assert_eq!((state(&registry, &one), state(&registry, &two)), ("returned".into(), "restored".into()));
    assert_eq!(
        (registry.kept_snapshots(false, 9).unwrap(), registry.kept_snapshots(true, 9).unwrap().len()),
        (vec![], 2)
    );
    assert_eq!(registry.kept_snapshot(two.id).unwrap().told, Some(told));
    let query = EventQuery { types: vec!["snapshot_restored".to_owned()], plugin: None, limit: 9 };
    let actors: Vec<bool> =
        registry.events(&query).unwrap().iter().map(|event| event.actor.is_some()).collect();
    assert_eq!(actors, [false, true]);
    let unknown = registry.kept_snapshot(InvocationId::new());
    assert!(matches!(unknown, Err(RegistryError::NoSuchSnapshot { .. })));
}

#[test]
fn one_that_never_was_whole_was_not_taken_and_one_that_changed_nothing_is_no_event() {
    let place = State::new();
    let registry = place.open();
    registry.register(notes(), &operator()).unwrap();
    let never = begun(&registry, "put_note");
    registry.snapshot_begun(never.id, &[]).unwrap();
    registry.snapshot_ended(never.id, SnapshotEnd::Gone, Some(json!({ "why": "too much" })), None).unwrap();
    let old = taken(&registry, 7);
    registry.snapshot_ended(old.id, SnapshotEnd::Gone, None, None).unwrap();
    assert_eq!((state(&registry, &never), state(&registry, &old)), ("not-taken".into(), "gone".into()));
    for (put_back, events) in [(0, 0), (1, 1)] {
        let told = json!({ "put_back": put_back, "removed": 0, "unchanged": 2, "failed": 0 });
        registry.snapshot_ended(taken(&registry, 7).id, SnapshotEnd::Restored, Some(told), None).unwrap();
        let query = EventQuery { types: vec!["snapshot_restored".to_owned()], plugin: None, limit: 9 };
        assert_eq!(registry.events(&query).unwrap().len(), events);
    }
}

#[test]
fn the_oldest_go_first_and_none_whose_call_runs() {
    let place = State::new();
    let registry = place.open();
    registry.register(notes(), &operator()).unwrap();
    let running = taken(&registry, 10);
    let all: Vec<Opening> = (0..3).map(|_| taken(&registry, 10)).collect();
    all.iter().for_each(|opening| ended(&registry, opening));
    // Of ten bytes and two objects each.
    let due = |bytes, objects| registry.snapshots_due(1000, SnapshotsHold { bytes, objects }).unwrap();
    assert_eq!(due(40, 8), []);
    assert_eq!(due(35, 8), [all[0].id]);
    assert_eq!(due(40, 5), [all[0].id, all[1].id], "many small ones are too much, too");
    assert_eq!(due(9, 8), [all[0].id, all[1].id, all[2].id]);
    let held = registry.snapshots_running().unwrap();
    assert_eq!(held, SnapshotsHold { bytes: 10, objects: 2 });
    assert!(held.is_beyond(SnapshotsHold { bytes: 10, objects: 1 }) && !held.is_beyond(held));
    ended(&registry, &running);
    assert_eq!((due(0, 0).len(), registry.snapshots_running().unwrap().bytes), (4, 0));
    assert_eq!(registry.snapshots_there().unwrap().len(), 4);
}

#[test]
fn who_may_have_changed_the_same_at_the_same_time_is_named() {
    let place = State::new();
    let registry = place.open();
    registry.register(notes(), &operator()).unwrap();
    let (mine, plugins) = (taken(&registry, 1), ["notes".to_owned()]);
    assert_eq!(registry.snapshot_disturbed(mine.id, &plugins).unwrap(), None);
    let other = begun(&registry, "put_note");
    let found = registry.snapshot_disturbed(mine.id, &plugins).unwrap().unwrap();
    assert_eq!(found, format!("`put_note` of notes ({})", other.id));
    assert_eq!(registry.snapshot_disturbed(mine.id, &["report".to_owned()]).unwrap(), None);
    ended(&registry, &other);
    assert!(registry.snapshot_disturbed(mine.id, &plugins).unwrap().is_some(), "it ended since");
    assert_eq!(
        registry.snapshot_others(mine.id, &plugins).unwrap(),
        (0, 1),
        "it began later and runs no more"
    );
}
