//! The guests' clocks: milliseconds, which is enough to work by and too coarse to measure others by.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ares_kernel::ports::Clock;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

const MILLISECOND: u64 = 1_000_000;

/// The time of day, from the host's own clock.
pub(crate) struct Wall(pub(crate) Arc<dyn Clock>);

impl HostWallClock for Wall {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.now_ms())
    }
}

/// Time since the guest's first look at a clock.
pub(crate) struct Monotonic(pub(crate) Instant);

impl HostMonotonicClock for Monotonic {
    fn resolution(&self) -> u64 {
        MILLISECOND
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_mul(MILLISECOND)
    }
}
