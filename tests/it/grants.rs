//! What a plugin asks for is told in words, and nothing of it is granted without a person's word.

use std::fs;

use serde_json::json;

use crate::harness::{Installation, guest};

fn granted(installation: &Installation, plugin: &str) -> serde_json::Value {
    let shown = installation.ares(["grants", "show", plugin, "--json"]).exits(0).json();
    shown["grants"].as_array().unwrap().iter().map(|grant| grant["granted"].clone()).collect()
}

/// Registers at a terminal, with these lines typed; gives what the terminal showed.
fn at_a_terminal(installation: &Installation, plugin: &str, typed: &str) -> String {
    let folder = guest(plugin);
    installation.at_a_terminal(["register".as_ref(), folder.as_os_str()], typed)
}

#[test]
fn a_person_at_a_terminal_is_asked_and_only_a_yes_grants() {
    for (typed, expected) in [("\n", json!([false])), ("n\n", json!([false])), ("y\n", json!([true]))] {
        let installation = Installation::new();
        let shown = at_a_terminal(&installation, "notes", typed);
        assert!(shown.contains("keep values in a store of its own (kv)? [y/N]"), "{shown}");
        assert_eq!(granted(&installation, "notes"), expected, "{typed:?}: {shown}");
    }
    let installation = Installation::new();
    let place = installation.place("target");
    let shown = at_a_terminal(&installation, "security-scanner", &format!("{}\n", place.display()));
    assert!(shown.contains("Folder for fs:target"), "{shown}");
    assert_eq!(granted(&installation, "security-scanner"), json!([true]), "{shown}");
}

#[test]
fn nobody_is_asked_where_there_is_no_terminal() {
    let installation = Installation::new();
    let ran = installation.ares_with(["register", guest("notes").to_str().unwrap()], b"y\n").exits(0);
    assert!(ran.stdout.contains("keep values in a store of its own") && !ran.stdout.contains('?'), "{ran:?}");
    assert_eq!(granted(&installation, "notes"), json!([false]));
}

#[test]
fn a_file_of_grants_grants_what_it_says_and_no_more() {
    let installation = Installation::new();
    let place = installation.place("target");
    let file = place.join("grants.toml");
    fs::write(&file, "notes = [\"kv\"]\nsecurity-scanner = [\"fs:target=.\"]\n").unwrap();
    let file = file.to_str().unwrap();
    let register = |plugin: &str| {
        installation.ares(["register", guest(plugin).to_str().unwrap(), "--grants", file, "--json"])
    };
    assert_eq!(register("notes").exits(0).json()["missing"], json!([]));
    assert_eq!(register("security-scanner").exits(0).json()["asks"][0]["folder"], json!(place));
    // Nothing of report is in the file.
    assert_eq!(register("report").exits(0).json()["granted"], json!([]));
    installation.ares(["grants", "revoke", "notes", "kv"]).exits(0);
    assert_eq!(granted(&installation, "notes"), json!([false]));
    installation.ares(["grants", "apply", file]).exits(0);
    assert_eq!(granted(&installation, "notes"), json!([true]));

    fs::write(file, "notes = [\"call:scan_folder\"]\n").unwrap();
    let refused = installation.ares(["grants", "apply", file]);
    assert!(refused.code != 0 && refused.stderr.contains("plugin `notes`"), "{refused:?}");
    fs::write(file, "notes = 1\n").unwrap();
    let refused = installation.ares(["grants", "apply", file]).exits(2);
    assert!(refused.stderr.contains("line 1"), "{refused:?}");
}

#[test]
fn a_later_version_waits_for_what_is_new() {
    let installation = Installation::new();
    installation.register("notes", &["kv"]);
    let folder = installation.place("later");
    let manifest = fs::read_to_string(guest("notes").join("plugin.toml")).unwrap();
    let manifest = manifest.replacen("version = \"0.1.0\"", "version = \"0.2.0\"", 1);
    let asking = manifest.replacen("[permissions]\n", "[permissions]\ncall = [\"scan_folder\"]\n", 1);
    assert_ne!(asking, manifest);
    fs::write(folder.join("plugin.toml"), asking).unwrap();
    fs::copy(guest("notes").join("notes.wasm"), folder.join("notes.wasm")).unwrap();
    let later = installation.ares(["register", folder.to_str().unwrap(), "--json"]).exits(0).json();
    assert_eq!(
        (&later["new_asks"], &later["missing"]),
        (&json!(["call:scan_folder"]), &json!(["call:scan_folder"]))
    );
    assert_eq!(later["granted"], json!(["kv"]), "what was granted before and is asked again stays");
    let events = installation.ares(["events", "--json"]).exits(0).json();
    assert!(events.to_string().contains("granted"), "{events}");
}
