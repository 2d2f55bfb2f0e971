//! Every target with a few inputs that are the same each time.

#![expect(clippy::disallowed_methods, reason = "the program is what is tested here")]

use std::process::{Command, Output};

fn fuzz(arguments: &[&str]) -> std::io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_ares-fuzz")).args(arguments).output()
}

#[test]
fn every_target_takes_a_few_inputs_without_harm() {
    let ran = fuzz(&["--seed", "1", "--inputs", "100", "--seconds", "900"]).unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(said.matches(" 100 inputs in ").count(), 11, "{said}");
}

#[test]
fn a_kept_input_can_be_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept");
    fs_err::write(&file, "{\"$ref\": \"#\"}\n{}").unwrap();
    let ran = fuzz(&["--replay", file.to_str().unwrap(), "schema"]).unwrap();
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(fuzz(&["--replay", "/nowhere/kept", "schema"]).unwrap().status.code(), Some(2));
}
