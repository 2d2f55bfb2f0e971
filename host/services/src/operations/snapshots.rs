//! Snapshots, for people: look at them, put one back, forget one.

use ares_kernel::ports::CopiesError;
use ares_kernel::{Caller, InvocationId};
use ares_registry::{SnapshotEnd, SnapshotView};
use serde_json::{Value, json};

use super::{Answer, Operations, invocation, json as to_json};
use crate::operation::{Problem, ProblemKind};
use crate::snapshots::{Keeper, SnapshotWish};

/// The most rows one answer holds.
const ROWS_MAX: u32 = 10_000;

impl Operations {
    /// Whoever keeps them.
    pub(crate) fn keeper(&self) -> &Keeper {
        &self.0.snapshots
    }

    pub(super) async fn snapshots(&self, caller: Caller, wish: SnapshotWish) -> Answer {
        match wish {
            SnapshotWish::List { all } => {
                self.0.snapshots.clean().await;
                to_json(&self.0.book.with(move |registry| registry.kept_snapshots(all, ROWS_MAX)).await?)
            }
            SnapshotWish::Show { id } => {
                let mut found = self.snapshot(invocation(&id)?).await?;
                found.later = Some(self.0.snapshots.others(found.id).await?.1);
                to_json(&found)
            }
            SnapshotWish::Restore { id, dry_run } => self.restore(caller, invocation(&id)?, dry_run).await,
            SnapshotWish::Remove { id } => {
                let found = self.there(invocation(&id)?).await?;
                self.0.snapshots.remove(found.id, caller).await?;
                to_json(&self.snapshot(found.id).await?)
            }
        }
    }

    async fn snapshot(&self, id: InvocationId) -> Result<SnapshotView, Problem> {
        Ok(self.0.book.with(move |registry| registry.kept_snapshot(id)).await?)
    }

    /// One that can be put back or removed.
    async fn there(&self, id: InvocationId) -> Result<SnapshotView, Problem> {
        let found = self.snapshot(id).await?;
        if found.is_running() {
            return Err(busy(format!("the call {id} has not ended; its snapshot is its own until then")));
        }
        if !found.is_there() {
            let why = format!("the snapshot {id} is not there any more: it is {}", found.state);
            return Err(Problem::new(ProblemKind::Invalid, "snapshot-closed", why));
        }
        Ok(found)
    }

    async fn restore(&self, caller: Caller, id: InvocationId, dry_run: bool) -> Answer {
        let found = self.there(id).await?;
        let _closed = if dry_run { None } else { Some(self.0.snapshots.close(id).await?) };
        let (running, later) = self.0.snapshots.others(id).await?;
        if !dry_run && running > 0 {
            return Err(busy(format!(
                "{running} calls run that may be changing the same folders; try again when they have ended \
                 (`ares-host status` shows which plugins run)"
            )));
        }
        let (done, end) = self.0.snapshots.put_back(id, !dry_run, Some(caller)).await?;
        let state = match end {
            Some(SnapshotEnd::Partly) => "partly",
            Some(_) => "returned",
            None => found.state.as_str(),
        };
        let mut answer = json!({
            "id": id, "state": state, "dry_run": dry_run, "later": later,
            "failed": done.failed, "failures": done.failures, "changes": done.changes,
        });
        if let (Value::Object(answer), Value::Object(done)) = (&mut answer, to_json(&done)?) {
            answer.extend(done);
        }
        Ok(answer)
    }

    /// Whether what a call changed can still be taken back.
    pub(super) async fn can_be_returned(&self, id: InvocationId) -> bool {
        self.snapshot(id).await.is_ok_and(|found| found.is_there() && !found.is_running())
    }
}

fn busy(why: String) -> Problem {
    Problem::new(ProblemKind::Failed, "snapshot-busy", why)
}

impl From<CopiesError> for Problem {
    fn from(error: CopiesError) -> Self {
        let (kind, code) = match &error {
            CopiesError::Missing(_) => (ProblemKind::NotFound, "no-snapshot"),
            CopiesError::Unreadable(_) => (ProblemKind::Integrity, "snapshot-damaged"),
            CopiesError::Moved { .. } => (ProblemKind::Invalid, "folder-moved"),
            CopiesError::Io { .. } => (ProblemKind::Failed, "io"),
            CopiesError::Broken => (ProblemKind::Failed, "internal"),
        };
        Self::of(kind, code, &error)
    }
}
