//! Answers an identical pure call from memory, for plugins that ask for it (`cache_results`).

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use ares_kernel::facts::Effect;
use ares_kernel::ports::Engine;
use ares_kernel::rehearsal::Tried;
use ares_kernel::{Permit, Report, Usage};
use futures::FutureExt;
use futures::future::BoxFuture;
use lru::LruCache;

/// How many answers are kept.
const ENTRIES_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4095);
/// How many bytes they may have together.
const BYTES_MAX: usize = 64 << 20;
/// The largest answer worth keeping.
const ANSWER_BYTES_MAX: usize = 1 << 20;

type Key = [u8; 32];

/// An engine that remembers. What it remembers is what the guest said, not what the verifier made
/// of it: an answer that was turned down is given again and turned down again, as the guest itself
/// would have it.
pub struct Cached {
    inner: Arc<dyn Engine>,
    answers: Mutex<Answers>,
}

struct Answers {
    recent: LruCache<Key, Arc<str>>,
    bytes: usize,
}

impl Cached {
    /// Remembers the answers of `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Engine>) -> Self {
        Self { inner, answers: Mutex::new(Answers { recent: LruCache::new(ENTRIES_MAX), bytes: 0 }) }
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answers {
    fn keep(&mut self, key: Key, answer: &str) {
        if answer.len() > ANSWER_BYTES_MAX {
            return;
        }
        self.bytes += answer.len();
        if let Some((_, old)) = self.recent.push(key, answer.into()) {
            self.bytes = self.bytes.saturating_sub(old.len());
        }
        while self.bytes > BYTES_MAX {
            let Some((_, old)) = self.recent.pop_lru() else { break };
            self.bytes = self.bytes.saturating_sub(old.len());
        }
    }
}

impl Engine for Cached {
    fn call(&self, permit: Permit) -> BoxFuture<'_, Report> {
        let Some(key) = key(&permit) else { return self.inner.call(permit) };
        if let Some(answer) = self.answers().recent.get(&key) {
            let usage = Usage { cached: true, ..Usage::default() };
            let report = Report {
                result: Ok(answer.to_string()),
                usage,
                writes: Vec::new(),
                events: Vec::new(),
                tried: Tried::default(),
            };
            return std::future::ready(report).boxed();
        }
        async move {
            let report = self.inner.call(permit).await;
            if let (Ok(answer), true) = (&report.result, report.writes.is_empty() && report.events.is_empty())
            {
                self.answers().keep(key, answer);
            }
            report
        }
        .boxed()
    }
}

/// Everything a pure guest can see of a call, in one hash: its own bytes, what is asked, with which
/// configuration and metadata. Nothing for a call that must run.
fn key(permit: &Permit) -> Option<Key> {
    let (plugin, request) = (permit.plugin(), permit.request());
    if !plugin.cache_results || permit.effect() != Effect::Pure || permit.is_rehearsal() {
        return None;
    }
    let config = serde_json::to_vec(&*plugin.config).ok()?;
    let metadata = request.metadata.as_deref().unwrap_or_default();
    let task = request.task.as_deref().unwrap_or_default();
    let mut hasher = blake3::Hasher::new();
    for part in [
        plugin.name.as_str().as_bytes(),
        plugin.blake3.as_bytes(),
        permit.capability().id.as_str().as_bytes(),
        &config,
        task.as_bytes(),
        metadata.as_bytes(),
        request.input.as_bytes(),
    ] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    Some(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Ends, FakeEngine, kernel, plugin, request};
    use ares_kernel::Kernel;
    use ares_kernel::facts::{Capability, Plugin};

    fn cached(engine: &Arc<FakeEngine>, caching: bool, change: impl FnOnce(&mut Capability)) -> Kernel {
        let plugin = Plugin { cache_results: caching, ..plugin(change) };
        kernel(Arc::new(Cached::new(engine.clone())), plugin)
    }

    async fn twice(kernel: &Kernel) -> Usage {
        kernel.invoke(request()).await;
        kernel.invoke(request()).await.usage()
    }

    #[tokio::test]
    async fn the_second_identical_pure_call_costs_nothing() {
        let engine = Arc::new(FakeEngine::default());
        let kernel = cached(&engine, true, |_| {});
        let usage = twice(&kernel).await;
        assert_eq!((usage.cached, usage.fuel, engine.calls()), (true, 0, 1));
        let mut other = request();
        other.input = "{ }".to_owned();
        assert!(!kernel.invoke(other).await.usage().cached);
    }

    #[tokio::test]
    async fn only_pure_answers_of_plugins_that_ask_for_it_are_kept() {
        for (caching, effect, ends) in [
            (false, Effect::Pure, Ends::Ok),
            (true, Effect::Read, Ends::Ok),
            (true, Effect::Pure, Ends::Trap),
        ] {
            let engine = Arc::new(FakeEngine::ending(&[ends]));
            let usage = twice(&cached(&engine, caching, |c| c.effect = effect)).await;
            assert_eq!((usage.cached, engine.calls()), (false, 2), "{caching} {effect} {ends:?}");
        }
    }

    #[tokio::test]
    async fn a_rehearsal_is_neither_answered_from_memory_nor_remembered() {
        let engine = Arc::new(FakeEngine::default());
        let kernel = cached(&engine, true, |_| {});
        for (rehearse, calls) in [(true, 1), (false, 2), (true, 3), (false, 3)] {
            let mut request = request();
            request.rehearse = rehearse;
            kernel.invoke(request).await;
            assert_eq!(engine.calls(), calls, "{rehearse}");
        }
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let mut answers = Answers { recent: LruCache::new(ENTRIES_MAX), bytes: 0 };
        let large = "x".repeat(ANSWER_BYTES_MAX);
        let key = |n: u8| [n; 32];
        for n in 0..80 {
            answers.keep(key(n), &large);
        }
        assert_eq!(answers.bytes, BYTES_MAX);
        assert!(answers.recent.get(&key(0)).is_none() && answers.recent.get(&key(79)).is_some());
        answers.keep(key(79), "short");
        assert_eq!(answers.bytes, BYTES_MAX - ANSWER_BYTES_MAX + 5);
        answers.keep(key(100), &"x".repeat(ANSWER_BYTES_MAX + 1));
        assert!(answers.recent.get(&key(100)).is_none());
    }
}
