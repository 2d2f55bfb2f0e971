//! Counts what runs, so that an end can wait for it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// How many there are. All clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Count(Arc<Tally>);

/// One of them, until dropped: also when what runs panics.
#[derive(Debug)]
pub(crate) struct Entered(Arc<Tally>);

#[derive(Debug, Default)]
struct Tally {
    now: AtomicUsize,
    none: Notify,
}

impl Count {
    /// One more.
    pub(crate) fn enter(&self) -> Entered {
        self.0.now.fetch_add(1, Ordering::SeqCst);
        Entered(Arc::clone(&self.0))
    }

    /// How many.
    pub(crate) fn now(&self) -> usize {
        self.0.now.load(Ordering::SeqCst)
    }

    /// Waits until there are none, but not longer than `patience`. Answers how many are left.
    pub(crate) async fn drain(&self, patience: Duration) -> usize {
        let none = async {
            loop {
                let mut told = pin!(self.0.none.notified());
                // Listening before looking, so that no end goes by unheard.
                told.as_mut().enable();
                if self.now() == 0 {
                    return;
                }
                told.await;
            }
        };
        match tokio::time::timeout(patience, none).await {
            Ok(()) => 0,
            Err(_) => self.now(),
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if self.0.now.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.none.notify_waiters();
        }
    }
}
