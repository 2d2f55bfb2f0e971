//! Snapshots as their users meet them: what a call changed in folders goes back when it does not end
//! well, and on request when it did.

use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::Installation;

/// An installation whose calls each have a snapshot, and the folder its files are in.
fn installation(plugin: &str, scope: &str) -> (Installation, std::path::PathBuf) {
    let mut installation = Installation::new();
    installation.set("ARES_HOST_GATE_SNAPSHOTS", "always");
    let work = installation.place("work");
    std::fs::write(work.join("kept"), "kept").unwrap();
    installation.register(plugin, &[&format!("{scope}={}", work.display())]);
    (installation, work)
}

fn script(installation: &Installation, steps: Value, more: &[&str], exit: i32) -> Value {
    let input = json!({ "steps": steps }).to_string();
    let mut arguments = vec!["invoke", "script", "--input", &input, "--json"];
    arguments.extend(more);
    installation.ares(arguments).exits(exit).json()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn copies(installation: &Installation) -> Vec<String> {
    let folder = installation.state().join("snapshots");
    if folder.exists() { names(&folder) } else { Vec::new() }
}

fn changing() -> Vec<Value> {
    vec![
        json!({ "act": "write", "path": "kept", "amount": 100 }),
        json!({ "act": "write", "path": "new", "amount": 10 }),
        json!({ "act": "folder", "path": "made" }),
    ]
}

#[test]
fn what_a_call_changed_goes_back_when_it_fails_or_breaks() {
    let (installation, work) = installation("chaos", "fs:target");
    let mut no = changing();
    no.push(json!({ "act": "stat", "path": "x", "folder": 9 }));
    let failed = script(&installation, json!(no), &[], 1);
    assert_eq!(
        (&failed["status"], &failed["error"]["code"]),
        (&json!("failed"), &json!("no-folder")),
        "{failed}"
    );
    let mut slow = changing();
    slow.push(json!({ "act": "stat", "path": "new", "times": 100_000_000 }));
    let fault = script(&installation, json!(slow), &["--deadline", "3000"], 11);
    for outcome in [&failed, &fault] {
        let snapshot = &outcome["snapshot"];
        assert_eq!(snapshot["state"], "restored", "{outcome}");
        let counts = (&snapshot["put_back"], &snapshot["removed"], &snapshot["unchanged"]);
        assert_eq!(counts, (&json!(1), &json!(2), &json!(0)), "{outcome}");
    }
    assert_eq!(names(&work), ["kept"]);
    assert_eq!(std::fs::read_to_string(work.join("kept")).unwrap(), "kept");
    assert_eq!(copies(&installation), Vec::<String>::new());
    // It is on record, and there is nothing left to restore.
    let id = failed["id"].as_str().unwrap();
    let shown = installation.ares(["snapshots", "show", id, "--json"]).exits(0).json();
    assert_eq!((&shown["state"], &shown["told"]["removed"]), (&json!("restored"), &json!(2)), "{shown}");
    installation.ares(["snapshots", "restore", id, "--yes"]).exits(2);
    let said =
        installation.ares(["invoke", "script", "--input", &json!({ "steps": no }).to_string()]).exits(1);
    assert!(said.stderr.contains("was taken back: 1 put back, 2 removed, 0 left as they were"), "{said:?}");
    let explained = installation.ares(["explain", id]).exits(0).stdout;
    assert!(explained.contains("snapshot    of the folders it may change"), "{explained}");
}

#[test]
fn a_good_call_can_be_taken_back_by_a_person() {
    let (installation, work) = installation("file-tools", "fs:workspace");
    let outcome = installation.invoke("write_file", r#"{"path":"kept","text":"other","overwrite":true}"#);
    assert_eq!(
        (&outcome["status"], &outcome["snapshot"]["state"]),
        (&json!("ok"), &json!("kept")),
        "{outcome}"
    );
    let id = outcome["id"].as_str().unwrap();
    installation.invoke("write_file", r#"{"path":"later","text":"x"}"#);
    let told = installation.ares(["feedback", id, "--wrong"]).exits(0).stdout;
    assert!(told.contains(&format!("ares-host snapshots restore {id}")), "{told}");
    let listed = installation.ares(["snapshots", "list", "--json"]).exits(0).json();
    assert_eq!((&listed[0]["id"], &listed[0]["state"]), (&json!(id), &json!("kept")));
    let shown = installation.ares(["snapshots", "show", id, "--json"]).exits(0).json();
    assert_eq!((&shown["later"], &shown["folders"][0]["name"]), (&json!(1), &json!("workspace")), "{shown}");
    installation.ares(["snapshots", "restore", id]).exits(2);
    let looked = installation.ares(["snapshots", "restore", id, "--dry-run", "--json"]).exits(0).json();
    assert_eq!(looked["changes"], json!(["put back workspace:kept", "remove workspace:later"]), "{looked}");
    assert_eq!(std::fs::read_to_string(work.join("kept")).unwrap(), "other", "looking changes nothing");
    let done = installation.ares(["snapshots", "restore", id, "--yes", "--json"]).exits(0).json();
    assert_eq!(
        (&done["state"], &done["put_back"], &done["removed"]),
        (&json!("returned"), &json!(1), &json!(1))
    );
    assert_eq!(
        (names(&work), std::fs::read_to_string(work.join("kept")).unwrap()),
        (vec!["kept".to_owned()], "kept".to_owned())
    );
    let events = installation.ares(["events", "--type", "snapshot_restored", "--json"]).exits(0).json();
    let event = &events[0];
    assert_eq!((&event["data"]["invocation"], event["actor"].is_string()), (&json!(id), true), "{events}");
    let other = copies(&installation);
    assert_eq!(other.len(), 1, "the later call's own");
    installation.ares(["snapshots", "rm", &other[0]]).exits(0);
    assert_eq!(copies(&installation), Vec::<String>::new());
    installation.ares(["snapshots", "show", id.replace('0', "1").as_str()]).exits(4);
}

#[test]
fn a_call_that_must_have_one_does_not_run_without_and_others_say_so() {
    let mut installation = Installation::strict();
    let work = installation.place("work");
    std::fs::write(work.join("a"), "a").unwrap();
    std::fs::write(work.join("b"), "b").unwrap();
    for (name, value) in [("UNTRIED", "run"), ("SNAPSHOT_ENTRIES", "1")] {
        installation.set(&format!("ARES_HOST_GATE_{name}"), value);
    }
    let free = crate::harness::root().join("tests/it/rules/free.cedar");
    installation.set("ARES_HOST_POLICY_FILE", free.to_str().unwrap());
    installation.register("file-tools", &[&format!("fs:workspace={}", work.display())]);
    let call =
        ["invoke", "write_file", "--arg", "path=new", "--arg", "text=x", "--arg", "overwrite=true", "--json"];
    let asked: Vec<&str> = call.iter().copied().chain(["--snapshot"]).collect();
    let refused = installation.ares(asked).exits(10).json();
    assert_eq!(
        (&refused["error"]["code"], &refused["error"]["limit"]["key"]),
        (&json!("not-started"), &json!("gate.snapshot_entries")),
        "{refused}"
    );
    assert_eq!(names(&work), ["a", "b"]);
    let outcome = installation.ares(call).exits(0).json();
    assert_eq!(
        (&outcome["verdict"]["level"], &outcome["snapshot"]["state"]),
        (&json!("medium"), &json!("none")),
        "{outcome}"
    );
    assert_eq!(outcome["verdict"]["snapshot"]["why"], "confidence is medium");
    installation.set("ARES_HOST_GATE_SNAPSHOT_ENTRIES", "100");
    let outcome = installation.ares(call).exits(0).json();
    assert_eq!((&outcome["snapshot"]["state"], &outcome["snapshot"]["objects"]), (&json!("kept"), &json!(3)));
    let rehearsed = installation.ares([
        "rehearse",
        "write_file",
        "--arg",
        "path=new",
        "--arg",
        "text=x",
        "--arg",
        "overwrite=true",
        "--json",
    ]);
    assert_eq!(rehearsed.exits(0).json().get("snapshot"), None);
}

#[test]
fn old_snapshots_and_too_many_go_the_oldest_first() {
    let (mut installation, work) = installation("file-tools", "fs:workspace");
    installation.set("ARES_HOST_GATE_SNAPSHOTS_MB", "1");
    std::fs::write(work.join("large"), vec![b'x'; 700 << 10]).unwrap();
    let write = || installation.invoke("write_file", r#"{"path":"kept","text":"other","overwrite":true}"#);
    let (first, second) = (write(), write());
    assert_eq!(copies(&installation), [second["id"].as_str().unwrap()]);
    let shown =
        installation.ares(["snapshots", "show", first["id"].as_str().unwrap(), "--json"]).exits(0).json();
    assert_eq!(shown["state"], "gone");
    installation.set("ARES_HOST_GATE_SNAPSHOT_KEEP_S", "1");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let third = installation.invoke("write_file", r#"{"path":"kept","text":"other","overwrite":true}"#);
    assert_eq!(copies(&installation), [third["id"].as_str().unwrap()]);
}

#[test]
fn many_small_files_count_as_what_they_take_on_the_disk() {
    let (mut installation, work) = installation("file-tools", "fs:workspace");
    for number in 0..200 {
        std::fs::write(work.join(number.to_string()), "x").unwrap();
    }
    installation.set("ARES_HOST_GATE_SNAPSHOTS_MB", "1");
    let call =
        ["invoke", "write_file", "--arg", "path=a", "--arg", "text=x", "--arg", "overwrite=true", "--json"];
    let write = || installation.ares(call).exits(0).json();
    write();
    let second = write();
    assert_eq!(copies(&installation), [second["id"].as_str().unwrap()], "{second}");
    for (key, value) in [("gate.snapshots_entries", "100"), ("gate.snapshots_mb", "1")] {
        let name = key.to_uppercase().replace('.', "_");
        installation.set(&format!("ARES_HOST_{name}"), value);
        // Nothing but its own is left, and that is too much.
        let refused = installation.ares(call).exits(10).json();
        let limit = &refused["error"]["limit"];
        assert_eq!(
            (&refused["error"]["code"], &limit["key"]),
            (&json!("not-started"), &json!(key)),
            "{refused}"
        );
        assert_eq!(copies(&installation), Vec::<String>::new());
        installation.set("ARES_HOST_GATE_SNAPSHOTS_ENTRIES", "100000");
        for number in 200..300 {
            std::fs::write(work.join(number.to_string()), "x").unwrap();
        }
    }
}

#[test]
fn what_another_call_may_have_changed_meanwhile_is_not_put_back_unasked() {
    let (installation, work) = installation("chaos", "fs:target");
    let host = installation.run();
    let mut slow = changing();
    slow.push(json!({ "act": "stat", "path": "new", "times": 100_000_000 }));
    let input = json!({ "steps": slow }).to_string();
    let mut command =
        installation.command(["invoke", "script", "--input", &input, "--deadline", "6000", "--json"]);
    let slow =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    host.wait_for("its files", || work.join("made").exists());
    let busy = copies(&installation).remove(0);
    let refused = installation.ares(["snapshots", "restore", &busy, "--yes", "--json"]).exits(1).json();
    assert_eq!(refused["error"]["code"], "snapshot-busy", "{refused}");
    script(&installation, json!([{ "act": "write", "path": "theirs", "amount": 5 }]), &[], 0);
    let output = slow.wait_with_output().unwrap();
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&outcome["status"], &outcome["snapshot"]["state"]),
        (&json!("fault"), &json!("withheld")),
        "{outcome}"
    );
    assert!(outcome["snapshot"]["why"].as_str().unwrap().contains("ran at the same time"), "{outcome}");
    assert!(work.join("theirs").exists() && work.join("made").exists());
    installation.ares(["snapshots", "restore", &busy, "--yes"]).exits(0);
    assert_eq!(names(&work), ["kept"], "a person may");
}

#[test]
fn a_host_that_is_killed_leaves_a_snapshot_to_be_put_back_and_no_half_ones() {
    let (installation, work) = installation("chaos", "fs:target");
    let host = installation.run();
    let mut steps = changing();
    steps.push(json!({ "act": "stat", "path": "new", "times": 100_000_000 }));
    let input = json!({ "steps": steps }).to_string();
    let mut command = installation.command(["invoke", "script", "--input", &input]);
    let mut call =
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    host.wait_for("its files", || work.join("made").exists());
    host.signal(Signal::KILL);
    call.wait().unwrap();
    drop(host);
    assert_eq!(names(&work), ["kept", "made", "new"]);
    // A copy that no call ever had.
    let orphan = installation.state().join("snapshots/01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d");
    std::fs::create_dir(&orphan).unwrap();
    let listed = installation.ares(["snapshots", "list", "--json"]).exits(0).json();
    assert_eq!(
        (listed.as_array().unwrap().len(), &listed[0]["state"]),
        (1, &json!("interrupted")),
        "{listed}"
    );
    assert!(!orphan.exists());
    assert_eq!(names(&work), ["kept", "made", "new"], "nothing is put back unasked");
    let id = listed[0]["id"].as_str().unwrap();
    let done = installation.ares(["snapshots", "restore", id, "--yes", "--json"]).exits(0).json();
    assert_eq!((&done["put_back"], &done["removed"]), (&json!(1), &json!(2)), "{done}");
    assert_eq!(
        (names(&work), std::fs::read_to_string(work.join("kept")).unwrap()),
        (vec!["kept".to_owned()], "kept".to_owned())
    );
    // One that was never whole: its list is not there.
    let outcome = script(&installation, json!([{ "act": "write", "path": "new", "amount": 1 }]), &[], 0);
    let id = outcome["id"].as_str().unwrap();
    std::fs::remove_file(installation.state().join("snapshots").join(id).join("list")).unwrap();
    assert_eq!(installation.ares(["snapshots", "list", "--json"]).exits(0).json(), json!([]));
    assert_eq!(copies(&installation), Vec::<String>::new());
}
