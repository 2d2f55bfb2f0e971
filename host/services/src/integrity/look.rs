//! One look at a version's files: what they are now, and the marks by which a change is noticed.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use ares_kernel::Blake3;
use ares_kernel::facts::{Integrity, Plugin};
use fs_err::os::unix::fs::OpenOptionsExt as _;

use super::Files;

/// The longest file worth hashing; no component is that long.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// What was seen, and by what a change since then shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) verdict: Integrity,
    pub(super) marks: [Mark; 2],
}

/// What the file system says of a file without its bytes; nothing where there is none. The time of
/// the last change of status cannot be set back by whoever writes the file.
pub(super) type Mark = Option<(u64, u64, u64, (i64, i64), (i64, i64))>;

pub(super) fn mark(path: &Path) -> Mark {
    let found = std::fs::metadata(path).ok()?;
    Some((
        found.dev(),
        found.ino(),
        found.len(),
        (found.mtime(), found.mtime_nsec()),
        (found.ctime(), found.ctime_nsec()),
    ))
}

/// Hashes both files. The marks are taken first, so a change meanwhile is noticed later.
pub(super) fn look(plugin: &Plugin, files: &Files) -> Look {
    let marks = [mark(&plugin.component), mark(&files.source)];
    let verdict = match own_copy(plugin) {
        Integrity::Intact => source(files),
        other => other,
    };
    Look { verdict, marks }
}

fn own_copy(plugin: &Plugin) -> Integrity {
    let path = plugin.component.display();
    match hash(&plugin.component) {
        Ok(found) if found == plugin.blake3 => Integrity::Intact,
        Ok(found) => Integrity::Changed(format!(
            "the BLAKE3 of the host's copy {path} is {found}, registered is {}",
            plugin.blake3
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Integrity::Missing(format!("the host's copy {path} is not there"))
        }
        Err(error) => Integrity::Missing(format!("the host's copy cannot be read: {error}")),
    }
}

fn source(files: &Files) -> Integrity {
    let path = files.source.display();
    match hash(&files.source) {
        Ok(found) if files.registered.contains(&found) => Integrity::Intact,
        Ok(found) => {
            Integrity::Changed(format!("{path} was changed after it was registered: its BLAKE3 is {found}"))
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Integrity::Changed(format!("{path} was changed after it was registered: {error}"))
        }
        // Gone or out of reach: nothing says that it was changed, and the copy is what runs.
        Err(_) => Integrity::Intact,
    }
}

/// The hash of a plain file's bytes. Does not wait for a pipe to be filled, nor for a device.
pub(crate) fn hash(path: &Path) -> io::Result<Blake3> {
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let mut options = fs_err::OpenOptions::new();
    let file = options.read(true).custom_flags(nonblocking).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no plain file"));
    }
    if found.len() > FILE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too large for a component"));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok(Blake3::from_bytes(*hasher.finalize().as_bytes()))
}
