//! By whose clock a call ends.

use super::Permit;
use crate::report::LimitHit;

impl Permit {
    /// The limit that ends it when its time is over: what its caller or the call above it left it, where
    /// that is less than its own.
    #[must_use]
    pub fn time_limit(&self) -> LimitHit {
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (own, plugin) = (self.limits().deadline, self.plugin().limits.deadline);
        match self.request().deadline {
            Some(given) if given < own => LimitHit::of_caller("deadline", millis(given)),
            _ if own < plugin => LimitHit::of_capability("timeout_ms", millis(own)),
            _ => LimitHit::of_plugin("deadline_ms", millis(own), Some("limits.deadline_ms")),
        }
    }
}
