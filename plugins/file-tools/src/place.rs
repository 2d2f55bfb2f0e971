//! From a caller's path to a file of the granted folder, and from the system's errors to failures.
use std::{
    fs,
    io::{self, ErrorKind, Read as _},
    path::{Component, Path, PathBuf},
};

use ares_sdk::Failure;
use sha2::{Digest as _, Sha256};

use crate::FILE_BYTES_MAX;

/// The path below the root, without `.`; empty for the root itself.
pub(crate) fn inside(path: &str) -> Result<PathBuf, Failure> {
    let parts = Path::new(path).components();
    if path.is_empty() || !parts.clone().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    {
        let message = format!(
            "`{path}` is no path inside the granted folder; give one relative to it, without `..`, such as `src/main.rs`"
        );
        return Err(Failure::new("bad-path", message));
    }
    Ok(parts.filter(|part| *part != Component::CurDir).collect())
}

/// Where that is. The root itself has no name to join: `/workspace/` and `/workspace` differ in the
/// sandbox.
pub(crate) fn full(root: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
}

/// A regular file to read: its path, and how long it is.
pub(crate) fn file(root: &Path, path: &str) -> Result<(PathBuf, u64), Failure> {
    let place = full(root, &inside(path)?);
    let about = fs::metadata(&place).map_err(|error| failure(path, &error))?;
    if !about.is_file() {
        let message = if about.is_dir() {
            format!("`{path}` is a folder; `list_files` shows what is in it")
        } else {
            format!("`{path}` is not a regular file")
        };
        return Err(Failure::new("not-a-file", message));
    }
    Ok((place, about.len()))
}

/// A whole file, as long as it is not too long.
pub(crate) fn whole(root: &Path, path: &str) -> Result<Vec<u8>, Failure> {
    let (place, length) = file(root, path)?;
    if length > FILE_BYTES_MAX {
        let message = format!(
            "`{path}` has {length} bytes; the most that is handled as a whole is {FILE_BYTES_MAX}. `read_file` reads a part"
        );
        return Err(Failure::new("too-large", message));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(place).map_err(|error| failure(path, &error))?;
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(|error| failure(path, &error))?;
    Ok(bytes)
}

/// The SHA-256 of these bytes, as `sha256sum` writes it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Insists that these are the bytes the caller knows.
pub(crate) fn expect(path: &str, bytes: &[u8], expected: Option<&str>) -> Result<(), Failure> {
    let now = sha256(bytes);
    match expected {
        Some(expected) if !expected.eq_ignore_ascii_case(&now) => Err(Failure::new(
            "changed",
            format!(
                "`{path}` is not what was expected: its SHA-256 is {now}; read it again before changing it"
            ),
        )),
        _ => Ok(()),
    }
}

/// The system's number for a quota that is met. The standard library has no word for it in a sandbox.
const QUOTA: i32 = if cfg!(target_family = "wasm") { 19 } else { 122 };

/// A failure for what the system said about a path.
pub(crate) fn failure(path: &str, error: &io::Error) -> Failure {
    let (code, message) = match error.kind() {
        _ if error.raw_os_error() == Some(QUOTA) => {
            ("no-room", format!("`{path}` does not fit: the folder's quota or a limit of this call is met"))
        }
        ErrorKind::NotFound => ("not-found", format!("there is no `{path}` in the granted folder")),
        ErrorKind::NotADirectory => ("not-found", format!("a part of `{path}` is a file and no folder")),
        ErrorKind::PermissionDenied => (
            "not-permitted",
            format!("`{path}` cannot be reached: it leads out of the granted folder, or may not be changed"),
        ),
        ErrorKind::IsADirectory => ("not-a-file", format!("`{path}` is a folder")),
        ErrorKind::StorageFull => ("no-room", format!("`{path}` does not fit: the disk is full")),
        ErrorKind::InvalidFilename => ("bad-path", format!("`{path}` is too long a name")),
        _ => ("io", format!("`{path}`: {error}")),
    };
    Failure::new(code, message)
}
