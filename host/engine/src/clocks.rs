//! The guests' clocks: milliseconds, which is enough to work by and too coarse to measure others by;
//! as fine as the machine's for calls that were granted `clock`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ares_kernel::ports::Clock;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

const MILLISECOND: u64 = 1_000_000;

/// Whether the clocks of a store are fine: for the call it serves now, which a kept instance's next
/// call need not share.
#[derive(Clone, Default)]
pub(crate) struct Fineness(Arc<AtomicBool>);

impl Fineness {
    /// Sets it for the call that begins.
    pub(crate) fn set(&self, fine: bool) {
        self.0.store(fine, Ordering::Relaxed);
    }

    fn is_fine(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Nanoseconds of one step.
    fn step(&self) -> u64 {
        if self.is_fine() { 1 } else { MILLISECOND }
    }
}

/// The time of day, from the host's own clock.
pub(crate) struct Wall(pub(crate) Arc<dyn Clock>, pub(crate) Fineness);

impl HostWallClock for Wall {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(self.1.step())
    }

    fn now(&self) -> Duration {
        if self.1.is_fine() { self.0.now() } else { Duration::from_millis(self.0.now_ms()) }
    }
}

/// Time since the guest's first look at a clock.
pub(crate) struct Monotonic(pub(crate) Instant, pub(crate) Fineness);

impl HostMonotonicClock for Monotonic {
    fn resolution(&self) -> u64 {
        self.1.step()
    }

    fn now(&self) -> u64 {
        let nanos = u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX);
        nanos - nanos % self.1.step()
    }
}
