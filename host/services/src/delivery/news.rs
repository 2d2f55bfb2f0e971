//! The journal, and a bell that rings when it kept events.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ares_kernel::facts::Plugin;
use ares_kernel::ports::{Begun, Closing, Journal, JournalError, Opening};
use ares_kernel::{DeliveryId, Posted};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::Notify;

/// The bell. All clones are one.
#[derive(Clone, Default)]
pub(crate) struct News(Arc<Bell>);

#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    notify: Notify,
}

impl News {
    /// There is something to deliver.
    pub(super) fn ring(&self) {
        self.0.rung.store(true, Ordering::Release);
        self.0.notify.notify_one();
    }

    /// Whether it ever rang.
    pub(super) fn rung(&self) -> bool {
        self.0.rung.load(Ordering::Acquire)
    }

    /// Waits until it rings, or has rung since the last time.
    pub(super) async fn heard(&self) {
        self.0.notify.notified().await;
    }
}

/// A journal that rings once a call's events are kept.
pub(crate) struct Telling {
    inner: Arc<dyn Journal>,
    news: News,
}

impl Telling {
    /// Rings this bell.
    pub(crate) fn new(inner: Arc<dyn Journal>, news: News) -> Self {
        Self { inner, news }
    }
}

impl Journal for Telling {
    fn ready(&self) -> Result<(), JournalError> {
        self.inner.ready()
    }

    fn begin<'a>(
        &'a self,
        opening: &'a Opening,
        begun: Begun<'a>,
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        self.inner.begin(opening, begun)
    }

    fn close<'a>(
        &'a self,
        opening: &'a Opening,
        closing: Closing<'a>,
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        if closing.published.is_none() {
            return self.inner.close(opening, closing);
        }
        let closed = self.inner.close(opening, closing);
        closed
            .inspect(|closed| {
                if closed.is_ok() {
                    self.news.ring()
                }
            })
            .boxed()
    }

    fn worked(&self, plugin: &Plugin) {
        self.inner.worked(plugin);
    }

    fn posted(&self, delivery: DeliveryId) -> BoxFuture<'_, Result<Option<Posted>, JournalError>> {
        self.inner.posted(delivery)
    }
}
