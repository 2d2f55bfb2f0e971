//! What one input took: processor time of this process, and memory beyond what it had.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What the process had taken before an input.
pub(crate) struct Before {
    processor: Duration,
    resident: u64,
    peak: u64,
}

/// What an input took.
pub(crate) struct Took {
    /// Processor time; a busy machine does not count.
    pub(crate) processor: Duration,
    /// Memory, in bytes; 0 unless the process never had as much before.
    pub(crate) memory: u64,
}

impl Before {
    /// Now.
    pub(crate) fn now() -> Self {
        let (resident, peak) = memory();
        Self { processor: processor(), resident, peak }
    }

    /// From then to now.
    pub(crate) fn took(&self) -> Took {
        let (_, peak) = memory();
        let memory = if peak > self.peak { peak.saturating_sub(self.resident) } else { 0 };
        Took { processor: processor().saturating_sub(self.processor), memory }
    }
}

fn processor() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// Resident memory now and at its peak, in bytes.
fn memory() -> (u64, u64) {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0) << 10
    };
    (bytes("VmRSS:"), bytes("VmHWM:"))
}
