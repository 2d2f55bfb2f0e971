//! Calls that run: none is cut off because its client left, all are waited for at the end.

use std::sync::Arc;
use std::time::Duration;

use ares_kernel::ports::Invoke;
use ares_kernel::{Outcome, Request};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::count::Count;

/// Lets every call run to its outcome in a task of its own. A client that goes away drops a
/// waiting future and nothing else, so the journal sees an end for each beginning.
#[derive(Clone)]
pub struct Tracked {
    inner: Arc<dyn Invoke>,
    calls: Count,
}

impl Tracked {
    /// Tracks the calls made through `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Invoke>) -> Self {
        Self { inner, calls: Count::default() }
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
        let running = self.calls.enter();
        let call = self.inner.invoke(request);
        let task = tokio::spawn(async move {
            let outcome = call.await;
            drop(running);
            outcome
        });
        async move {
            match task.await {
                Ok(outcome) => outcome,
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // Nobody aborts these tasks; only the end of the process does.
                    Err(_) => std::future::pending().await,
                },
            }
        }
        .boxed()
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
