//! The gate as its users meet it: it learns from use, asks before it lets something happen, and can say
//! how it came to its verdict.

use ares_kernel::facts::Schema;
use serde_json::{Value, json};

use crate::harness::{Installation, guest, root};

fn explain(installation: &Installation, id: &Value) -> Value {
    let shown = installation.ares(["explain", id.as_str().unwrap(), "--json"]).exits(0).json();
    let schema = fs_err::read_to_string(root().join("docs/schema/verdict.json")).unwrap();
    Schema::parse(&schema).unwrap().check(&shown, true).unwrap();
    shown
}

fn sum(judged: &Value) -> i64 {
    let part = |name: &str| judged["score"][name].as_i64().unwrap();
    part("base") + part("tier") + part("explained") - part("warnings") * part("warning")
}

#[test]
fn use_makes_it_sure_and_every_sum_can_be_redone() {
    let installation = Installation::strict();
    installation.register("sentiment-analysis", &[]);
    let mut scores = Vec::new();
    for n in 0..7 {
        let outcome = installation.invoke("analyze_sentiment", &json!({ "text": n.to_string() }).to_string());
        let shown = explain(&installation, &outcome["id"]);
        assert_eq!(shown["judged"]["score"]["total"], sum(&shown["judged"]), "{shown}");
        assert_eq!(shown["decision"], outcome["verdict"]["decision"]);
        scores.push(shown["judged"]["score"]["total"].as_i64().unwrap());
    }
    // Each call was a process of its own: the record is in the database.
    assert_eq!(scores.first(), Some(&6000), "{scores:?}");
    assert!(scores.windows(2).all(|pair| pair[0] <= pair[1]) && scores[6] > 6000, "{scores:?}");
}

#[test]
fn an_answer_that_was_wrong_counts_against_it() {
    let installation = Installation::strict();
    installation.register("echo", &[]);
    // In the host that answered, and in one that reads the record later.
    let host = installation.run();
    let outcomes: Vec<Value> = (0..3).map(|_| installation.invoke("echo", r#"{"text":"a"}"#)).collect();
    let id = outcomes[1]["id"].as_str().unwrap();
    let said = installation.ares(["feedback", id, "--wrong", "--note", "no", "--json"]).exits(0).json();
    assert_eq!(said["counted"], true);
    let again = installation.ares(["feedback", id, "--wrong"]).exits(2).stderr;
    assert!(again.contains("was called wrong already"), "{again}");
    let told = installation.ares(["events", "--type", "called_wrong", "--json"]).exits(0).json();
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    let rehearsed =
        installation.ares(["rehearse", "echo", "--input", r#"{"text":"a"}"#, "--json"]).exits(0).json();
    let no = installation.ares(["feedback", rehearsed["id"].as_str().unwrap(), "--wrong"]).exits(2).stderr;
    assert!(no.contains("is a rehearsal"), "{no}");
    let unknown = "01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d";
    let no = installation.ares(["feedback", unknown, "--wrong"]).exits(4).stderr;
    assert!(no.contains("ares-host invocations"), "{no}");
    let used = ["patterns", "used", "database-first", "--good", "--invocation", unknown];
    installation.ares(used).exits(4);
    let last = installation.invoke("echo", r#"{"text":"a"}"#);
    let history = &explain(&installation, &last["id"])["judged"]["history"];
    assert_eq!((&history["uses"], &history["good"], &history["wrong"]), (&json!(3), &json!(2), &json!(1)));
    assert_eq!(host.stop(), 0);
    let last = installation.invoke("echo", r#"{"text":"a"}"#);
    assert_eq!(explain(&installation, &last["id"])["judged"]["history"]["wrong"], 1);
    let refused = installation.invoke("nothing", "{}");
    installation.ares(["feedback", refused["id"].as_str().unwrap(), "--wrong"]).exits(2);
}

#[test]
fn what_may_change_something_waits_for_a_person_and_runs_once() {
    let installation = Installation::strict();
    installation.register("notes", &[]);
    let input = r#"{"name":"milk","text":"two litres"}"#;
    let held = installation.ares(["invoke", "put_note", "--input", input, "--json"]).exits(8).json();
    assert_eq!((&held["error"]["kind"], &held["error"]["check"]), (&json!("held"), &json!("decision")));
    let id = held["id"].as_str().unwrap();
    assert_eq!(explain(&installation, &held["id"])["options"].as_array().unwrap().len(), 3);
    let with = |input: &str| installation.ares(["invoke", "put_note", "--input", input, "--approval", id]);
    with(input).exits(7);
    let shown = installation.ares(["approvals", "show", id, "--json"]).exits(0).json();
    assert_eq!(shown["arguments"], input);
    installation.ares(["approvals", "approve", id]).exits(0);
    with(r#"{"name":"milk","text":"three litres"}"#).exits(7);
    with(r#"{ "text": "two litres", "name": "milk" }"#).exits(0);
    let states: Vec<Value> = installation
        .ares(["approvals", "list", "--all", "--json"])
        .exits(0)
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["state"].clone())
        .collect();
    assert_eq!(states, ["used"]);
    installation.ares(["approvals", "approve", id]).exits(2);
    installation.ares(["approvals", "deny", "01a1ffec-ca6d-70ec-9de6-eaf69bf350ff"]).exits(4);
}

#[test]
fn a_no_stays_a_no() {
    let installation = Installation::strict();
    installation.register("notes", &[]);
    let held = installation.invoke("delete_note", r#"{"name":"milk"}"#);
    let id = held["id"].as_str().unwrap();
    installation.ares(["approvals", "deny", id, "--note", "keep it"]).exits(0);
    installation.ares(["approvals", "approve", id]).exits(2);
    let again = ["invoke", "delete_note", "--input", r#"{"name":"milk"}"#, "--approval", id, "--json"];
    assert_eq!(installation.ares(again).exits(7).json()["error"]["code"], "denied");
    let events = installation.ares(["events", "--type", "denied", "--json"]).exits(0).json();
    assert_eq!(events[0]["data"]["note"], "keep it", "{events}");
}

#[test]
fn a_secret_in_held_arguments_is_not_shown_to_whoever_approves() {
    let installation = Installation::strict();
    installation.register("notes", &[]);
    let value = "correct-horse-battery";
    installation.ares_with(["secrets", "set", "KEY"], value.as_bytes()).exits(0);
    let input = format!(r#"{{"name":"a","text":"is {value}"}}"#);
    let held = installation.invoke("put_note", &input);
    let shown = installation.ares(["approvals", "show", held["id"].as_str().unwrap(), "--json"]).exits(0);
    assert!(shown.stdout.contains("{{KEY}}") && !shown.stdout.contains(value), "{}", shown.stdout);
}

#[test]
fn the_same_call_made_again_finds_the_yes_that_was_said_to_it() {
    let installation = Installation::strict();
    installation.register("notes", &[]);
    let input = r#"{"name":"milk","text":"two litres"}"#;
    let held = installation.invoke("put_note", input);
    installation.ares(["approvals", "approve", held["id"].as_str().unwrap()]).exits(0);
    let other = r#"{"name":"milk","text":"three litres"}"#;
    assert_eq!(installation.invoke("put_note", other)["error"]["code"], "ask");
    let again = installation.invoke("put_note", input);
    assert_eq!((&again["status"], &again["verdict"]["approval"]), (&json!("ok"), &held["id"]), "{again}");
    assert_eq!(installation.invoke("put_note", input)["error"]["code"], "ask", "each is for one call");
    let waiting = installation.ares(["approvals", "list", "--json"]).exits(0).json();
    assert_eq!(waiting.as_array().unwrap().len(), 2, "{waiting}");
}

/// A folder with a guest whose manifest was changed.
fn edited(installation: &Installation, name: &str, edit: impl Fn(String) -> String) -> std::path::PathBuf {
    let folder = installation.place(&format!("edited-{name}"));
    for entry in fs_err::read_dir(guest(name)).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            fs_err::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }
    let manifest = fs_err::read_to_string(folder.join("plugin.toml")).unwrap();
    let other = edit(manifest.clone());
    assert_ne!(manifest, other);
    fs_err::write(folder.join("plugin.toml"), other).unwrap();
    folder
}

#[test]
fn a_large_step_of_what_a_plugin_depends_on_is_a_warning_until_it_works_with_it() {
    let installation = Installation::new();
    installation.register("notes", &[]);
    let needs =
        edited(&installation, "echo", |text| format!("{text}\n[dependencies.modules]\nnotes = \"*\"\n"));
    installation.register_folder(&needs, &[]);
    let found = |installation: &Installation| {
        let outcome = installation.invoke("echo", r#"{"text":"a"}"#);
        let steps = explain(installation, &outcome["id"])["judged"]["steps"][0]["findings"].clone();
        let of = steps.as_array().unwrap().iter().find(|finding| finding["id"] == "C8").cloned();
        of.map(|finding| finding["text"].as_str().unwrap().to_owned())
    };
    assert_eq!(found(&installation), None);
    let info = installation.ares(["info", "notes", "--json"]).exits(0).json();
    let was = info["version"].as_str().unwrap().to_owned();
    let newer = edited(&installation, "notes", |text| {
        text.replacen(&format!("version = \"{was}\""), "version = \"7.0.0\"", 1)
    });
    installation.register_folder(&newer, &[]);
    let told = found(&installation).unwrap();
    assert!(told.contains(&format!("`notes`, which it depends on, went from {was} to 7.0.0")), "{told}");
    assert_eq!(found(&installation), None, "it worked with it");
}

#[test]
fn whoever_approves_is_told_how_much_lies_where_a_call_points() {
    let installation = Installation::strict();
    let place = installation.place("work");
    fs_err::create_dir(place.join("many")).unwrap();
    for n in 0..150 {
        fs_err::write(place.join("many").join(n.to_string()), "12").unwrap();
    }
    installation.register("file-tools", &[&format!("fs:workspace={}", place.display())]);
    let write = r#"{"path":"many","text":"x"}"#;
    let held = installation.ares(["invoke", "write_file", "--input", write, "--json"]).exits(8).json();
    let shown =
        installation.ares(["approvals", "show", held["id"].as_str().unwrap(), "--json"]).exits(0).json();
    let reason = shown["reason"].as_str().unwrap();
    assert!(reason.ends_with("it names what holds 151 files and folders, 300 bytes in all"), "{reason}");
    assert_eq!(explain(&installation, &held["id"])["judged"]["score"]["warnings"], 1);
    // What cannot be undone and reaches much is not even asked about, as long as nothing shows that it works.
    let remove = ["invoke", "remove_file", "--input", r#"{"path":"many"}"#, "--json"];
    let refused = installation.ares(remove).exits(7).json();
    assert_eq!(refused["error"]["code"], "unsure", "{refused}");
    let one = installation.ares(["invoke", "remove_file", "--input", r#"{"path":"many/1"}"#, "--json"]);
    assert_eq!(one.exits(8).json()["error"]["code"], "ask");
}

#[test]
fn of_two_that_do_the_same_the_simpler_is_taken_where_that_is_wanted() {
    let mut installation = Installation::new();
    installation.register("echo", &[]);
    let lean = edited(&installation, "echo", |text| {
        let renamed = text.replacen("id = \"echo\"", "id = \"echo-lean\"", 1);
        format!("{renamed}\n[limits]\nfuel = 50000000\n")
    });
    installation.register_folder(&lean, &[]);
    let input = r#"{"text":"a"}"#;
    let first = installation.invoke("echo", input);
    assert_eq!(first["verdict"]["warnings"], 0, "what was never used is no simpler way: {first}");
    let usual = installation.invoke("echo", input);
    assert_eq!(usual["plugin"]["name"], "echo", "{usual}");
    assert_eq!(usual["verdict"]["warnings"], 1, "S1: {usual}");
    installation.set("ARES_HOST_GATE_PREFER_SIMPLER", "yes");
    // Both are the same component, so they have one record.
    let taken = installation.invoke("echo", input);
    assert_eq!(taken["plugin"]["name"], "echo-lean", "{taken}");
    let reason = taken["verdict"]["providers"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("simpler than `echo`") && reason.contains("50000000 fuel"), "{reason}");
    assert_eq!(taken["verdict"]["warnings"], 0, "{taken}");
    let pinned = installation.ares(["invoke", "echo", "--input", input, "--plugin", "echo", "--json"]).json();
    assert_eq!(pinned["plugin"]["name"], "echo");
    // One that could not run is no simpler way.
    fs_err::write(lean.join("echo.wasm"), b"changed").unwrap();
    let other = installation.invoke("echo", input);
    assert_eq!((&other["status"], &other["plugin"]["name"]), (&json!("ok"), &json!("echo")), "{other}");
}

#[test]
fn cases_that_pass_are_some_evidence_and_never_proof() {
    let installation = Installation::strict();
    let notes = crate::harness::guest("notes");
    let record = || installation.ares(["self-test".as_ref(), notes.as_os_str(), "--record".as_ref()]);
    // Nothing is kept of what is not registered.
    record().exits(4);
    installation.register("notes", &[]);
    let judged = || {
        let held = installation.invoke("put_note", r#"{"name":"a","text":"b"}"#);
        explain(&installation, &held["id"])["judged"].clone()
    };
    let before = judged();
    assert_eq!((&before["tier"], &before["history"]["tested"]), (&json!("third"), &Value::Null));
    for _ in 0..2 {
        let told = record().exits(0).stdout;
        assert!(told.contains("recorded for the gate: notes"), "{told}");
        let after = judged();
        assert!(after["history"]["tested"].as_u64().unwrap() < 10, "recorded anew, not added up: {after}");
        assert_ne!(after["tier"], "first");
        assert!(
            after["steps"][2]["text"].as_str().unwrap().contains("of its plugin's cases passed"),
            "{after}"
        );
        assert_eq!(after["score"]["total"], sum(&after));
    }
    // With rules that let it run, what was tested needs no first yes.
    installation.ares(["policy", "allow", "notes/put_note"]).exits(0);
    assert_eq!(installation.invoke("put_note", r#"{"name":"a","text":"b"}"#)["status"], "ok");
    // Another component of that name is not the one that was tested.
    let other = edited(&installation, "notes", |text| text.replacen("version = \"", "version = \"9", 1));
    let mut bytes = fs_err::read(other.join("notes.wasm")).unwrap();
    bytes.extend([0, 2, 1, b'x']);
    fs_err::write(other.join("notes.wasm"), bytes).unwrap();
    installation.register_folder(&other, &[]);
    record().exits(2);
}

#[test]
fn an_open_breaker_says_what_was_tried_and_what_else_there_is() {
    let mut installation = Installation::new();
    installation.set("ARES_HOST_GATE_BREAKER_FAULTS", "3");
    installation.register("chaos", &[]);
    let faults: Vec<Value> = (0..3).map(|_| installation.invoke("trap", "{}")["id"].clone()).collect();
    let stopped = installation.invoke("trap", "{}");
    assert_eq!(stopped["error"]["code"], "breaker-open", "{stopped}");
    let explained = explain(&installation, &stopped["id"]);
    let attempts = explained["attempts"].as_array().unwrap();
    let ids: Vec<&Value> = attempts.iter().map(|attempt| &attempt["id"]).collect();
    assert_eq!(ids, faults.iter().collect::<Vec<_>>());
    assert!(attempts.iter().all(|attempt| attempt["code"] == "trap"), "{explained}");
    assert_eq!(explained["options"].as_array().unwrap().len(), 3);
    let shown = installation.ares(["explain", stopped["id"].as_str().unwrap()]).exits(0).stdout;
    assert!(shown.contains(&format!("attempt {} ended in trap", faults[0].as_str().unwrap())), "{shown}");
}

#[test]
fn what_asks_for_more_is_looked_at_closely_when_it_is_registered() {
    let installation = Installation::strict();
    let first = installation.register("notes", &[]);
    assert_eq!(first["judged"]["depth"], "ultra", "{first}");
    assert!(first["judged"]["why"].as_str().unwrap().ends_with("asked for before: kv"), "{first}");
    let judged = first["judged"]["capabilities"].as_array().unwrap();
    assert!(judged.len() == 4 && judged.iter().all(|one| one["score"].as_i64().unwrap() > 0), "{first}");
    assert_eq!(installation.register("notes", &[])["judged"]["depth"], "full", "nothing new");
    assert_eq!(installation.register("echo", &[])["judged"]["depth"], "full", "it asks for nothing");
}

#[test]
fn what_is_given_more_or_takes_anothers_place_is_looked_at_closely() {
    let installation = Installation::strict();
    installation.ares(["register", guest("notes").to_str().unwrap()]).exits(0);
    let allow = || installation.ares(["grants", "allow", "notes", "kv", "--json"]).exits(0).json();
    let granted = allow();
    assert_eq!(granted["judged"]["depth"], "ultra", "{granted}");
    assert!(granted["judged"]["why"].as_str().unwrap().ends_with(": kv"), "{granted}");
    assert_eq!(granted["judged"]["capabilities"].as_array().unwrap().len(), 4, "{granted}");
    assert_eq!(allow()["judged"]["depth"], "full", "it had that before");
    let second =
        edited(&installation, "notes", |text| text.replacen("version = \"0.1.0\"", "version = \"0.2.0\"", 1));
    installation.ares(["register", second.to_str().unwrap()]).exits(0);
    let activate = |version: &str| {
        installation.ares(["activate", &format!("notes@{version}"), "--json"]).exits(0).json()
    };
    let back = activate("0.1.0");
    assert_eq!(back["judged"]["why"], "0.1.0 answers in the place of 0.2.0", "{back}");
    assert_eq!(back["judged"]["depth"], "ultra", "{back}");
    assert_eq!(activate("0.1.0")["judged"]["depth"], "full", "nothing changed");
}

#[test]
fn a_change_of_the_rules_says_what_it_comes_to_before_anybody_meets_it() {
    let installation = Installation::strict();
    installation.register("notes", &[]);
    let stances = |answer: &Value| -> Vec<String> {
        let told = answer["differences"].as_array().unwrap().iter();
        told.map(|one| format!("{} {} {}", one["capability"], one["was"], one["now"]).replace('"', ""))
            .collect()
    };
    let denied = installation.ares(["policy", "deny", "notes/get_note", "--json"]).exits(0).json();
    assert_eq!(stances(&denied), ["notes/get_note auto never", "notes/get_note auto never"], "{denied}");
    let refused = installation.invoke("get_note", r#"{"name":"x"}"#);
    assert_eq!(refused["error"]["code"], "denied", "{refused}");
    let shown = installation.ares(["policy", "rm", "deny-notes-get-note"]).exits(0).stdout;
    assert!(shown.contains("notes/get_note  read   agent:*"), "{shown}");
}

#[test]
fn a_guest_that_says_it_did_what_it_did_not_is_told_so_at_once() {
    let installation = Installation::new();
    let place = installation.place("work");
    let postcheck = |after: &str, check: &str| {
        let folder = edited(&installation, "file-tools", |text| {
            let without: Vec<&str> = text.lines().filter(|line| !line.starts_with("postcheck")).collect();
            let line = format!("name = \"write_file\"\npostcheck = {check}");
            without.join("\n").replacen("name = \"write_file\"", &line, 1) + "\n# " + after
        });
        let grant = format!("fs:workspace={}", place.display());
        let folder = folder.to_str().unwrap().to_owned();
        installation.ares(["register", &folder, "--replace", "--grant", &grant]).exits(0);
    };
    let write = |path: &str| {
        let input = json!({ "path": path, "text": "x" }).to_string();
        installation.ares(["invoke", "write_file", "--input", &input, "--snapshot", "--json"])
    };
    postcheck("1", r#"{ present = ["path"] }"#);
    write("a.txt").exits(0);
    // The same guest, held to the opposite: what it leaves is not what its manifest promises.
    postcheck("2", r#"{ absent = ["path"] }"#);
    let broken = write("b.txt").exits(10).json();
    assert_eq!(broken["error"]["code"], "postcheck-failed", "{broken}");
    assert!(broken["error"]["message"].as_str().unwrap().contains("it is still there: `b.txt`"), "{broken}");
    assert_eq!(broken["snapshot"]["state"], "restored", "{broken}");
    assert!(place.join("a.txt").exists() && !place.join("b.txt").exists(), "what it wrote was taken back");
}
