//! Calls that run: none is cut off because its client left, all are waited for at the end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ares_kernel::ports::Invoke;
use ares_kernel::{Outcome, Request};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::runtime::Handle;

use crate::count::{Count, Entered};

/// Lets every call run to its outcome. It runs in its client's task, where it needs no second one
/// to be woken; a client that goes away leaves it to a task of its own, so the journal sees an end
/// for each beginning.
#[derive(Clone)]
pub struct Tracked {
    inner: Arc<dyn Invoke>,
    calls: Count,
    runtime: Handle,
}

impl Tracked {
    /// Tracks the calls made through `inner`. Within a Tokio runtime, where abandoned calls go on.
    #[must_use]
    pub fn new(inner: Arc<dyn Invoke>) -> Self {
        Self { inner, calls: Count::default(), runtime: Handle::current() }
    }

    /// How many calls run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.calls.now()
    }

    /// Waits until no call runs, but not longer than `patience`. Answers how many still do.
    pub async fn drain(&self, patience: Duration) -> usize {
        self.calls.drain(patience).await
    }
}

impl Invoke for Tracked {
    fn invoke(&self, request: Request) -> BoxFuture<'static, Outcome> {
        let running = Some((self.inner.invoke(request), self.calls.enter()));
        Call { running, runtime: self.runtime.clone() }.boxed()
    }
}

/// One call and its place in the count; nothing once it has ended.
struct Call {
    running: Option<(BoxFuture<'static, Outcome>, Entered)>,
    runtime: Handle,
}

impl Future for Call {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        // Taken out: a call that panics must not go on elsewhere when this is dropped.
        let Some((mut call, entered)) = self.running.take() else { return Poll::Pending };
        let polled = call.poll_unpin(context);
        if polled.is_pending() {
            self.running = Some((call, entered));
        }
        polled
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Some((call, entered)) = self.running.take() {
            self.runtime.spawn(async move {
                call.await;
                drop(entered);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FakeEngine, kernel, plugin, request};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Notify;

    /// Invokes once it may.
    struct Gated {
        kernel: ares_kernel::Kernel,
        go: Arc<Notify>,
        ended: Arc<AtomicUsize>,
    }

    impl Invoke for Gated {
        fn invoke(&self, request: Request) -> BoxFuture<'static, Outcome> {
            let (kernel, go, ended) = (self.kernel.clone(), self.go.clone(), self.ended.clone());
            async move {
                go.notified().await;
                let outcome = kernel.invoke(request).await;
                ended.fetch_add(1, Ordering::SeqCst);
                outcome
            }
            .boxed()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_outlives_its_client_and_is_waited_for() {
        let (go, ended) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
        let kernel = kernel(Arc::new(FakeEngine::default()), plugin(|_| {}));
        let tracked = Tracked::new(Arc::new(Gated { kernel, go: go.clone(), ended: ended.clone() }));
        let client = tracked.invoke(request());
        drop(client);
        tokio::task::yield_now().await;
        assert_eq!(tracked.drain(Duration::from_secs(1)).await, 1);
        assert_eq!(ended.load(Ordering::SeqCst), 0);
        go.notify_one();
        assert_eq!(tracked.drain(Duration::from_secs(1)).await, 0);
        assert_eq!(ended.load(Ordering::SeqCst), 1);
    }

    struct Panics;

    impl Invoke for Panics {
        fn invoke(&self, _: Request) -> BoxFuture<'static, Outcome> {
            async { panic!("as asked") }.boxed()
        }
    }

    #[tokio::test]
    async fn a_panic_reaches_its_caller_and_is_counted_out() {
        let tracked = Tracked::new(Arc::new(Panics));
        let call = std::panic::AssertUnwindSafe(tracked.invoke(request()));
        assert!(call.catch_unwind().await.is_err());
        assert_eq!(tracked.running(), 0);
    }
}
