//! Latencies of many calls one after another, and calls per second on all cores.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Latencies in nanoseconds, sorted.
pub(crate) struct Latencies(Vec<u64>);

impl Latencies {
    /// From measured durations.
    pub(crate) fn new(mut nanos: Vec<u64>) -> Self {
        nanos.sort_unstable();
        Self(nanos)
    }

    /// The latency that `percent` of the calls did not exceed, in microseconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let at = (self.0.len() * percent / 100).min(last);
        self.0.get(at).map_or(f64::NAN, |nanos| *nanos as f64 / 1000.0)
    }
}

/// Runs `call` so often, one after another, and times each.
pub(crate) async fn latencies<F, Fut>(rounds: usize, call: F) -> Latencies
where
    F: FnMut() -> Fut,
    Fut: Future<Output = ()>,
{
    Latencies::new(nanos(rounds, call).await)
}

/// The same as plain durations in nanoseconds, in order.
pub(crate) async fn nanos<F, Fut>(rounds: usize, mut call: F) -> Vec<u64>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = ()>,
{
    let mut nanos = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let start = Instant::now();
        call().await;
        nanos.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    nanos
}

/// Runs `call` in twice as many tasks as there are cores, for so long; gives calls per second.
pub(crate) async fn throughput<F, Fut>(duration: Duration, call: F) -> f64
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    let call = Arc::new(call);
    let done = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let tasks = 2 * std::thread::available_parallelism().map_or(2, usize::from);
    let start = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|_| {
            let (call, done, stop) = (Arc::clone(&call), Arc::clone(&done), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    call().await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    tokio::time::sleep(duration).await;
    stop.store(true, Ordering::Relaxed);
    futures::future::join_all(running).await;
    done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}
