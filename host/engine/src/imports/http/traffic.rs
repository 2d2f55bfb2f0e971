//! What one call has sent and received, counted while it runs and closed when it ends.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ares_kernel::facts::Limits;
use tokio::sync::Notify;

/// The counts of one call. Its requests hold on to it, so that none goes on when the call is over.
#[derive(Debug)]
pub(crate) struct Traffic {
    requests: Count,
    sent: Count,
    received: Count,
    over: AtomicBool,
    silent: AtomicBool,
    denied: AtomicU64,
    ended: Notify,
}

/// A count with its limit.
#[derive(Debug)]
pub(super) struct Count {
    so_far: AtomicU64,
    most: u64,
}

impl Count {
    fn new(most: u64) -> Self {
        Self { so_far: AtomicU64::new(0), most }
    }

    /// Counts so many more, unless they would be too many.
    ///
    /// # Errors
    /// The limit.
    pub(super) fn add(&self, more: u64) -> Result<(), u64> {
        let within = |now: u64| now.checked_add(more).filter(|then| *then <= self.most);
        let added = self.so_far.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within);
        added.map(|_| ()).map_err(|_| self.most)
    }

    pub(super) fn most(&self) -> u64 {
        self.most
    }

    pub(super) fn so_far(&self) -> u64 {
        self.so_far.load(Ordering::Relaxed)
    }
}

impl Traffic {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            requests: Count::new(limits.http_requests),
            sent: Count::new(limits.http_sent_bytes),
            received: Count::new(limits.http_received_bytes),
            over: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            denied: AtomicU64::new(0),
            ended: Notify::new(),
        }
    }

    /// Requests, refused ones included.
    pub(super) fn requests(&self) -> &Count {
        &self.requests
    }

    /// Bytes of addresses, headers and bodies.
    pub(super) fn sent(&self) -> &Count {
        &self.sent
    }

    /// Bytes of the headers and unpacked bodies of answers.
    pub(super) fn received(&self) -> &Count {
        &self.received
    }

    /// The call is over: nothing more is sent or received in its name.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.ended.notify_waiters();
    }

    /// Notes that the guest tried what it was not granted.
    pub(super) fn deny(&self) {
        self.denied.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it did.
    pub(super) fn denied(&self) -> u64 {
        self.denied.load(Ordering::Relaxed)
    }

    /// Whether this is the first request too many: the log has room for no more of them.
    pub(super) fn first_too_many(&self) -> bool {
        !self.silent.swap(true, Ordering::Relaxed)
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Waits until the call is over.
    pub(super) async fn ended(&self) {
        let ended = self.ended.notified();
        tokio::pin!(ended);
        ended.as_mut().enable();
        if !self.is_over() {
            ended.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_too_much_is_not_counted() {
        let count = Count::new(10);
        assert_eq!((count.add(6), count.add(5), count.add(4)), (Ok(()), Err(10), Ok(())));
        assert_eq!((count.so_far(), count.add(u64::MAX)), (10, Err(10)));
    }

    #[tokio::test]
    async fn the_end_is_heard_by_who_waits_and_by_who_comes_later() {
        let traffic = std::sync::Arc::new(Traffic::new(&Limits::default()));
        let waiting = tokio::spawn({
            let traffic = std::sync::Arc::clone(&traffic);
            async move { traffic.ended().await }
        });
        tokio::task::yield_now().await;
        traffic.end();
        waiting.await.unwrap();
        traffic.ended().await;
    }
}
