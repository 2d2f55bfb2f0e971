//! How many snapshots are taken at one time, and for how long a call waits for its own.

use std::sync::atomic::{AtomicUsize, Ordering};

use ares_kernel::ports::Clock;
use ares_registry::{Options, Registry};

use super::*;
use crate::testing::NoCopies;

struct Still;
impl Clock for Still {
    fn now_ms(&self) -> u64 {
        0
    }
}

/// Copies that take a while, and count how many are being made.
#[derive(Default)]
struct Slow {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

const WHILE: Duration = Duration::from_millis(100);

impl FolderCopies for Slow {
    fn copy(
        &self,
        _: InvocationId,
        _: Vec<Folder>,
        _: Instant,
    ) -> BoxFuture<'static, Result<Taken, NotTaken>> {
        let (now, most) = (Arc::clone(&self.now), Arc::clone(&self.most));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(WHILE).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(Taken::default())
        }
        .boxed()
    }

    fn put_back(&self, id: InvocationId, trial: bool) -> BoxFuture<'static, Result<PutBack, CopiesError>> {
        NoCopies.put_back(id, trial)
    }

    fn remove(&self, id: InvocationId) -> BoxFuture<'static, Result<(), CopiesError>> {
        NoCopies.remove(id)
    }

    fn all(&self) -> BoxFuture<'static, Result<Vec<(InvocationId, bool)>, CopiesError>> {
        NoCopies.all()
    }
}

#[tokio::test]
async fn so_many_are_taken_at_one_time_and_nobody_waits_longer_than_there_is_time() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::new(folder.path(), Arc::new(Still));
    let registry = Arc::new(Registry::open(&folder.path().join("registry.db"), options).unwrap());
    let slow = Slow::default();
    let most = Arc::clone(&slow.most);
    let all = SnapshotsHold { bytes: 1 << 30, objects: 1000 };
    let keeping = SnapshotKeeping { copies: Arc::new(slow), keep: Duration::from_secs(60), all };
    let keeper = Keeper::new(Book::new(registry), keeping);
    let taking = (0..COPYING_MAX * 2).map(|_| keeper.take(InvocationId::new(), Vec::new(), None));
    let late = async {
        tokio::time::sleep(WHILE / 4).await;
        keeper.take(InvocationId::new(), Vec::new(), Some(Instant::now() + WHILE / 4)).await
    };
    let (taken, late) = futures::future::join(futures::future::join_all(taking), late).await;
    assert!(taken.iter().all(Result::is_ok), "{taken:?}");
    assert_eq!(most.load(Ordering::SeqCst), COPYING_MAX);
    assert!(late.unwrap_err().message.starts_with("other snapshots were being taken"));
}
