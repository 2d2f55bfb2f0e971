//! Snapshots as the kernel asks for them, and the copies of folders they are made of.

use std::time::Instant;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::facts::Folder;
use crate::name::InvocationId;
use crate::report::LimitHit;
use crate::snapshot::{PutBack, Taken};

/// Keeps what a call may change in folders until it is known how the call ended.
pub trait Snapshots: Send + Sync {
    /// Copies these folders before the guest of a recorded call starts, by `latest` if somebody waits no longer.
    ///
    /// # Errors
    /// When they hold too much, take too long or cannot be copied. Nothing is left of it then.
    fn take(
        &self,
        id: InvocationId,
        folders: Vec<Folder>,
        latest: Option<Instant>,
    ) -> BoxFuture<'_, Result<Taken, NotTaken>>;

    /// Waits until nothing is being put back into these folders. Asked after the opening record of a call that may
    /// change them is there, so that whoever puts back has seen that record, or this call waits.
    fn clear<'a>(&'a self, _folders: &'a [Folder]) -> BoxFuture<'a, ()> {
        std::future::ready(()).boxed()
    }

    /// Brings the folders back to what they were, once the guest is gone.
    ///
    /// # Errors
    /// When nothing was put back. The snapshot is kept.
    fn put_back(&self, id: InvocationId) -> BoxFuture<'_, Result<PutBack, Withheld>>;
}

/// Why there is no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotTaken {
    /// In one sentence.
    pub message: String,
    /// The limit the folders exceed, if that is why.
    pub limit: Option<LimitHit>,
}

/// Why nothing was put back, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Withheld(pub String);

/// Snapshots for where there are none: each is refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSnapshots;

impl Snapshots for NoSnapshots {
    fn take(
        &self,
        _: InvocationId,
        _: Vec<Folder>,
        _: Option<Instant>,
    ) -> BoxFuture<'_, Result<Taken, NotTaken>> {
        let message = "this host keeps no snapshots".to_owned();
        std::future::ready(Err(NotTaken { message, limit: None })).boxed()
    }

    fn put_back(&self, id: InvocationId) -> BoxFuture<'_, Result<PutBack, Withheld>> {
        std::future::ready(Err(Withheld(format!("there is no snapshot {id}")))).boxed()
    }
}

/// Copies folders and puts them back; knows nothing of calls. All of it waits for the disk on
/// threads made for waiting.
pub trait FolderCopies: Send + Sync {
    /// Copies these folders under this id, or gives it up at `until`.
    ///
    /// # Errors
    /// When they hold too much, take too long or cannot be copied. Nothing is left of it then.
    fn copy(
        &self,
        id: InvocationId,
        folders: Vec<Folder>,
        until: Instant,
    ) -> BoxFuture<'static, Result<Taken, NotTaken>>;

    /// Brings the folders back to their copies, or only says what that would change.
    ///
    /// # Errors
    /// When nothing was changed at all.
    fn put_back(&self, id: InvocationId, act: bool) -> BoxFuture<'static, Result<PutBack, CopiesError>>;

    /// Forgets the copies of this id. That there are none is as good.
    ///
    /// # Errors
    /// When they cannot be removed.
    fn remove(&self, id: InvocationId) -> BoxFuture<'static, Result<(), CopiesError>>;

    /// Of which ids there are copies, and whether they are whole: not those of a process that died
    /// while it copied.
    ///
    /// # Errors
    /// When it cannot be known.
    fn all(&self) -> BoxFuture<'static, Result<Vec<(InvocationId, bool)>, CopiesError>>;
}

/// Why copies cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CopiesError {
    /// They are not there, or were never finished.
    #[error("there are no whole copies of the folders of {0}")]
    Missing(InvocationId),
    /// They are not what was written.
    #[error("the list of the snapshot {0} cannot be read; it was damaged or written by another version")]
    Unreadable(InvocationId),
    /// The folder is not there any more, or another one is in its place.
    #[error("`{folder}` is not at {path} any more, or is another folder; nothing was put back")]
    Moved {
        /// The name of its grant.
        folder: String,
        /// Where it was.
        path: std::path::PathBuf,
    },
    /// The machine failed.
    #[error("{what} failed")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The work broke off.
    #[error("the host failed in the middle of it; see its log")]
    Broken,
}
