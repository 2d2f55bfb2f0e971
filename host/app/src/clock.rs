//! The machine's clock behind the kernel's port.

use std::time::{SystemTime, UNIX_EPOCH};

use ares_kernel::ports::Clock;

/// The time of day as the machine tells it.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        #[expect(clippy::disallowed_methods, reason = "this is what stands behind the Clock port")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 is wrong in any case.
        since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}
