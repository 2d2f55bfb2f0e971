//! Snapshots of what calls may change: the copies are the engine's, the rows the registry's, and here
//! both are kept together. How long and how much is the operator's to choose.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ares_kernel::facts::{Access, Folder};
use ares_kernel::ports::{CopiesError, FolderCopies, NotTaken, Secrets as _, Snapshots, Withheld};
use ares_kernel::snapshot::{PutBack, Taken};
use ares_kernel::{Caller, InvocationId, LimitHit};
use ares_registry::{RegistryError, SnapshotEnd, SnapshotFolder, SnapshotsHold};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::timeout_at;

use crate::book::Book;
use crate::operations::chain;
use crate::returning::{Closed, Returning, overlap};

/// How often a host that serves looks for snapshots whose time is over.
const SWEEP: Duration = Duration::from_secs(600);
/// So many snapshots are taken at one time, and others wait: what is being copied is not counted yet.
const COPYING_MAX: usize = 4;
/// The longest a call waits for its snapshot. What the usual bounds allow takes a few seconds on a disk, and no call is held
/// for ever by a slow one.
const TAKING_MAX: Duration = Duration::from_secs(60);

/// What snapshots are made of, and how long they are kept. `gate.snapshot*` of ares.toml.
#[derive(Clone)]
pub struct SnapshotKeeping {
    /// Copies folders and puts them back.
    pub copies: Arc<dyn FolderCopies>,
    /// How long a snapshot is kept.
    pub keep: Duration,
    /// How much all of them may hold; the oldest go first.
    pub all: SnapshotsHold,
}

/// One thing to do with snapshots. All answers are JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SnapshotWish {
    /// Those that are there, oldest first. Answers an array of `{id, state, capability, plugin, at_ms,
    /// folders, objects, bytes, told, ended_at_ms}`.
    List {
        /// Also those that are not there any more.
        all: bool,
    },
    /// One of them, with `later`: calls of the same plugin since then.
    Show {
        /// The invocation.
        id: String,
    },
    /// Bring the folders back to it. Answers `{id, state, dry_run, later, put_back, removed, unchanged,
    /// failed, failures, changes}`.
    Restore {
        /// The invocation.
        id: String,
        /// Only say what that would change.
        dry_run: bool,
    },
    /// Forget it. Answers it.
    Remove {
        /// The invocation.
        id: String,
    },
}

/// Keeps them. All clones are one.
#[derive(Clone)]
pub(crate) struct Keeper {
    book: Book,
    keeping: SnapshotKeeping,
    returning: Arc<Returning>,
    copying: Arc<Semaphore>,
}

impl Keeper {
    pub(crate) fn new(book: Book, keeping: SnapshotKeeping) -> Self {
        Self { book, keeping, returning: Arc::default(), copying: Arc::new(Semaphore::new(COPYING_MAX)) }
    }

    async fn begin(
        &self,
        id: InvocationId,
        folders: Vec<Folder>,
        latest: Option<Instant>,
    ) -> Result<Taken, NotTaken> {
        let longest = Instant::now() + TAKING_MAX;
        let until = latest.map_or(longest, |latest| latest.min(longest));
        let not = |error: &dyn std::error::Error| NotTaken { message: chain(error), limit: None };
        let row = |folder: &Folder| SnapshotFolder {
            name: folder.name.as_str().to_owned(),
            path: folder.host.to_string_lossy().into_owned(),
        };
        let rows: Vec<SnapshotFolder> = folders.iter().map(row).collect();
        let Ok(_turn) = timeout_at(until.into(), self.copying.acquire()).await else {
            let message = "other snapshots were being taken for as long as it could wait".to_owned();
            return Err(NotTaken { message, limit: None });
        };
        // The row first: copies without one belong to nobody and are cleared away.
        self.book.with(move |registry| registry.snapshot_begun(id, &rows)).await.map_err(|e| not(&e))?;
        let mut taken = match self.keeping.copies.copy(id, folders, until).await {
            Ok(taken) => taken,
            Err(error) => {
                self.ended(id, SnapshotEnd::Gone, Some(json!({ "why": error.message }))).await;
                return Err(error);
            }
        };
        self.scrub(&mut taken.left_out);
        let (objects, bytes) = (taken.objects, taken.bytes);
        let kept = self.book.with(move |registry| registry.snapshot_whole(id, objects, bytes)).await;
        if let Err(error) = kept {
            self.forget(id).await;
            return Err(not(&error));
        }
        self.sweep().await;
        match self.room().await {
            None => Ok(taken),
            Some(no) => {
                self.ended(id, SnapshotEnd::Gone, Some(json!({ "why": no.message }))).await;
                self.forget(id).await;
                Err(no)
            }
        }
    }

    /// Why there is no room for one more: the snapshots of calls that run are too much already. Others went.
    async fn room(&self) -> Option<NotTaken> {
        let all = self.keeping.all;
        let held = match self.book.with(|registry| registry.snapshots_running()).await {
            Ok(held) if !held.is_beyond(all) => return None,
            Ok(held) => held,
            Err(error) => return Some(NotTaken { message: chain(&error), limit: None }),
        };
        let (most, limit) = if held.bytes > all.bytes {
            let most = all.bytes >> 20;
            (format!("{most} MiB"), LimitHit::of_host("gate.snapshots_mb", most))
        } else {
            (format!("{} entries", all.objects), LimitHit::of_host("gate.snapshots_entries", all.objects))
        };
        let message =
            format!("the snapshots of all calls that run may hold {most} together, and would hold more");
        Some(NotTaken { message, limit: Some(limit) })
    }

    async fn take_back(&self, id: InvocationId) -> Result<PutBack, Withheld> {
        // First the folders are closed, then it is asked who runs: a call is seen here or waits there.
        let closed = self.close(id).await;
        let why = match &closed {
            Ok(_) => self.disturbed(id).await.unwrap_or_else(|error| Some(chain(&error))),
            Err(error) => Some(chain(error)),
        };
        if let Some(why) = why {
            self.ended(id, SnapshotEnd::Withheld, Some(json!({ "why": why }))).await;
            return Err(Withheld(why));
        }
        match self.put_back(id, true, None).await {
            Ok((mut done, _)) => {
                // Nobody but a person is told which paths there are.
                done.changes.clear();
                Ok(done)
            }
            Err(error) => {
                let why = chain(&error);
                self.ended(id, SnapshotEnd::Withheld, Some(json!({ "why": why }))).await;
                Err(Withheld(why))
            }
        }
    }

    /// Puts the folders back, or says what that would change, and writes down what came of it.
    pub(crate) async fn put_back(
        &self,
        id: InvocationId,
        act: bool,
        actor: Option<Caller>,
    ) -> Result<(PutBack, Option<SnapshotEnd>), CopiesError> {
        let mut done = self.keeping.copies.put_back(id, act).await?;
        self.scrub(&mut done.failures);
        self.scrub(&mut done.changes);
        if !act {
            return Ok((done, None));
        }
        let end = match (done.failed, &actor) {
            (0, Some(_)) => SnapshotEnd::Returned,
            (0, None) => SnapshotEnd::Restored,
            _ => SnapshotEnd::Partly,
        };
        let PutBack { put_back, removed, unchanged, failed, failures, .. } = &done;
        let told = json!({
            "put_back": put_back, "removed": removed, "unchanged": unchanged, "failed": failed,
            "failures": failures,
        });
        let told =
            self.book.with(move |registry| registry.snapshot_ended(id, end, Some(told), actor.as_ref()));
        if let Err(error) = told.await {
            tracing::error!(%id, error = chain(&error), "what became of a snapshot is not written down");
        }
        if end != SnapshotEnd::Partly {
            self.forget(id).await;
        }
        Ok((done, Some(end)))
    }

    /// Has calls that begin wait until these folders are open again.
    pub(crate) async fn close(&self, id: InvocationId) -> Result<Closed, RegistryError> {
        let folders = self.book.with(move |registry| Ok(registry.kept_snapshot(id)?.folders)).await?;
        Ok(self.returning.close(folders))
    }

    /// How many calls run that may change the same folders, of whichever plugin, and how many did since then.
    pub(crate) async fn others(&self, id: InvocationId) -> Result<(u64, u64), RegistryError> {
        let catalog = self.book.registry().snapshot();
        self.book
            .with(move |registry| {
                let plugins = sharing(&catalog, &registry.kept_snapshot(id)?.folders);
                registry.snapshot_others(id, &plugins)
            })
            .await
    }

    /// Why the folders are not to be put back unasked: another call may have changed them meanwhile, and
    /// what it did would be lost.
    async fn disturbed(&self, id: InvocationId) -> Result<Option<String>, RegistryError> {
        let catalog = self.book.registry().snapshot();
        self.book
            .with(move |registry| {
                let plugins = sharing(&catalog, &registry.kept_snapshot(id)?.folders);
                let found = registry.snapshot_disturbed(id, &plugins)?;
                Ok(found.map(|call| {
                    format!(
                        "{call} ran at the same time and may have changed the same folders; look at it with \
                         `ares-host snapshots restore {id} --dry-run`"
                    )
                }))
            })
            .await
    }

    /// Removes those whose time is over, and the oldest where all together are too much.
    pub(crate) async fn sweep(&self) {
        let keep = u64::try_from(self.keeping.keep.as_millis()).unwrap_or(u64::MAX);
        let all = self.keeping.all;
        match self.book.with(move |registry| registry.snapshots_due(keep, all)).await {
            Ok(due) => {
                for id in due {
                    self.ended(id, SnapshotEnd::Gone, None).await;
                    self.forget(id).await;
                }
            }
            Err(error) => tracing::warn!(error = chain(&error), "old snapshots are not looked for"),
        }
    }

    /// Brings copies and rows together after a host that died: copies of no row and those that never
    /// became whole go, and rows of which there are no copies say so.
    pub(crate) async fn clean(&self) {
        // Copies are listed first: each has had its row since before it was there.
        let before = self.keeping.copies.all().await;
        let rows = self.book.with(|registry| registry.snapshots_there()).await;
        let (copies, rows) = match (before, rows) {
            (Ok(copies), Ok(rows)) => (copies, BTreeMap::from_iter(rows)),
            (Err(error), _) => return tracing::warn!(error = chain(&error), "snapshots are not looked for"),
            (_, Err(error)) => return tracing::warn!(error = chain(&error), "snapshots are not looked for"),
        };
        for (id, whole) in copies {
            match rows.get(&id) {
                Some(running) if whole || *running => {}
                Some(_) => {
                    self.ended(id, SnapshotEnd::Gone, Some(json!({ "why": "it never was whole" }))).await;
                    self.forget(id).await;
                }
                None => self.forget(id).await,
            }
        }
        // Again: one may have been taken meanwhile.
        let Ok(now) = self.keeping.copies.all().await else { return };
        let now = BTreeMap::from_iter(now);
        for (id, _) in rows.iter().filter(|(id, running)| !**running && !now.contains_key(id)) {
            self.ended(*id, SnapshotEnd::Gone, None).await;
        }
    }

    /// Sweeps now and again, for a host that serves.
    pub(crate) async fn watch(self) {
        let mut next = tokio::time::interval(SWEEP);
        loop {
            next.tick().await;
            self.sweep().await;
        }
    }

    pub(crate) async fn remove(&self, id: InvocationId, actor: Caller) -> Result<(), CopiesError> {
        self.keeping.copies.remove(id).await?;
        let gone = move |registry: &ares_registry::Registry| {
            registry.snapshot_ended(id, SnapshotEnd::Gone, None, Some(&actor))
        };
        if let Err(error) = self.book.with(gone).await {
            tracing::error!(%id, error = chain(&error), "that a snapshot was removed is not written down");
        }
        Ok(())
    }

    async fn ended(&self, id: InvocationId, end: SnapshotEnd, told: Option<serde_json::Value>) {
        let kept = self.book.with(move |registry| registry.snapshot_ended(id, end, told, None)).await;
        if let Err(error) = kept {
            tracing::error!(%id, error = chain(&error), "what became of a snapshot is not written down");
        }
    }

    async fn forget(&self, id: InvocationId) {
        if let Err(error) = self.keeping.copies.remove(id).await {
            tracing::warn!(%id, error = chain(&error), "a snapshot stays until the next start");
        }
    }

    fn scrub(&self, texts: &mut [String]) {
        for text in texts {
            let clean = self.book.registry().scrub(text).into_owned();
            *text = clean;
        }
    }
}

/// The plugins that may change one of these folders, what is in it or what it is in.
fn sharing(catalog: &ares_registry::Snapshot, mine: &[SnapshotFolder]) -> Vec<String> {
    let shares = |folder: &Folder| {
        folder.access == Access::Write && mine.iter().any(|mine| overlap(mine, &folder.host))
    };
    let plugins = catalog.plugins().filter(|plugin| plugin.grants.folders().iter().any(shares));
    plugins.map(|plugin| plugin.name.as_str().to_owned()).collect()
}

impl Snapshots for Keeper {
    fn take(
        &self,
        id: InvocationId,
        folders: Vec<Folder>,
        latest: Option<Instant>,
    ) -> BoxFuture<'_, Result<Taken, NotTaken>> {
        self.begin(id, folders, latest).boxed()
    }

    fn clear<'a>(&'a self, folders: &'a [Folder]) -> BoxFuture<'a, ()> {
        self.returning.clear(folders).boxed()
    }

    fn put_back(&self, id: InvocationId) -> BoxFuture<'_, Result<PutBack, Withheld>> {
        self.take_back(id).boxed()
    }
}

#[cfg(test)]
mod tests;
