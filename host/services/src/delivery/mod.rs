//! Events on their way to those who subscribe: each a call through the kernel, a few at a time, in
//! order within a lane, again after a fault.
//!
//! A host that goes on running delivers whatever waits, also from before it started. A process that
//! lives for one command delivers what its own calls published, for as long as it may take to end,
//! and leaves the rest to the next host.

mod news;
#[cfg(test)]
mod tests;
mod turns;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ares_kernel::ports::Clock;
use ares_kernel::{DeliveryId, Kernel, Outcome, Status};
use ares_registry::{DeliveryEnd, Registry, RegistryError};
use tokio::time::{Instant, timeout_at};

pub(crate) use self::news::{News, Telling};
use self::turns::Turns;
use crate::count::{Count, Entered};
use crate::host::Mode;
use crate::operations::chain;

/// How many deliveries run at one time in a host that goes on running; in a command it is one.
const AT_A_TIME: usize = 4;
/// How often a delivery is tried that ends in a fault, or under which the host dies.
const ATTEMPTS_MAX: u32 = 5;
/// The pause after the first fault; each further one is four times as long: 1 s, 4 s, 16 s, 64 s.
const BACKOFF: Duration = Duration::from_secs(1);
/// How long to wait before trying the registry again, or for another process.
const TROUBLE: Duration = Duration::from_secs(1);
const TAKEN: Duration = Duration::from_millis(50);
/// The longest between two looks; there is nothing to see without news.
const IDLE: Duration = Duration::from_secs(60);

/// Delivers events. All clones are one.
#[derive(Clone)]
pub(crate) struct Delivery(Arc<Parts>);

struct Parts {
    registry: Arc<Registry>,
    kernel: Kernel,
    clock: Arc<dyn Clock>,
    mode: Mode,
    news: News,
    turns: Mutex<Turns>,
    attempts: Count,
}

/// What a look at the queue showed.
struct Look {
    /// When to look again without news.
    pause: Duration,
    /// Something runs, could run now, or is in another process's hands.
    busy: bool,
}

/// One delivery's place; given back however its attempt ends.
struct Place {
    delivery: Delivery,
    id: DeliveryId,
    _entered: Entered,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.delivery.turns().ended(self.id);
        self.delivery.0.news.ring();
    }
}

impl Delivery {
    /// Delivers through this kernel, whose journal rings the bell.
    pub(crate) fn new(
        registry: Arc<Registry>,
        kernel: Kernel,
        clock: Arc<dyn Clock>,
        mode: Mode,
        news: News,
    ) -> Self {
        let (turns, attempts) = (Mutex::default(), Count::default());
        Self(Arc::new(Parts { registry, kernel, clock, mode, news, turns, attempts }))
    }

    /// Delivers what waits and what comes. Never returns; attempts go on when this is given up.
    pub(crate) async fn run(self) {
        if self.own() {
            self.0.news.heard().await;
        }
        loop {
            let look = self.look().await;
            // Late is as good as never: then it is time to look again.
            let _ = tokio::time::timeout(look.pause, self.0.news.heard()).await;
        }
    }

    /// Ends, within this time. A host that goes on running waits for attempts that run, without new
    /// ones; a command delivers what can be delivered now of what it published. Answers how many
    /// deliveries are left.
    pub(crate) async fn end(&self, patience: Duration) -> u64 {
        let until = Instant::now() + patience;
        if self.own() {
            if !self.0.news.rung() {
                return 0;
            }
            while Instant::now() < until {
                let look = self.look().await;
                if !look.busy {
                    break;
                }
                let soon = until.min(Instant::now() + look.pause);
                let _ = timeout_at(soon, self.0.news.heard()).await;
            }
        }
        self.0.attempts.drain(until.saturating_duration_since(Instant::now())).await;
        self.0.registry.deliveries_waiting(self.own()).await.unwrap_or_else(|error| {
            tracing::error!(error = chain(&error), "how many events wait is not known");
            0
        })
    }

    /// A command is concerned with its own events.
    fn own(&self) -> bool {
        self.0.mode == Mode::Command
    }

    /// Starts as many attempts as there is room for.
    async fn look(&self) -> Look {
        let heads = match self.0.registry.deliveries(self.own()).await {
            Ok(heads) => heads,
            Err(error) => {
                tracing::error!(error = chain(&error), "events that wait cannot be read");
                return Look { pause: TROUBLE, busy: false };
            }
        };
        let now = self.0.clock.now_ms();
        let taken = heads.iter().any(|head| head.taken);
        let next = heads.iter().filter(|head| head.due_ms > now).map(|head| head.due_ms - now).min();
        let due: Vec<_> = heads.into_iter().filter(|head| !head.taken && head.due_ms <= now).collect();
        let most = if self.own() { 1 } else { AT_A_TIME };
        let mut turns = self.turns();
        let started = turns.take(due, most);
        let busy = taken || turns.running() > 0;
        drop(turns);
        for id in started {
            let place = Place { delivery: self.clone(), id, _entered: self.0.attempts.enter() };
            tokio::spawn(self.clone().attempt(place));
        }
        let pause = next.map_or(IDLE, Duration::from_millis).min(if taken { TAKEN } else { IDLE });
        Look { pause, busy }
    }

    async fn attempt(self, place: Place) {
        if let Err(error) = self.try_once(place.id).await {
            tracing::error!(error = chain(&*error), "an event's delivery is not recorded; it is tried again");
            tokio::time::sleep(TROUBLE).await;
        }
    }

    async fn try_once(&self, id: DeliveryId) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let registry = &self.0.registry;
        let Some(attempt) = registry.delivery_claim(id).await? else { return Ok(()) };
        if attempt > ATTEMPTS_MAX {
            // The host died under each of them.
            let end = DeliveryEnd { invocation: None, status: "fault", code: Some("given-up".to_owned()) };
            return Ok(registry.delivery_end(id, end).await?);
        }
        let Some(outcome) = self.0.kernel.deliver(id).await? else { return Ok(()) };
        Ok(self.settle(id, attempt, &outcome).await?)
    }

    /// After the call's own record: the delivery has ended, or it is tried again later. A refusal and
    /// a failure are answers; only a fault may be another time's success.
    async fn settle(&self, id: DeliveryId, attempt: u32, outcome: &Outcome) -> Result<(), RegistryError> {
        let status = outcome.status();
        let broke = match status {
            Status::Fault(_) | Status::Unrecorded => true,
            Status::Ok(_) | Status::Failed(_) | Status::Refused(_) => false,
        };
        if broke && attempt < ATTEMPTS_MAX {
            let pause = BACKOFF.saturating_mul(4_u32.saturating_pow(attempt.saturating_sub(1)));
            let pause = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            return self.0.registry.delivery_postpone(id, self.0.clock.now_ms().saturating_add(pause)).await;
        }
        let code = status.code().map(ToOwned::to_owned);
        let end = DeliveryEnd { invocation: Some(outcome.id()), status: status.as_str(), code };
        self.0.registry.delivery_end(id, end).await
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.0.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
