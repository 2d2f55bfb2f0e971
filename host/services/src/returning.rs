//! Folders that are being put back at the moment: calls that may change them wait. Exact within one process; a call
//! of another process that begins in the middle is not held.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ares_kernel::facts::{Access, Folder};
use ares_registry::SnapshotFolder;
use tokio::sync::Notify;

/// Which folders.
#[derive(Default)]
pub(crate) struct Returning {
    closed: Mutex<Vec<(u64, Vec<SnapshotFolder>)>>,
    opened: Notify,
}

/// Some folders, closed until this goes.
pub(crate) struct Closed {
    returning: Arc<Returning>,
    number: u64,
}

impl Returning {
    /// Closes these.
    pub(crate) fn close(self: &Arc<Self>, folders: Vec<SnapshotFolder>) -> Closed {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let number = closed.iter().map(|(number, _)| number + 1).max().unwrap_or_default();
        closed.push((number, folders));
        Closed { returning: Arc::clone(self), number }
    }

    /// Waits until none of these is closed.
    pub(crate) async fn clear(&self, folders: &[Folder]) {
        loop {
            let mut opened = std::pin::pin!(self.opened.notified());
            // Before looking: what is opened between the look and the wait is heard, too.
            opened.as_mut().enable();
            if !self.holds(folders) {
                return;
            }
            opened.await;
        }
    }

    fn holds(&self, folders: &[Folder]) -> bool {
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_closed = |folder: &Folder| {
            closed.iter().flat_map(|(_, folders)| folders).any(|mine| overlap(mine, &folder.host))
        };
        folders.iter().any(|folder| folder.access == Access::Write && is_closed(folder))
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        let mut closed = self.returning.closed.lock().unwrap_or_else(PoisonError::into_inner);
        closed.retain(|(number, _)| *number != self.number);
        self.returning.opened.notify_waiters();
    }
}

/// Whether one of the two is in the other.
pub(crate) fn overlap(mine: &SnapshotFolder, other: &Path) -> bool {
    let mine = Path::new(&mine.path);
    mine.starts_with(other) || other.starts_with(mine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn granted(path: &str, access: Access) -> Vec<Folder> {
        let quota = ares_kernel::facts::Quota::default();
        vec![Folder { name: "a".parse().unwrap(), host: path.into(), access, quota }]
    }

    #[tokio::test(start_paused = true)]
    async fn calls_wait_for_the_folders_they_may_change_and_for_no_others() {
        let returning = Arc::new(Returning::default());
        let folders = vec![SnapshotFolder { name: "w".into(), path: "/w/inner".into() }];
        let closed = returning.close(folders);
        let soon = Duration::from_millis(1);
        for (path, access, waits) in [
            ("/w/inner", Access::Write, true),
            ("/w", Access::Write, true),
            ("/w/inner/deep", Access::Write, true),
            ("/w/other", Access::Write, false),
            ("/w/innermost", Access::Write, false),
            ("/w/inner", Access::Read, false),
        ] {
            let folders = granted(path, access);
            let waited = tokio::time::timeout(soon, returning.clear(&folders)).await;
            assert_eq!(waited.is_err(), waits, "{path} {access:?}");
        }
        let (also, folders) = (Arc::clone(&returning), granted("/w", Access::Write));
        let waiting = tokio::spawn(async move { also.clear(&folders).await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(closed);
        waiting.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn each_folder_of_one_snapshot_and_of_several_at_once_is_closed() {
        let returning = Arc::new(Returning::default());
        let closing = |paths: &[&str]| {
            let folder = |path: &&str| SnapshotFolder { name: "w".into(), path: (*path).to_owned() };
            returning.close(paths.iter().map(folder).collect())
        };
        let (two, one) = (closing(&["/x", "/y"]), closing(&["/z"]));
        for path in ["/x", "/y", "/y/deep", "/z", "/"] {
            let both = [granted("/w", Access::Write), granted(path, Access::Write)].concat();
            for folders in [granted(path, Access::Write), both] {
                let waited = tokio::time::timeout(Duration::from_millis(1), returning.clear(&folders)).await;
                assert!(waited.is_err(), "{folders:?}");
            }
        }
        drop(two);
        returning.clear(&granted("/y", Access::Write)).await;
        drop(one);
        returning.clear(&granted("/z", Access::Write)).await;
    }
}
