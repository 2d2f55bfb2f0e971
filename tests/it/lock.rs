//! What CI asks: are these the bytes we locked?

use std::fs;

use crate::harness::{Installation, guest};

/// A plugin folder of its own, so that its component can be changed.
fn copied(installation: &Installation, name: &str) -> std::path::PathBuf {
    let copy = installation.place(name);
    for file in ["plugin.toml", &format!("{name}.wasm")] {
        fs::copy(guest(name).join(file), copy.join(file)).unwrap();
    }
    copy
}

fn flip_one_byte(file: &std::path::Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn one_flipped_byte_fails_the_locked_check_and_the_next_call() {
    let installation = Installation::new();
    let folder = copied(&installation, "notes");
    let registered = installation.register_folder(&folder, &[]);
    installation.ares(["lock"]).exits(0);
    let lock = fs::read_to_string(installation.folder.path().join("ares.lock")).unwrap();
    assert!(lock.contains(registered["blake3"].as_str().unwrap()), "{lock}");
    installation.ares(["verify", "--locked"]).exits(0);
    installation.ares(["lock", "--check"]).exits(0);

    flip_one_byte(&folder.join("notes.wasm"));
    let ran = installation.ares(["verify", "--locked"]).exits(12);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("notes") && said.contains(registered["blake3"].as_str().unwrap()), "{said}");
    installation.ares(["verify"]).exits(12);
    installation.ares(["invoke", "list_notes", "--input", "{}"]).exits(12);

    installation.ares(["register", folder.to_str().unwrap(), "--grant", "all"]).exits(2);
}

#[test]
fn the_hosts_own_copy_is_checked_too() {
    let installation = Installation::new();
    installation.register("notes", &[]);
    installation.ares(["lock"]).exits(0);
    let component =
        fs::read_dir(installation.state().join("components")).unwrap().next().unwrap().unwrap().path();
    let mut permissions = fs::metadata(&component).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    fs::set_permissions(&component, permissions).unwrap();
    flip_one_byte(&component);
    installation.ares(["verify", "--locked"]).exits(12);
    installation.ares(["invoke", "list_notes", "--input", "{}"]).exits(12);
}

#[test]
fn a_lock_names_every_drift() {
    let installation = Installation::new();
    installation.register("notes", &[]);
    installation.ares(["lock"]).exits(0);
    installation.register("sentiment-analysis", &[]);
    let ran = installation.ares(["verify", "--locked"]).exits(12);
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("sentiment-analysis"));
    installation.ares(["unregister", "notes"]).exits(0);
    let ran = installation.ares(["verify", "--locked"]).exits(12);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("notes") && said.contains("sentiment-analysis"), "{said}");
    fs::remove_file(installation.folder.path().join("ares.lock")).unwrap();
    installation.ares(["verify", "--locked"]).exits(3);
}
