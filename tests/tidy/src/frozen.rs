//! What was released does not change: migrations and WIT tracks are held to the hashes in their FROZEN lists.

use crate::{Repository, Violations};
use std::collections::BTreeMap;

/// The list of migrations; every one stands in it.
pub const MIGRATIONS: &str = "registry/migrations/FROZEN";
/// The list of WIT tracks; one stands in it from its release on.
pub const TRACKS: &str = "wit/FROZEN";

/// The hash of every migration is the listed one.
pub fn migrations(repository: &Repository) -> Violations {
    let hashes = migration_hashes(repository);
    let listed = list(repository, MIGRATIONS);
    let mut found = changed(&listed, &hashes, MIGRATIONS);
    for name in hashes.keys().filter(|name| !listed.contains_key(*name)) {
        found.push(format!("{MIGRATIONS}: does not list {name}; `cargo xtask freeze` adds it"));
    }
    found
}

/// The hash of every released WIT track is the listed one.
pub fn tracks(repository: &Repository) -> Violations {
    changed(&list(repository, TRACKS), &track_hashes(repository), TRACKS)
}

fn changed(listed: &BTreeMap<String, String>, hashes: &BTreeMap<String, String>, list: &str) -> Violations {
    let mut found = Vec::new();
    for (name, hash) in listed {
        match hashes.get(name) {
            None => found.push(format!("{list}: lists {name}, which is not there")),
            Some(now) if now != hash => {
                found.push(format!(
                    "{name}: was changed after it was frozen; add a new one instead (see {list})"
                ));
            }
            Some(_) => {}
        }
    }
    found
}

/// A FROZEN list: one `hash  name` a line.
pub fn list(repository: &Repository, path: &str) -> BTreeMap<String, String> {
    let lines = repository.text(path).unwrap_or_default().lines();
    let entries = lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once("  "));
    entries.map(|(hash, name)| (name.trim().to_owned(), hash.to_owned())).collect()
}

/// Every migration's file name and hash.
pub fn migration_hashes(repository: &Repository) -> BTreeMap<String, String> {
    let files = repository.files().filter_map(|(path, bytes)| {
        let name = path.strip_prefix("registry/migrations/")?;
        name.ends_with(".sql").then(|| (name.to_owned(), blake3::hash(bytes).to_hex().to_string()))
    });
    files.collect()
}

/// Every WIT track's folder and one hash over its files' names and bytes.
pub fn track_hashes(repository: &Repository) -> BTreeMap<String, String> {
    let folders = repository.folders("wit").into_iter();
    let hashes = folders.map(|track| {
        let prefix = format!("wit/{track}/");
        let mut hasher = blake3::Hasher::new();
        for (path, bytes) in repository.files() {
            if let Some(name) = path.strip_prefix(&prefix) {
                hasher.update(name.as_bytes()).update(&[0]);
                hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
            }
        }
        (track.to_owned(), hasher.finalize().to_hex().to_string())
    });
    hashes.collect()
}
