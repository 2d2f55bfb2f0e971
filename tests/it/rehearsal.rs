//! Rehearsals as their users meet them: `ares-host rehearse` says what a call would do and leaves nothing
//! but its record.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::Installation;

fn rehearse(installation: &Installation, capability: &str, input: &Value, exit: i32) -> Value {
    let input = input.to_string();
    installation.ares(["rehearse", capability, "--input", &input, "--json"]).exits(exit).json()
}

fn rooms(installation: &Installation) -> Vec<String> {
    let Ok(rooms) = std::fs::read_dir(installation.state().join("rehearsals")) else { return Vec::new() };
    rooms.map(|room| room.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn what_would_wait_for_a_person_is_rehearsed_and_that_counts_as_tried() {
    let installation = Installation::strict();
    installation.register("notes", &[]);
    let note = json!({ "name": "milk", "text": "two litres" });
    let put = ["invoke", "put_note", "--input", r#"{"name":"milk","text":"two litres"}"#, "--json"];
    installation.ares(put).exits(8);
    let outcome = rehearse(&installation, "put_note", &note, 0);
    let rehearsal = &outcome["rehearsal"];
    assert_eq!((&rehearsal["decision"], &outcome["verdict"]["decision"]), (&json!("ask"), &json!("caveats")));
    assert_eq!((&rehearsal["effects"][0]["kind"], &rehearsal["effects"][1]), (&json!("kv"), &Value::Null));
    assert_eq!(installation.invoke("get_note", r#"{"name":"milk"}"#)["status"], "failed", "nothing was kept");
    let id = outcome["id"].as_str().unwrap();
    let shown = installation.ares(["invocations", id, "--json"]).exits(0).json();
    assert_eq!((&shown[0]["status"], &shown[0]["rehearsal"]), (&json!("ok"), &json!(true)));
    // Each command is a process of its own, so what the next one knows is in the database. A rule that
    // asks goes on asking.
    let held = installation.ares(put).exits(8).json();
    let explained = installation.ares(["explain", held["id"].as_str().unwrap(), "--json"]).exits(0).json();
    let history = &explained["judged"]["history"];
    assert_eq!((&history["rehearsed"], &history["uses"]), (&json!(1), &json!(0)));
}

#[test]
fn files_and_a_deletion_are_told_and_not_done() {
    let installation = Installation::strict();
    let work = installation.place("work");
    std::fs::write(work.join("old.txt"), "old").unwrap();
    installation.register("file-tools", &[&format!("fs:workspace={}", work.display())]);
    let shown = installation.ares(["rehearse", "write_file", "--arg", "path=new.txt", "--arg", "text=hello"]);
    let shown = shown.exits(0).stdout;
    assert!(shown.contains("make file  workspace:new.txt  5"), "{shown}");
    assert!(shown.contains("a real call would wait for a person") && shown.contains("sha256"), "{shown}");
    let removed = rehearse(&installation, "remove_file", &json!({ "path": "old.txt" }), 0);
    let effect = &removed["rehearsal"]["effects"][0];
    assert_eq!((&effect["change"], &effect["path"]), (&json!("removed"), &json!("old.txt")));
    let left: Vec<_> = std::fs::read_dir(&work).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!((left, rooms(&installation)), (vec!["old.txt".into()], Vec::new()));
    assert_eq!(std::fs::read_to_string(work.join("old.txt")).unwrap(), "old");
    let too_much = [
        "--set",
        "rehearsal.entries=1",
        "rehearse",
        "write_file",
        "--arg",
        "path=a",
        "--arg",
        "text=b",
        "--json",
    ];
    std::fs::write(work.join("another"), "x").unwrap();
    let refused = installation.ares(too_much).exits(10).json();
    assert_eq!(refused["error"]["limit"]["key"], "rehearsal.entries", "{refused}");
}

#[test]
fn no_subscriber_hears_a_rehearsal() {
    let installation = Installation::new();
    installation.register("herald", &[]);
    installation.register("listener", &[]);
    let outcome = rehearse(&installation, "announce", &json!({ "payloads": [{ "n": 1 }] }), 0);
    assert_eq!(outcome["rehearsal"]["effects"][0]["topic"], "news.made");
    assert_eq!(outcome.get("published"), None);
    assert_eq!(installation.invoke("heard", "{}")["value"], json!([]));
    installation.invoke("announce", r#"{"payloads":[{"n":2}]}"#);
    assert_eq!(installation.invoke("heard", "{}")["value"][0]["payload"]["n"], 2);
}

#[test]
fn what_cannot_be_rehearsed_says_why() {
    let installation = Installation::new();
    installation.register("counter", &[]);
    installation.register("notes", &[]);
    let singleton = rehearse(&installation, "kv_increment", &json!({}), 5);
    assert_eq!(singleton["error"]["code"], "not-rehearsable");
    let setup = rehearse(&installation, "next", &json!({}), 10);
    assert_eq!(setup["error"]["code"], "not-started");
    assert!(setup["error"]["message"].as_str().unwrap().contains("start counter"), "{setup}");
    let unknown = rehearse(&installation, "put_note", &json!({ "nome": "milk" }), 2);
    assert_eq!((&unknown["status"], unknown.get("rehearsal")), (&json!("refused"), None));
}

#[test]
fn a_host_that_is_killed_in_a_rehearsal_leaves_copies_that_the_next_one_removes() {
    let installation = Installation::new();
    let work = installation.place("work");
    std::fs::write(work.join("kept"), "kept").unwrap();
    installation.register("chaos", &[&format!("fs:target={}", work.display())]);
    let host = installation.run();
    let steps = json!({ "steps": [
        { "act": "write", "path": "new", "amount": 10 },
        { "act": "stat", "path": "new", "times": 100_000_000 },
    ]});
    let mut command = installation.command(["rehearse", "script", "--input", &steps.to_string()]);
    let mut rehearsal =
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let written = || {
        let room = rooms(&installation).into_iter().next();
        room.is_some_and(|room| installation.state().join("rehearsals").join(room).join("0/new").exists())
    };
    host.wait_for("a copy", written);
    host.signal(Signal::KILL);
    rehearsal.wait().unwrap();
    drop(host);
    assert_eq!((rooms(&installation).len(), work.join("new").exists()), (1, false));
    let all = installation.ares(["invocations", "--json"]).exits(0).json();
    let last = all.as_array().unwrap().last().unwrap();
    assert_eq!((&last["status"], &last["rehearsal"]), (&json!("lost"), &json!(true)), "{last}");
    assert!(last["message"].as_str().unwrap().ends_with("it was a rehearsal and changed nothing"), "{last}");
    assert_eq!(rooms(&installation), Vec::<String>::new());
    assert_eq!(std::fs::read_to_string(work.join("kept")).unwrap(), "kept");
}
