//! Every call has its row, whatever happens to the process.

use ares_kernel::ports::KvStore as _;

use super::*;
use crate::{InvocationQuery, InvocationView, JournalSync};

fn all(registry: &Registry) -> Vec<InvocationView> {
    registry.invocations(&InvocationQuery { capability: None, parent: None, limit: 1000 }).unwrap()
}

fn write(key: &str, value: Option<&str>) -> KvWrite {
    KvWrite { key: key.to_owned(), value: value.map(|text| text.as_bytes().to_vec()) }
}

#[test]
fn a_call_that_only_reads_is_in_the_spool_first_and_in_the_table_when_asked_for() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let opening = opening("get_note");
    wait(call(&registry, &opening, Effect::Read, &[]));
    let rows = all(&registry);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.id, row.status.as_str(), row.plugin.as_deref()), (opening.id, "ok", Some("notes")));
    assert_eq!((row.caller_kind.as_str(), row.caller.as_str()), ("human", "operator"));
    assert_eq!((row.effect.as_deref(), row.task.as_deref()), (Some("read"), Some("a task")));
    assert_eq!(row.usage.as_ref().map(|usage| (usage.fuel, usage.host_calls)), Some((1234, 3)));
    assert_eq!(row.verdict.as_ref().unwrap()["decision"], "refuse");
    assert_eq!(row.output_blake3, Some(Blake3::of(b"{}")));
    assert_eq!(registry.invocation(opening.id).unwrap().as_ref(), Some(row));
    assert_eq!(state.spool_files(), Vec::<PathBuf>::new());
}

#[test]
fn what_a_call_wrote_into_files_is_on_record() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    wait(call(&registry, &opening("put_note"), Effect::Write, &[]));
    let usage = all(&registry).remove(0).usage.unwrap();
    assert_eq!((usage.file_bytes_written, usage.files_made), (70, 2));
    assert_eq!(usage.file_limit.as_deref(), Some("quota_mb"));
}

#[test]
fn the_spool_is_folded_by_itself() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    wait(call(&registry, &opening("get_note"), Effect::Read, &[]));
    let begun = std::time::Instant::now();
    while !state.spool_files().is_empty() {
        assert!(begun.elapsed().as_secs() < 20, "nobody folded it");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let rows: i64 = state.raw().query_row("SELECT count(*) FROM invocations", (), |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
}

#[test]
fn every_record_of_a_rush_is_there_when_asked_for() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let plugin = registry.snapshot().plugin(&name("notes")).cloned().unwrap();
    // More than one file holds.
    for _ in 0..20_000 {
        wait(close(&registry, &opening("get_note"), Some(&plugin), Effect::Read, &[])).unwrap();
    }
    registry.set_enabled(&name("notes"), false, &operator()).unwrap();
    assert_eq!(all(&registry).len(), 1000, "the limit of the question");
    let rows: i64 = state.raw().query_row("SELECT count(*) FROM invocations", (), |row| row.get(0)).unwrap();
    assert_eq!((rows, state.spool_files().len()), (20_000, 0));
}

#[test]
fn with_every_reply_nothing_goes_through_the_spool() {
    let state = State::new();
    let options = Options { journal_sync: JournalSync::EveryReply, ..state.options() };
    let registry = Registry::open(&state.path(), options).unwrap();
    registry.register(notes(), &operator()).unwrap();
    wait(call(&registry, &opening("get_note"), Effect::Read, &[]));
    assert_eq!(state.spool_files(), Vec::<PathBuf>::new());
    assert_eq!(all(&registry).len(), 1);
}

#[test]
fn a_call_that_changes_something_has_its_row_before_it_runs() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let opening = opening("put_note");
    let plugin = registry.snapshot().plugin(&name("notes")).cloned().unwrap();
    wait(registry.begin(
        &opening,
        Begun { plugin: &plugin, effect: Effect::Write, approval: None, charge: None, warned: None },
    ))
    .unwrap();
    let status: String =
        state.raw().query_row("SELECT status FROM invocations", (), |row| row.get(0)).unwrap();
    assert_eq!(status, "running");
    wait(close(&registry, &opening, Some(&plugin), Effect::Write, &[])).unwrap();
    assert_eq!(all(&registry)[0].status, "ok");
    let again = wait(close(&registry, &opening, Some(&plugin), Effect::Write, &[]));
    assert!(again.is_err(), "a call ends once");
}

#[test]
fn kv_is_kept_with_the_closing_row_or_not_at_all() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let get = |key: &str| wait(registry.get(&name("notes"), key)).unwrap();
    let keys = |prefix: &str, after: Option<&str>, limit| {
        wait(registry.keys(&name("notes"), prefix, after, limit)).unwrap()
    };
    let writes =
        [write("a/1", Some("one")), write("a/2", Some("two")), write("b", Some("b")), write("c", Some("c"))];
    wait(call(&registry, &opening("put_note"), Effect::Write, &writes));
    wait(call(&registry, &opening("put_note"), Effect::Write, &[write("c", None), write("b", Some("B"))]));
    assert_eq!((get("b"), get("c")), (Some(b"B".to_vec()), None));
    assert_eq!(keys("a/", None, 10), ["a/1", "a/2"]);
    assert_eq!(keys("", Some("a/1"), 10), ["a/2", "b"]);
    assert_eq!(keys("a/", Some("a/2"), 10), Vec::<String>::new());
    assert_eq!(keys("", None, 1), ["a/1"]);

    // One bad write: neither the row's end nor the good write is kept.
    let opening = opening("put_note");
    let plugin = registry.snapshot().plugin(&name("notes")).cloned().unwrap();
    wait(registry.begin(
        &opening,
        Begun { plugin: &plugin, effect: Effect::Write, approval: None, charge: None, warned: None },
    ))
    .unwrap();
    let bad = [write("good", Some("x")), write(&"k".repeat(257), Some("x"))];
    assert!(wait(close(&registry, &opening, Some(&plugin), Effect::Write, &bad)).is_err());
    assert_eq!(get("good"), None);
    assert_eq!(registry.invocation(opening.id).unwrap().unwrap().status, "running");
}

#[test]
fn records_of_before_a_number_was_added_are_read_without_it() {
    use crate::journal::record::{Closed, Opened, from_bytes, to_bytes};
    let opening = opening("get_note");
    let opened = Opened::of(&opening);
    let verdict = std::thread::spawn(verdict).join().unwrap();
    let usage = Usage { denied: 7, ..Usage::default() };
    use ares_kernel::facts::{Came, Use};
    let came = Came::Ok;
    let used =
        Use { at_ms: 9, came, context: 1, input: 2, id: 3, shape: 6, fault: None, wall_us: 4, fuel: 5 };
    let closing = Closing {
        status: "ok",
        code: None,
        message: None,
        plugin: None,
        effect: None,
        begun: false,
        usage,
        output: None,
        verdict: &verdict,
        cost: None,
        ended_ms: 1,
        writes: &[],
        published: None,
        used: Some(used),
        held: None,
        stopped: None,
        warned: None,
        flags: &[],
    };
    let closed = Closed::of(&closing);
    let whole = to_bytes(&opened, &closed).unwrap();
    let again = from_bytes(&whole).unwrap().1;
    assert_eq!((again.denied, again.used), (7, Some(used)));
    let before = postcard::to_stdvec(&(&opened, &closed, 7_u64, Some(used))).unwrap();
    let again = from_bytes(&before).unwrap().1;
    assert_eq!((again.denied, again.used, again.flags), (7, Some(used), None));
    let older = postcard::to_stdvec(&(&opened, &closed, 7_u64)).unwrap();
    let again = from_bytes(&older).unwrap().1;
    assert_eq!((again.denied, again.used), (7, None));
    let before = postcard::to_stdvec(&(&opened, &closed)).unwrap();
    let (again, without) = from_bytes(&before).unwrap();
    assert_eq!((again, without.denied, without.used, without.verdict), (opened, 0, None, closed.verdict));
}

/// `notes`, which may keep so much.
fn frugal(version: &str, bytes: u64, keys: u64) -> Registration {
    let more = format!("[permissions]\nkv = true\n[limits]\nkv_total_bytes = {bytes}\nkv_keys = {keys}");
    let mut notes = plugin("notes", version, &more, &[("put_note", "write")]);
    notes.grants.insert(Scope::Kv, None);
    notes
}

#[test]
fn a_store_holds_so_much_and_no_more() {
    let state = State::new();
    let registry = state.open();
    registry.register(frugal("1.0.0", 100, 4), &operator()).unwrap();
    let plugin = || registry.snapshot().plugin(&name("notes")).cloned().unwrap();
    let used = || {
        let used = registry.kv_used(&name("notes")).unwrap();
        (used.keys, used.bytes)
    };
    let keep = |writes: &[KvWrite]| wait(registry.kv_apply(&plugin(), writes.to_vec()));
    let full = |kept: Result<(), crate::RegistryError>, limit| {
        let crate::RegistryError::StoreFull(full) = kept.unwrap_err() else { panic!("another error") };
        assert_eq!(full.limit, limit);
    };
    keep(&[write("a", Some(&"x".repeat(49))), write("b", Some(&"x".repeat(49)))]).unwrap();
    assert_eq!(used(), (2, 100));
    full(keep(&[write("c", None), write("d", Some(""))]), "kv_total_bytes");
    // Replacing and deleting make room, in whatever order.
    keep(&[write("c", Some("1")), write("a", Some(""))]).unwrap();
    assert_eq!(used(), (3, 53));
    full(keep(&[write("d", Some("")), write("e", Some(""))]), "kv_keys");
    assert_eq!(used(), (3, 53));
    // Less than before is always taken, also where the limit was lowered meanwhile.
    registry.register(frugal("2.0.0", 10, 1), &operator()).unwrap();
    keep(&[write("b", Some("shorter"))]).unwrap();
    full(keep(&[write("b", Some("longer again"))]), "kv_total_bytes");
    keep(&[write("a", None), write("b", None), write("c", None)]).unwrap();
    assert_eq!(used(), (0, 0));
    registry.unregister(&name("notes"), &operator()).unwrap();
    let left: i64 = state.raw().query_row("SELECT count(*) FROM kv_total", (), |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[test]
fn calls_at_the_same_time_cannot_fill_a_store_beyond_its_limit() {
    let state = State::new();
    let registry = state.open();
    registry.register(frugal("1.0.0", 1000, 1000), &operator()).unwrap();
    let plugin = registry.snapshot().plugin(&name("notes")).cloned().unwrap();
    let openings: Vec<Opening> = (0..50).map(|_| opening("put_note")).collect();
    for opening in &openings {
        wait(registry.begin(
            opening,
            Begun { plugin: &plugin, effect: Effect::Write, approval: None, charge: None, warned: None },
        ))
        .unwrap();
    }
    let writes: Vec<_> =
        (0..50).map(|number| [write(&format!("{number:02}"), Some(&"x".repeat(98)))]).collect();
    let closings = openings.iter().zip(&writes);
    let closings =
        closings.map(|(opening, writes)| close(&registry, opening, Some(&plugin), Effect::Write, writes));
    let closed = wait(futures::future::join_all(closings));
    assert_eq!(closed.iter().filter(|closed| closed.is_ok()).count(), 10);
    let full = closed.iter().filter_map(|closed| closed.as_ref().err()?.store_full());
    assert_eq!(full.count(), 40);
    assert_eq!(registry.kv_used(&name("notes")).unwrap().bytes, 1000);
    // Nothing of a refused closing is there: its call can still be closed as what it was.
    let open = all(&registry).iter().filter(|row| row.status == "running").count();
    assert_eq!(open, 40);
}

#[test]
fn writes_of_a_plugin_that_was_taken_out_are_refused() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let opening = opening("put_note");
    let plugin = registry.snapshot().plugin(&name("notes")).cloned().unwrap();
    wait(registry.begin(
        &opening,
        Begun { plugin: &plugin, effect: Effect::Write, approval: None, charge: None, warned: None },
    ))
    .unwrap();
    registry.unregister(&name("notes"), &operator()).unwrap();
    assert!(
        wait(close(&registry, &opening, Some(&plugin), Effect::Write, &[write("a", Some("b"))])).is_err()
    );
    assert!(wait(registry.kv_apply(&plugin, vec![write("a", Some("b"))])).is_err());
}

#[test]
fn many_calls_share_few_commits_and_one_failure_takes_no_other_with_it() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let plugin = registry.snapshot().plugin(&name("notes")).cloned().unwrap();
    let openings: Vec<Opening> = (0..200).map(|_| opening("put_note")).collect();
    let begin = |opening| {
        registry.begin(
            opening,
            Begun { plugin: &plugin, effect: Effect::Write, approval: None, charge: None, warned: None },
        )
    };
    let begins: Vec<_> = openings.iter().map(begin).collect();
    let twice = begin(&openings[0]);
    let (results, twice) = wait(futures::future::join(futures::future::join_all(begins), twice));
    assert!(results.iter().all(Result::is_ok));
    assert!(twice.is_err(), "the id is taken");
    assert_eq!(all(&registry).len(), 200);
}

#[test]
fn nothing_runs_while_records_cannot_be_kept_and_everything_does_again_after() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let plugin = registry.snapshot().plugin(&name("notes")).cloned().unwrap();
    let close = || wait(close(&registry, &opening("get_note"), Some(&plugin), Effect::Read, &[]));
    let (spool, away) = (state.0.path().join("spool"), state.0.path().join("away"));
    fs_err::rename(&spool, &away).unwrap();
    registry.ready().unwrap();
    assert!(close().is_err());
    assert!(registry.ready().is_err());
    fs_err::rename(&away, &spool).unwrap();
    registry.ready().unwrap();
    close().unwrap();
    close().unwrap();
    assert_eq!(all(&registry).len(), 2);
}

#[test]
fn a_rehearsal_is_on_record_as_one_and_no_use_when_its_host_dies() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let plugin = registry.snapshot().plugin(&name("notes")).cloned().unwrap();
    let rehearsal = |capability| ares_kernel::ports::Opening { rehearsal: true, ..opening(capability) };
    let (real, changes, reads, left) =
        (opening("put_note"), rehearsal("put_note"), rehearsal("get_note"), rehearsal("put_note"));
    let begin = |opening| {
        let begun =
            Begun { plugin: &plugin, effect: Effect::Write, approval: None, charge: None, warned: None };
        wait(registry.begin(opening, begun)).unwrap();
    };
    for opening in [&real, &changes, &left] {
        begin(opening);
    }
    for opening in [&real, &changes] {
        wait(close(&registry, opening, Some(&plugin), Effect::Write, &[])).unwrap();
    }
    wait(close(&registry, &reads, Some(&plugin), Effect::Read, &[])).unwrap();
    let is = |id| registry.invocation(id).unwrap().unwrap().rehearsal;
    assert_eq!([&real, &changes, &reads, &left].map(|one| is(one.id)), [false, true, true, true]);
    let done = wait(registry.done_in("a task".to_owned())).unwrap();
    assert_eq!(done.len(), 1, "the real one alone has its place in the task");
    let lost = opening("put_note");
    begin(&lost);
    let ids = (left.id, lost.id);
    drop(registry);
    let registry = state.open();
    let message = |id| registry.invocation(id).unwrap().unwrap().message.unwrap_or_default();
    assert!(message(ids.0).contains("changed nothing") && message(ids.1).contains("unknown"));
    let capability = registry.snapshot().plugin(&name("notes")).unwrap().capabilities[0].clone();
    assert_eq!(capability.id.as_str(), "put_note");
    assert_eq!(capability.track.uses().len(), 1, "the call that was lost, and not the rehearsal");
}
