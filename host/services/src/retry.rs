//! `[retry]` of the manifest: repeats a call whose guest broke, where once more does no harm.

use std::sync::Arc;
use std::time::Duration;

use ares_kernel::facts::{Effect, Plugin};
use ares_kernel::ports::Invoke;
use ares_kernel::{FaultKind, InvocationId, Outcome, Request};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use tokio::time::Instant;

use crate::records::{Events, Notice};

/// What a manifest asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetryPolicy {
    /// How often at most, after the first time.
    pub retries: u32,
    /// The pause before the first; each further one is twice as long.
    pub backoff: Duration,
}

/// Knows every plugin's policy.
pub trait RetryPolicies: Send + Sync {
    /// The policy of this version of this plugin.
    fn policy<'a>(&'a self, plugin: &'a Plugin) -> BoxFuture<'a, RetryPolicy>;
}

/// Repeats calls from outside. A call one guest makes to another is not repeated here: the calling
/// guest decides, within its own time.
///
/// Repeated are pure and idempotent capabilities whose guest trapped or did not start. A fault that
/// says a limit was reached would be reached again. Each time is an invocation of its own, with its
/// own row in the journal; the last one's outcome is the answer. All times together take no longer
/// than the request's deadline or, where it has none, the capability's own.
#[derive(Clone)]
pub struct Retrying {
    inner: Arc<dyn Invoke>,
    policies: Arc<dyn RetryPolicies>,
    events: Arc<dyn Events>,
}

impl Retrying {
    /// Repeats what goes through `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Invoke>, policies: Arc<dyn RetryPolicies>, events: Arc<dyn Events>) -> Self {
        Self { inner, policies, events }
    }

    async fn run(self, mut request: Request) -> Outcome {
        let (begun, asked) = (Instant::now(), request.deadline);
        let (mut retries, mut last): (u32, Option<Outcome>) = (0, None);
        loop {
            let outcome = self.inner.invoke(request.clone()).await;
            // Whatever the gate has against one time more, what it was asked about is the fault: the guest has run.
            if let Some(last) = last.filter(|_| outcome.status().as_str() == "refused") {
                return last;
            }
            let Some((plugin, deadline)) = repeatable(&outcome, &request) else { return outcome };
            let policy = self.policies.policy(plugin).await;
            let pause = policy.backoff.saturating_mul(1_u32.checked_shl(retries).unwrap_or(u32::MAX));
            let left = asked.unwrap_or(deadline).saturating_sub(begun.elapsed()).saturating_sub(pause);
            if retries >= policy.retries || left.is_zero() {
                return outcome;
            }
            retries += 1;
            let data = json!({
                "invocation": outcome.id(),
                "capability": request.capability,
                "code": outcome.status().code(),
                "retry": retries,
                "of": policy.retries,
                "after_ms": u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            });
            self.events.emit(Notice { kind: "retry", plugin: Some(plugin.name.clone()), data }).await;
            tokio::time::sleep(pause).await;
            request.id = InvocationId::new();
            last = Some(outcome);
            request.deadline = Some(left);
        }
    }
}

impl Invoke for Retrying {
    fn invoke(&self, request: Request) -> BoxFuture<'static, Outcome> {
        self.clone().run(request).boxed()
    }
}

/// The plugin and the capability's deadline, if this outcome may be tried again.
fn repeatable<'a>(outcome: &'a Outcome, request: &Request) -> Option<(&'a Plugin, Duration)> {
    let broke = match outcome.status().fault()? {
        FaultKind::Trap | FaultKind::NotStarted => true,
        FaultKind::OutOfMemory
        | FaultKind::OutOfFuel
        | FaultKind::Deadline
        | FaultKind::Exit
        | FaultKind::HostLimit
        | FaultKind::OutputTooLarge
        | FaultKind::OutputInvalid
        | FaultKind::UndeclaredEffect
        | FaultKind::PostcheckFailed
        | FaultKind::Busy
        | FaultKind::Internal => false,
    };
    let plugin = outcome.plugin()?;
    let capability = plugin.capability(&request.capability)?;
    // A person's yes is for one time.
    let once = outcome.verdict().approval.is_some();
    let harmless = capability.effect == Effect::Pure || capability.idempotent;
    (broke && harmless && !once).then_some((plugin, capability.limits.deadline))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Ends, FakeEngine, Noted, kernel, plugin, request};
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Always(RetryPolicy);

    impl RetryPolicies for Always {
        fn policy<'a>(&'a self, _: &'a Plugin) -> BoxFuture<'a, RetryPolicy> {
            std::future::ready(self.0).boxed()
        }
    }

    fn retrying(
        ends: &[Ends],
        change: impl FnOnce(&mut ares_kernel::facts::Capability),
    ) -> (Retrying, Arc<FakeEngine>, Arc<Noted>) {
        let (engine, noted) = (Arc::new(FakeEngine::ending(ends)), Arc::new(Noted::default()));
        let kernel = kernel(engine.clone(), plugin(change));
        let policy = RetryPolicy { retries: 3, backoff: Duration::from_secs(1) };
        (Retrying::new(Arc::new(kernel), Arc::new(Always(policy)), noted.clone()), engine, noted)
    }

    #[tokio::test(start_paused = true)]
    async fn two_faults_then_an_answer_are_one_success_and_two_events() {
        let (retrying, engine, noted) = retrying(&[Ends::Trap, Ends::Trap, Ends::Ok], |_| {});
        let before = tokio::time::Instant::now();
        let outcome = retrying.invoke(request()).await;
        assert_eq!((outcome.status().as_str(), engine.calls()), ("ok", 3));
        assert_eq!(before.elapsed(), Duration::from_secs(1 + 2));
        let pauses: Vec<_> = noted.taken().iter().map(|n| (n.kind, n.data["after_ms"].clone())).collect();
        assert_eq!(pauses, [("retry", json!(1000)), ("retry", json!(2000))]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_guest_that_stays_broken_is_given_up() {
        let (retrying, engine, noted) = retrying(&[Ends::Trap; 9], |_| {});
        let first = request();
        let id = first.id;
        let outcome = retrying.invoke(first).await;
        assert_eq!((outcome.status().as_str(), engine.calls(), noted.taken().len()), ("fault", 4, 3));
        assert_ne!(outcome.id(), id, "each time is an invocation of its own");
    }

    #[tokio::test(start_paused = true)]
    async fn what_might_do_harm_or_reach_its_limit_again_is_not_repeated() {
        let (once, engine, _) = retrying(&[Ends::Trap; 2], |c| c.effect = Effect::Write);
        once.invoke(request()).await;
        assert_eq!(engine.calls(), 1);
        let (idempotent, engine, _) = retrying(&[Ends::Trap, Ends::Ok], |c| {
            c.effect = Effect::Write;
            c.idempotent = true;
        });
        assert_eq!(idempotent.invoke(request()).await.status().as_str(), "ok");
        assert_eq!(engine.calls(), 2);
        for ends in [Ends::OutOfFuel, Ends::Failed, Ends::Ok] {
            let (retrying, engine, _) = retrying(&[ends; 2], |_| {});
            retrying.invoke(request()).await;
            assert_eq!(engine.calls(), 1, "{ends:?}");
        }
    }

    /// The first time by one kernel, every other by a second.
    struct Then(ares_kernel::Kernel, ares_kernel::Kernel, AtomicUsize);

    impl Invoke for Then {
        fn invoke(&self, request: Request) -> BoxFuture<'static, Outcome> {
            let first = self.2.fetch_add(1, Ordering::SeqCst) == 0;
            if first { Invoke::invoke(&self.0, request) } else { Invoke::invoke(&self.1, request) }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_stops_a_second_time_the_first_ones_fault_is_the_answer() {
        let broken = kernel(Arc::new(FakeEngine::ending(&[Ends::Trap])), plugin(|_| {}));
        let gone = plugin(|capability| capability.id = "other".parse().unwrap());
        let (engine, noted) = (Arc::new(FakeEngine::default()), Arc::new(Noted::default()));
        let then = Then(broken, kernel(engine.clone(), gone), AtomicUsize::new(0));
        let policy = RetryPolicy { retries: 3, backoff: Duration::ZERO };
        let retrying = Retrying::new(Arc::new(then), Arc::new(Always(policy)), noted.clone());
        let outcome = retrying.invoke(request()).await;
        assert_eq!((outcome.status().as_str(), outcome.status().code()), ("fault", Some("trap")));
        assert_eq!((engine.calls(), noted.taken().len()), (0, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn all_times_together_keep_the_deadline() {
        let (retrying, engine, _) = retrying(&[Ends::Trap; 9], |_| {});
        let before = tokio::time::Instant::now();
        let mut request = request();
        request.deadline = Some(Duration::from_millis(2500));
        retrying.invoke(request).await;
        assert_eq!(engine.calls(), 2);
        assert!(before.elapsed() <= Duration::from_millis(2500));
    }
}
