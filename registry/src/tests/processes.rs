//! Several processes on one database, some of which die.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;
use crate::{EventQuery, InvocationQuery, State as PluginState, StatusChange};

const STATE: &str = "ARES_REGISTRY_TEST_STATE";

/// This test binary again, doing one of the jobs below on a state directory.
fn process(job: &str, state: &State) -> std::process::Child {
    #[expect(clippy::disallowed_methods, reason = "the other process is this test binary")]
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("tests::processes::{job}"), "--ignored", "--nocapture"]);
    command.env(STATE, state.0.path()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The registry of the process that started this one; none when a person runs the ignored tests.
fn given() -> Option<Registry> {
    #[expect(clippy::disallowed_methods, reason = "how the test tells its other process what to do")]
    let state = PathBuf::from(std::env::var_os(STATE)?);
    Some(Registry::open(&state.join("registry.db"), options(&state)).unwrap())
}

#[test]
#[ignore = "a job for another process"]
fn job_write_a_thousand_rows() {
    let Some(registry) = given() else { return };
    for number in 0..1000 {
        registry.add_event(None, "written", serde_json::json!({ "number": number })).unwrap();
    }
}

#[test]
#[ignore = "a job for another process"]
fn job_die_in_the_middle() {
    let Some(registry) = given() else { return };
    wait(async {
        call(&registry, &opening("get_note"), Effect::Read, &[]).await;
        call(
            &registry,
            &opening("put_note"),
            Effect::Write,
            &[KvWrite { key: "k".into(), value: Some(b"v".into()) }],
        )
        .await;
        let plugin = registry.snapshot().plugin(&name("notes")).cloned().unwrap();
        registry
            .begin(
                &opening("put_note"),
                Begun { plugin: &plugin, effect: Effect::Write, approval: None, charge: None, warned: None },
            )
            .await
            .unwrap();
        registry.update_status(&name("notes"), StatusChange::to(PluginState::Running)).unwrap();
        for _ in 0..50 {
            call(&registry, &opening("get_note"), Effect::Read, &[]).await;
        }
    });
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
}

#[test]
fn two_processes_write_a_thousand_rows_each() {
    let state = State::new();
    let children =
        [process("job_write_a_thousand_rows", &state), process("job_write_a_thousand_rows", &state)];
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let query = EventQuery { types: vec!["written".to_owned()], plugin: None, limit: 10_000 };
    assert_eq!(state.open().events(&query).unwrap().len(), 2000);
}

#[test]
fn what_a_killed_process_had_acknowledged_is_there() {
    let state = State::new();
    state.open().register(notes(), &operator()).unwrap();
    let output = process("job_die_in_the_middle", &state).wait_with_output().unwrap();
    assert!(!output.status.success());
    let registry = state.open();
    let rows =
        registry.invocations(&InvocationQuery { capability: None, parent: None, limit: 1000 }).unwrap();
    let count = |status: &str| rows.iter().filter(|row| row.status == status).count();
    assert_eq!((count("ok"), count("lost"), rows.len()), (52, 1, 53));
    let value = wait(ares_kernel::ports::KvStore::get(&registry, &name("notes"), "k")).unwrap();
    assert_eq!(value.as_deref(), Some(b"v".as_slice()));
    let status = registry.status(&name("notes")).unwrap();
    assert_eq!((status.state, status.process_id), (PluginState::Stopped, None));
    let ended = registry
        .events(&EventQuery { types: vec!["host_ended".to_owned()], plugin: None, limit: 9 })
        .unwrap();
    assert_eq!((ended.len(), &ended[0].data["calls_lost"]), (1, &1.into()));
    assert_eq!(state.spool_files(), Vec::<PathBuf>::new());
}

/// The spool a process left behind that died with 3 records in it; also its folder's other files.
fn left_behind(state: &State) -> (PathBuf, Vec<u8>, PathBuf) {
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    for _ in 0..3 {
        wait(call(&registry, &opening("get_note"), Effect::Read, &[]));
    }
    let file = state.spool_files().pop().unwrap();
    let mut bytes = fs_err::read(&file).unwrap();
    bytes.truncate(bytes.len() - crate::spool::frame::records(&bytes).torn);
    let alive = state.0.path().join("spool").join(format!("{}.alive", registry.owner.id));
    drop(registry);
    let wipe = "DELETE FROM invocations";
    state.raw().execute(wipe, ()).unwrap();
    (file, bytes, alive)
}

fn rows(state: &State) -> i64 {
    state.raw().query_row("SELECT count(*) FROM invocations", (), |row| row.get(0)).unwrap()
}

#[test]
fn a_spool_torn_at_any_byte_of_its_last_record_is_folded_up_to_it() {
    let state = State::new();
    let (file, bytes, alive) = left_behind(&state);
    let records = crate::spool::frame::records(&bytes);
    let last = bytes.len() - crate::spool::frame::framed(records.whole[2]).unwrap().len();
    for end in last..=bytes.len() {
        fs_err::write(&alive, "").unwrap();
        fs_err::write(&file, &bytes[..end]).unwrap();
        drop(state.open());
        let whole = if end == bytes.len() { 3 } else { 2 };
        assert_eq!(rows(&state), whole, "cut at {end}");
        assert!(!file.exists() && !alive.exists());
    }
}

#[test]
fn folding_twice_is_folding_once() {
    let state = State::new();
    let (file, bytes, alive) = left_behind(&state);
    for _ in 0..3 {
        fs_err::write(&alive, "").unwrap();
        fs_err::write(&file, &bytes).unwrap();
        drop(state.open());
        assert_eq!(rows(&state), 3);
    }
}

#[test]
fn a_damaged_spool_is_reported_and_kept() {
    let state = State::new();
    let (file, mut bytes, alive) = left_behind(&state);
    let first = crate::spool::frame::framed(crate::spool::frame::records(&bytes).whole[0]).unwrap().len();
    bytes[first + 20] ^= 1;
    fs_err::write(&alive, "").unwrap();
    fs_err::File::create(&file).unwrap().write_all(&bytes).unwrap();
    let registry = state.open();
    assert_eq!(rows(&state), 1, "what comes before the damage is there");
    let events = registry
        .events(&EventQuery { types: vec!["journal_damaged".to_owned()], plugin: None, limit: 9 })
        .unwrap();
    assert_eq!(events[0].data["damage"], format!("record at byte {first}: its checksum does not fit"));
    assert!(file.with_extension("damaged").exists() && !file.exists());
    assert_eq!(registry.check().unwrap()[0].check, "spool");
}

#[test]
fn the_spool_of_a_living_process_is_left_alone() {
    let state = State::new();
    let one = state.open();
    one.register(notes(), &operator()).unwrap();
    let plugin = one.snapshot().plugin(&name("notes")).cloned().unwrap();
    let running = opening("put_note");
    wait(one.begin(
        &running,
        Begun { plugin: &plugin, effect: Effect::Write, approval: None, charge: None, warned: None },
    ))
    .unwrap();
    let two = state.open();
    assert_eq!(two.invocation(running.id).unwrap().unwrap().status, "running");
    drop(two);
    wait(close(&one, &running, Some(&plugin), Effect::Write, &[])).unwrap();
}

#[test]
fn a_process_that_goes_leaves_nothing_running() {
    let state = State::new();
    let one = state.open();
    one.register(notes(), &operator()).unwrap();
    one.update_status(&name("notes"), StatusChange::to(PluginState::Running)).unwrap();
    let two = state.open();
    assert_eq!(two.status(&name("notes")).unwrap().state, PluginState::Running);
    drop(one);
    assert_eq!(two.status(&name("notes")).unwrap().state, PluginState::Stopped);
}
