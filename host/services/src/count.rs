//! Counts what runs, so that an end can wait for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// How many there are. All clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Count(Arc<watch::Sender<usize>>);

/// One of them, until dropped: also when what runs panics.
#[derive(Debug)]
pub(crate) struct Entered(Arc<watch::Sender<usize>>);

impl Default for Count {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Count {
    /// One more.
    pub(crate) fn enter(&self) -> Entered {
        self.0.send_modify(|count| *count += 1);
        Entered(Arc::clone(&self.0))
    }

    /// How many.
    pub(crate) fn now(&self) -> usize {
        *self.0.borrow()
    }

    /// Waits until there are none, but not longer than `patience`. Answers how many are left.
    pub(crate) async fn drain(&self, patience: Duration) -> usize {
        let mut count = self.0.subscribe();
        let _ = tokio::time::timeout(patience, count.wait_for(|count| *count == 0)).await.map(drop);
        self.now()
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}
