//! What putting back did, as it is told: counted, and the first of it named.

use std::ffi::{CStr, OsStr};
use std::fmt::Display;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use ares_kernel::snapshot::PutBack;
use ares_kernel::text::escaped;

use super::list::List;

/// So many changes are named.
const CHANGES_MAX: usize = 1000;
/// So many failures are named.
const FAILURES_MAX: usize = 32;
/// What is kept of the name of a path, in bytes.
const NAME_BYTES_MAX: usize = 1000;

/// A place: which folder of the list, and the path in it.
pub(super) type At<'a> = (usize, &'a Path);

/// What was done so far.
pub(super) struct Told<'a> {
    list: &'a List,
    pub(super) done: PutBack,
}

impl<'a> Told<'a> {
    pub(super) fn new(list: &'a List) -> Self {
        Self { list, done: PutBack::default() }
    }

    pub(super) fn name(&self, (folder, path): At<'_>) -> String {
        let folder = self.list.folders.get(folder).map_or("", |listed| &listed.name);
        format!("{folder}:{}", escaped(&path.to_string_lossy(), NAME_BYTES_MAX))
    }

    pub(super) fn changed(&mut self, word: &str, at: At<'_>) {
        if self.done.changes.len() < CHANGES_MAX {
            let name = self.name(at);
            self.done.changes.push(format!("{word} {name}"));
        }
    }

    pub(super) fn failed(&mut self, at: At<'_>, error: &dyn Display) {
        self.done.failed += 1;
        if self.done.failures.len() < FAILURES_MAX {
            let name = self.name(at);
            self.done.failures.push(format!("`{name}`: {error}"));
        }
    }
}

/// An entry of a folder at this path.
pub(super) fn below(at: &Path, name: &CStr) -> PathBuf {
    at.join(OsStr::from_bytes(name.to_bytes()))
}
