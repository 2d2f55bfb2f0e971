//! A plugin that fills a disk, in a running host: the limit that stops it is on record, and
//! everyone else is served.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Installation, RunningHost, SmallDisk, guest};

/// Has `chaos` do one thing to its folder; gives the outcome, which must be an answer.
#[track_caller]
fn attack(installation: &Installation, step: &Value) -> Value {
    let input = json!({ "steps": [step] }).to_string();
    let ran = installation.ares(["invoke", "script", "--input", &input, "--json"]).exits(0);
    ran.json()
}

#[track_caller]
fn serves(installation: &Installation, host: &mut RunningHost) {
    assert_eq!(installation.invoke("echo", r#"{"text":"alive"}"#)["status"], "ok");
    assert!(host.is_alive() && !host.printed().contains("panicked"), "{}", host.printed());
}

/// The record of a call, from the database.
#[track_caller]
fn record(installation: &Installation, outcome: &Value) -> Value {
    let arguments = ["invocations", "--capability", "script", "--limit", "50", "--json"];
    let records = installation.ares(arguments).exits(0).json();
    let of_this = |record: &&Value| record["id"] == outcome["id"];
    records.as_array().unwrap().iter().find(of_this).unwrap_or_else(|| panic!("{outcome}: {records}")).clone()
}

fn with_chaos(folder: &Path) -> Installation {
    let installation = Installation::new();
    installation.register("echo", &[]);
    installation.register("chaos", &[&format!("fs:target={}", folder.display())]);
    installation
}

#[test]
fn no_plugin_fills_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let installation = with_chaos(folder.path());
    let mut host = installation.run();
    // What a call may do, until the folder's own quota (100 MiB, 3,000 entries) is met.
    for (step, limit) in [
        (json!({"act": "write", "path": "big", "amount": 1_u64 << 40}), "file_bytes"),
        (json!({"act": "size", "path": "sparse", "amount": 1_u64 << 60}), "file_bytes"),
        (json!({"act": "stream", "path": "far", "at": 1_u64 << 60, "amount": 1}), "file_bytes"),
        (json!({"act": "size", "path": "second", "amount": 64 << 20}), "quota_mb"),
        (json!({"act": "append", "path": "second", "amount": 64 << 20}), "quota_mb"),
        (json!({"act": "deep", "path": "d", "amount": 10_000}), "folders"),
        (json!({"act": "create", "path": "a{n}", "times": 100_000}), "files"),
        (json!({"act": "create", "path": "b{n}", "times": 100_000}), "files"),
        (json!({"act": "create", "path": "c{n}", "times": 100_000}), "entries"),
    ] {
        let outcome = attack(&installation, &step);
        assert!(outcome["value"][0].as_str().unwrap().contains("quota"), "{step}: {outcome}");
        assert_eq!(outcome["usage"]["file_limit"], limit, "{step}: {outcome}");
        assert_eq!(record(&installation, &outcome)["usage"]["file_limit"], limit, "{step}");
        serves(&installation, &mut host);
    }
    let held: u64 =
        fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().metadata().unwrap().len()).sum();
    assert!(held <= (100 << 20) + 4096 * 100, "{held}");
    assert_eq!(host.stop(), 0);
}

#[test]
fn a_full_disk_stops_the_plugin_and_not_the_journal() {
    let Some(disk) = SmallDisk::mounted(1 << 20) else { return };
    let installation = with_chaos(disk.path());
    let mut host = installation.run();
    for act in ["write", "stream"] {
        let outcome = attack(&installation, &json!({"act": act, "path": "big", "amount": 8 << 20}));
        assert!(outcome["value"][0].as_str().unwrap().contains("insufficient-space"), "{act}: {outcome}");
        assert_eq!(record(&installation, &outcome)["status"], "ok");
        serves(&installation, &mut host);
    }
    assert_eq!(host.stop(), 0);
}

#[test]
fn a_plugin_in_rust_is_told_in_words_that_there_is_no_room() {
    let folder = tempfile::tempdir().unwrap();
    // As the plugin is, but for the room it has.
    let installation = Installation::new();
    let copy = installation.place("file-tools");
    fs::copy(guest("file-tools").join("file-tools.wasm"), copy.join("file-tools.wasm")).unwrap();
    let manifest = fs::read_to_string(guest("file-tools").join("plugin.toml")).unwrap();
    let manifest = manifest.replace("access = \"write\"", "access = \"write\"\nquota_mb = 1\nentries = 5");
    fs::write(copy.join("plugin.toml"), manifest).unwrap();
    installation.register_folder(&copy, &[&format!("fs:workspace={}", folder.path().display())]);
    let write = |path: &str, bytes: usize| {
        let input = json!({"path": path, "text": "x".repeat(bytes)}).to_string();
        let ran =
            installation.ares_with(["invoke", "write_file", "--input", "-", "--json"], input.as_bytes());
        let outcome = ran.json();
        (outcome["status"].clone(), outcome["error"]["code"].clone(), outcome["usage"]["file_limit"].clone())
    };
    assert_eq!(write("a", 600_000).0, "ok");
    assert_eq!(write("b", 600_000), (json!("failed"), json!("no-room"), json!("quota_mb")));
    for name in ["c", "d", "e", "f"] {
        assert_eq!(write(name, 1).0, "ok", "{name}");
    }
    assert_eq!(write("g", 1), (json!("failed"), json!("no-room"), json!("entries")));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5, "nothing is left beside the files");
}
