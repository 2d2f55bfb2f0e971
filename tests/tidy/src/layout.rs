//! What lies at the top, what must not lie anywhere, and how each source file begins.

use crate::{Repository, Violations};

const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "host",
    "wit",
    "guest-sdk",
    "plugins",
    "registry",
    "tests",
    "benches",
    "docs",
    "justfile",
];

/// The ten entries everyone looks for are there.
pub fn top_level(repository: &Repository) -> Violations {
    let missing = TOP_LEVEL.iter().filter(|entry| !repository.has(entry));
    missing.map(|entry| format!("{entry}: is not at the top level")).collect()
}

/// Components and compiled artifacts are built from source, never committed.
pub fn no_binaries(repository: &Repository) -> Violations {
    let found = repository.files().filter(|(path, bytes)| {
        path.ends_with(".wasm")
            || path.ends_with(".cwasm")
            || bytes.starts_with(b"\0asm")
            || bytes.starts_with(b"\x7fELF")
    });
    found.map(|(path, _)| format!("{path}: is compiled code; build it from source instead")).collect()
}

/// A source file opens with one sentence that says what it is for.
pub fn file_headers(repository: &Repository) -> Violations {
    let bare = repository.host_sources().filter(|(_, text)| !text.starts_with("//! "));
    bare.map(|(path, _)| format!("{path}: does not open with a `//!` sentence")).collect()
}

/// Paths of one person's machine, and paths that leave the repository, say nothing to anyone else.
pub fn no_foreign_paths(repository: &Repository) -> Violations {
    // Put together here, so that this file keeps the rule itself.
    let foreign = [["/wo", "rk/"].concat(), ["../sha", "red/"].concat(), ["sha", "red/design"].concat()];
    let mut found = Vec::new();
    for (path, text) in repository.texts() {
        for (number, line) in text.lines().enumerate() {
            if let Some(part) = foreign.iter().find(|part| line.contains(part.as_str())) {
                found.push(format!("{path}:{}: names `{part}`, which is not in the repository", number + 1));
            }
        }
    }
    found
}
