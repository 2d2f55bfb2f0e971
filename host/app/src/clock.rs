//! The machine's clock behind the kernel's port.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ares_kernel::ports::Clock;

/// The time of day as the machine tells it.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX)
    }

    fn now(&self) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "this is what stands behind the Clock port")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 is wrong in any case.
        since.unwrap_or_default()
    }
}
