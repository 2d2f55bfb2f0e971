//! Tries to read what it was not granted.
use std::{collections::BTreeMap, env, fs, path::Path};

use ares_sdk::Failure;

/// What the attempts gave.
#[ares_sdk::data]
pub(crate) struct Loot {
    /// Each path and what reading it gave: `read: N bytes`, or the error.
    paths: BTreeMap<String, String>,
    /// The names of the environment variables.
    variables: Vec<String>,
    /// The arguments.
    arguments: Vec<String>,
    /// What writing a file gave.
    written: String,
}

/// Tries to read files, folders, variables and arguments that are not its own, to write a
/// file, and answers what it got.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn read_outside() -> Result<Loot, Failure> {
    let places = [
        "/etc/passwd",
        "../../../etc/passwd",
        "/",
        ".",
        "..",
        "/target",
        "/target/..",
        "/target/chaos",
        "/proc/self/environ",
    ];
    let paths = places.iter().map(|path| ((*path).to_owned(), attempt(Path::new(path)))).collect();
    Ok(Loot {
        paths,
        variables: env::vars().map(|(name, _)| name).collect(),
        arguments: env::args().collect(),
        written: said(fs::write("/target/chaos", "x").map(|()| "written".to_owned())),
    })
}

fn attempt(path: &Path) -> String {
    if let Ok(entries) = fs::read_dir(path) {
        return format!("read: {} entries", entries.count());
    }
    said(fs::read(path).map(|bytes| format!("read: {} bytes", bytes.len())))
}

fn said(result: std::io::Result<String>) -> String {
    result.unwrap_or_else(|error| format!("error: {error}"))
}
