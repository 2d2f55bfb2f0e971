//! Where things are: the repository, its four workspaces and what is built from them.

use std::path::{Path, PathBuf};

/// The repository's root: the parent of this crate's folder.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// The workspaces whose members are compiled to components.
pub(crate) const GUEST_WORKSPACES: &[&str] = &["plugins", "tests/guests"];

/// The workspaces outside the root one whose code also has tests that run natively.
pub(crate) const NATIVE_TESTS: &[&str] = &["guest-sdk", "plugins"];

/// Cargo's target folder of the host workspace.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// Cargo's target folder of all guest workspaces.
pub(crate) fn guests_build() -> PathBuf {
    root().join("target/guests-build")
}

/// Where each guest lies as a folder that can be registered.
pub(crate) fn guests() -> PathBuf {
    root().join("target/guests")
}
