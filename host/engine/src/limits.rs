//! What one store may take: memories and tables counted all together, and calls into the host.

use ares_kernel::LimitHit;
use ares_kernel::facts::Limits;
use wasmtime::ResourceLimiter;

use crate::config::{INSTANCES_MAX, MEMORIES_MAX, TABLES_MAX};
use crate::fault::Stop;

/// Bytes a guest may hand over in one call into the host, beyond the largest value it may hand
/// over by its limits.
const HANDOVER: u64 = 8 << 20;
/// Handles a guest may hold at one time.
pub(crate) const HANDLES_MAX: usize = 1024;

/// The most bytes the guest may hand over at one time, answers included. So much above the limits
/// of answers and stored values that those are refused by name first.
pub(crate) fn handover(limits: &Limits) -> usize {
    let most = HANDOVER.saturating_add(limits.output_bytes.max(limits.kv_bytes));
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// One kind of space, summed over everything in the store.
#[derive(Debug, Default)]
struct Space {
    used: u64,
    peak: u64,
    most: u64,
    denied: bool,
}

impl Space {
    /// Counts a growth. What is counted once stays counted: Wasmtime reports growths that failed
    /// afterwards, but not which, and a guest could provoke such reports to lower the count.
    fn grow(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        let more = desired.saturating_sub(current) as u64;
        let used = self.used.saturating_add(more);
        if used > self.most || maximum.is_some_and(|maximum| desired > maximum) {
            self.denied = true;
            return false;
        }
        self.used = used;
        self.peak = self.peak.max(used);
        true
    }

    fn begin(&mut self, most: u64) {
        *self = Self { used: self.used, peak: self.used, most, denied: false };
    }
}

/// Sums what a store holds and denies what would be too much. Wasmtime's own `StoreLimits` looks
/// at each memory by itself, so that sixteen memories would have sixteen times the limit.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    memory: Space,
    tables: Space,
}

impl Limiter {
    /// Sets the limits of the next call. What a kept instance holds already stays counted.
    pub(crate) fn begin(&mut self, limits: &Limits) {
        self.memory.begin(limits.memory_bytes);
        self.tables.begin(limits.table_elements);
    }

    /// The most memory the store held at one time in this call.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.memory.peak
    }

    /// What was denied in this call, in words, and by which limit.
    pub(crate) fn denied(&self) -> Option<(String, LimitHit)> {
        if self.memory.denied {
            let most = self.memory.most >> 20;
            let limit = LimitHit::of_plugin("memory_mb", most, Some("limits.memory_mb"));
            return Some((format!("{most} MiB of memory"), limit));
        }
        let most = self.tables.most;
        let limit = LimitHit::of_plugin("table_elements", most, Some("limits.table_elements"));
        self.tables.denied.then(|| (format!("{most} table elements"), limit))
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.memory.grow(current, desired, maximum))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory.denied = true;
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.tables.grow(current, desired, maximum))
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.tables.denied = true;
        Ok(())
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }
}

/// Counts calls into `ares:host/*`.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    calls: u64,
    most: u64,
}

impl Meter {
    pub(crate) fn begin(&mut self, most: u64) {
        *self = Self { calls: 0, most };
    }

    /// Counts one call; over the limit it ends the guest.
    pub(crate) fn count(&mut self) -> wasmtime::Result<()> {
        if self.calls >= self.most {
            return Err(Stop::HostCalls(self.most).into());
        }
        self.calls += 1;
        Ok(())
    }

    /// Calls so far.
    pub(crate) fn calls(&self) -> u64 {
        self.calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(memory_bytes: u64) -> Limiter {
        let mut limiter = Limiter::default();
        limiter.begin(&Limits { memory_bytes, ..Limits::default() });
        limiter
    }

    #[test]
    fn memories_count_together() {
        let mut limiter = limiter(3 << 16);
        assert!(limiter.memory_growing(0, 2 << 16, None).unwrap());
        assert!(limiter.memory_growing(0, 1 << 16, None).unwrap());
        assert!(!limiter.memory_growing(1 << 16, 2 << 16, None).unwrap());
        assert_eq!(limiter.peak_memory(), 3 << 16);
        assert!(limiter.denied().is_some());
    }

    #[test]
    fn a_failed_growth_does_not_lower_the_count() {
        let mut limiter = limiter(2 << 16);
        assert!(limiter.memory_growing(0, 1 << 16, None).unwrap());
        for _ in 0..3 {
            limiter.memory_grow_failed(wasmtime::Error::msg("too far")).unwrap();
        }
        assert!(limiter.memory_growing(1 << 16, 2 << 16, None).unwrap());
        assert!(!limiter.memory_growing(2 << 16, 3 << 16, None).unwrap());
    }

    #[test]
    fn a_kept_instance_keeps_its_count_and_starts_its_peak_anew() {
        let mut limiter = limiter(4 << 16);
        assert!(limiter.memory_growing(0, 3 << 16, None).unwrap());
        limiter.begin(&Limits { memory_bytes: 4 << 16, ..Limits::default() });
        assert_eq!(limiter.peak_memory(), 3 << 16);
        assert!(!limiter.memory_growing(3 << 16, 5 << 16, None).unwrap());
    }

    #[test]
    fn host_calls_end_at_their_limit() {
        let mut meter = Meter::default();
        meter.begin(2);
        assert!(meter.count().is_ok() && meter.count().is_ok());
        assert!(meter.count().is_err());
        assert_eq!(meter.calls(), 2);
    }
}
