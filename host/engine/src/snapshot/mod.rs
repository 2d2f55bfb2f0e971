//! Copies of the folders a call may change, kept on disk until they are put back or forgotten. Copied as
//! rehearsals copy; put back by comparing, so that what did not change is not touched.

mod list;
mod lost;
mod put_back;
mod remove;
#[cfg(test)]
mod tests;
mod told;

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ares_kernel::InvocationId;
use ares_kernel::facts::Folder;
use ares_kernel::ports::{CopiesError, FolderCopies, NotTaken};
use ares_kernel::snapshot::{PutBack, Taken};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::rehearsal::copy::{Bounds, Copier, CopyError, Purpose};
use crate::rehearsal::room;
use list::List;

/// Where snapshots are kept, and how much each may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotOptions {
    /// The folder for copies, for this host's user alone. Made when first needed.
    pub folder: PathBuf,
    /// The most bytes one call's folders may hold together to be copied.
    pub bytes: u64,
    /// The most files, folders and links in them.
    pub entries: u64,
}

impl SnapshotOptions {
    /// In this folder, with the usual bounds: 256 MiB in 100,000 entries.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { folder, bytes: 256 << 20, entries: 100_000 }
    }
}

/// What snapshots copy folders for.
const PURPOSE: Purpose = Purpose {
    done: "kept in a snapshot",
    noun: "snapshot",
    left_out: "is not in the snapshot",
    keys: ("gate.snapshot_mb", "gate.snapshot_entries"),
};

/// Copies folders into a folder of their own, one for each call. Needs a Tokio runtime.
#[derive(Debug, Clone)]
pub struct FolderSnapshots(SnapshotOptions);

impl FolderSnapshots {
    /// In the folder these options name.
    #[must_use]
    pub fn new(options: SnapshotOptions) -> Self {
        Self(options)
    }

    fn place(&self, id: InvocationId) -> PathBuf {
        self.0.folder.join(id.to_string())
    }

    fn take(&self, id: InvocationId, folders: &[Folder], until: Instant) -> Result<Taken, CopyError> {
        let place = self.place(id);
        let private = |path: &Path, with_parents| {
            std::fs::DirBuilder::new().recursive(with_parents).mode(0o700).create(path)
        };
        let made = private(&self.0.folder, true).and_then(|()| private(&place, false));
        made.map_err(CopyError::io("making room for its snapshot"))?;
        let taken = self.fill(&place, folders, until);
        if taken.is_err() {
            gone(&place);
        }
        taken
    }

    fn fill(&self, place: &Path, folders: &[Folder], until: Instant) -> Result<Taken, CopyError> {
        let SnapshotOptions { bytes, entries, .. } = self.0;
        let mut copier = Copier::new(Bounds { bytes, entries, until: Some(until), purpose: &PURPOSE });
        let mut copied = Vec::with_capacity(folders.len());
        for (number, folder) in folders.iter().enumerate() {
            copied.push(copier.copy(folder, place.join(number.to_string()))?);
        }
        let list = List::of(&copied).map_err(CopyError::io("listing its snapshot"))?;
        // Without the list the copies are those of a host that died while it copied.
        let length = list.write(place).map_err(CopyError::io("writing the list of its snapshot"))?;
        let bytes = copier.taken.saturating_add(length);
        Ok(Taken { objects: copier.entries, bytes, left_out: copier.skipped })
    }

    fn read(&self, id: InvocationId) -> Result<List, CopiesError> {
        List::read(&self.place(id)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => CopiesError::Missing(id),
            io::ErrorKind::InvalidData => CopiesError::Unreadable(id),
            _ => CopiesError::Io { what: format!("reading the list of the snapshot {id}"), source: error },
        })
    }

    fn forget(&self, id: InvocationId) -> Result<(), CopiesError> {
        let place = self.place(id);
        // The list goes first: what is removed in part is no whole copy any more.
        let removed = List::forget(&place).and_then(|()| room::flatten_and_remove(&place));
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(CopiesError::Io { what: format!("removing the snapshot {id}"), source: error })
            }
            _ => Ok(()),
        }
    }

    fn found(&self) -> Result<Vec<(InvocationId, bool)>, CopiesError> {
        let entries = match fs_err::read_dir(&self.0.folder) {
            Ok(entries) => entries,
            // There never was a snapshot.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(CopiesError::Io { what: "looking for snapshots".to_owned(), source }),
        };
        let named = |entry: fs_err::DirEntry| entry.file_name().to_str()?.parse().ok();
        let ids = entries.flatten().filter_map(named);
        Ok(ids.map(|id| (id, List::is_there(&self.place(id)))).collect())
    }
}

fn gone(place: &Path) {
    if let Err(error) = room::flatten_and_remove(place) {
        tracing::warn!(path = %place.display(), %error, "a part of a snapshot stays until the next start");
    }
}

/// Work on a thread made for waiting. It is done to its end, whoever waits for it.
fn waiting<T: Send + 'static, E: Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
    broken: impl FnOnce() -> E + Send + 'static,
) -> BoxFuture<'static, Result<T, E>> {
    let done = tokio::task::spawn_blocking(work);
    async move { done.await.unwrap_or_else(|_| Err(broken())) }.boxed()
}

impl FolderCopies for FolderSnapshots {
    fn copy(
        &self,
        id: InvocationId,
        folders: Vec<Folder>,
        until: Instant,
    ) -> BoxFuture<'static, Result<Taken, NotTaken>> {
        let this = self.clone();
        let not = |error: CopyError| NotTaken { message: error.text(), limit: error.limit() };
        waiting(move || this.take(id, &folders, until).map_err(not), move || not(CopyError::Broken))
    }

    fn put_back(&self, id: InvocationId, act: bool) -> BoxFuture<'static, Result<PutBack, CopiesError>> {
        let this = self.clone();
        let work = move || put_back::put_back(&this.place(id), &this.read(id)?, act);
        waiting(work, || CopiesError::Broken)
    }

    fn remove(&self, id: InvocationId) -> BoxFuture<'static, Result<(), CopiesError>> {
        let this = self.clone();
        waiting(move || this.forget(id), || CopiesError::Broken)
    }

    fn all(&self) -> BoxFuture<'static, Result<Vec<(InvocationId, bool)>, CopiesError>> {
        let this = self.clone();
        waiting(move || this.found(), || CopiesError::Broken)
    }
}
