//! `write_file` and `remove_file`
use std::{
    fs,
    hash::{BuildHasher as _, RandomState},
    io::{self, Write as _},
    path::Path,
};

use ares_sdk::{Failure, OrFail};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::{
    FILE_BYTES_MAX, ROOT,
    place::{expect, failure, full, inside, sha256, whole},
};

/// What to write.
#[ares_sdk::data]
pub(crate) struct Writing {
    /// A file inside the granted folder, such as `notes/today.md`.
    #[schemars(length(min = 1, max = 4096))]
    path: String,
    /// All the file is to hold; base64 of it where `base64` is true.
    text: String,
    /// `text` is base64.
    #[serde(default)]
    base64: bool,
    /// Replace a file that is there already. Without it, such a file is a failure (`exists`).
    #[serde(default)]
    overwrite: bool,
    /// Replace the file only if it still has this SHA-256, as `read_file` answered it: else `changed`.
    #[schemars(length(equal = 64))]
    expected_sha256: Option<String>,
    /// Make the folders the path names where they are missing.
    #[serde(default)]
    make_folders: bool,
}

/// What was written.
#[ares_sdk::data]
pub(crate) struct Written {
    /// The length of the file in bytes.
    pub(crate) bytes: u64,
    /// Its SHA-256.
    pub(crate) sha256: String,
    /// Whether it took the place of another.
    pub(crate) replaced: bool,
}

/// Writes a whole file at once: it is there complete or not at all. A file that exists is replaced only
/// with `overwrite` or `expected_sha256`. To change a part of a file, use `replace_in_file`.
#[ares_sdk::capability(effect = "write")]
pub(crate) fn write_file(input: Writing) -> Result<Written, Failure> {
    write_below(Path::new(ROOT), &input)
}

pub(crate) fn write_below(root: &Path, input: &Writing) -> Result<Written, Failure> {
    let path = input.path.as_str();
    let bytes = if input.base64 {
        BASE64_STANDARD.decode(&input.text).or_fail("bad-base64", "`text`")?
    } else {
        input.text.clone().into_bytes()
    };
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let message =
            format!("{} bytes are more than the {FILE_BYTES_MAX} a file may have here", bytes.len());
        return Err(Failure::new("too-large", message));
    }
    let relative = inside(path)?;
    let place = full(root, &relative);
    let there = match fs::symlink_metadata(&place) {
        Ok(about) => Some(about),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failure(path, &error)),
    };
    match (&there, input.expected_sha256.as_deref()) {
        (Some(about), _) if !about.is_file() => {
            return Err(Failure::new("not-a-file", format!("`{path}` is there and is not a regular file")));
        }
        (Some(_), Some(expected)) => expect(path, &whole(root, path)?, Some(expected))?,
        (Some(_), None) if !input.overwrite => {
            let message =
                format!("`{path}` exists; read it first and give `expected_sha256`, or `overwrite`: true");
            return Err(Failure::new("exists", message));
        }
        (None, Some(_)) => return Err(Failure::new("changed", format!("`{path}` is not there any more"))),
        _ => {}
    }
    if let (Some(folder), true) = (relative.parent(), input.make_folders) {
        fs::create_dir_all(full(root, folder)).map_err(|error| failure(path, &error))?;
    }
    put(&place, path, &bytes)?;
    Ok(Written { bytes: bytes.len() as u64, sha256: sha256(&bytes), replaced: there.is_some() })
}

/// Puts these bytes there, whole or not at all: under another name first, beside where they belong.
pub(crate) fn put(place: &Path, path: &str, bytes: &[u8]) -> Result<(), Failure> {
    let random = RandomState::new().hash_one(path);
    let beside = place.with_file_name(format!(".ares-{random:016x}.tmp"));
    let write = || -> Result<(), Failure> {
        let said = |error| failure(path, &error);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&beside).map_err(said)?;
        // The sandbox's library has one number for all that goes wrong in a stream.
        file.write_all(bytes).map_err(|error| {
            let message = format!(
                "`{path}` could not be written ({error}): most likely the folder's quota, a limit of this call or the disk is full"
            );
            Failure::new("no-room", message)
        })?;
        file.sync_all().map_err(said)?;
        fs::rename(&beside, place).map_err(said)
    };
    // Where it was not even made there is nothing to remove.
    write().inspect_err(|_| drop(fs::remove_file(&beside)))
}

/// What to remove.
#[ares_sdk::data]
pub(crate) struct Removal {
    /// A file inside the granted folder.
    #[schemars(length(min = 1, max = 4096))]
    path: String,
    /// Remove it only if it still has this SHA-256, as `read_file` answered it: else `changed`.
    #[schemars(length(equal = 64))]
    expected_sha256: Option<String>,
}

/// What was removed.
#[ares_sdk::data]
pub(crate) struct Removed {
    /// The length it had in bytes.
    bytes: u64,
}

/// Removes one file for good. Folders are not removed.
#[ares_sdk::capability(effect = "destructive")]
pub(crate) fn remove_file(input: Removal) -> Result<Removed, Failure> {
    remove_below(Path::new(ROOT), &input)
}

pub(crate) fn remove_below(root: &Path, input: &Removal) -> Result<Removed, Failure> {
    let path = input.path.as_str();
    let place = full(root, &inside(path)?);
    let about = fs::symlink_metadata(&place).map_err(|error| failure(path, &error))?;
    if about.is_dir() {
        return Err(Failure::new("not-a-file", format!("`{path}` is a folder; only files are removed")));
    }
    if let Some(expected) = &input.expected_sha256 {
        expect(path, &whole(root, path)?, Some(expected))?;
    }
    fs::remove_file(place).map_err(|error| failure(path, &error))?;
    Ok(Removed { bytes: about.len() })
}
