//! What one call has written and made of files, against its limits.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ares_kernel::Usage;
use ares_kernel::facts::{FileLimit, Limits};

use super::cost::Cost;

/// Counts for one call. Streams share it, and in an instance that is kept they outlive their call:
/// they then count for the call that writes.
#[derive(Debug, Default)]
pub(super) struct FileMeter(Mutex<Count>);

#[derive(Debug, Default)]
struct Count {
    spent: Cost,
    most: Cost,
    met: Option<FileLimit>,
}

impl FileMeter {
    fn count(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a call.
    pub(super) fn begin(&self, limits: &Limits) {
        let most =
            Cost { written: limits.file_bytes, growth: 0, files: limits.files, folders: limits.folders };
        *self.count() = Count { most, ..Count::default() };
    }

    /// Counts a change that is about to be made, or says which limit forbids it.
    pub(super) fn charge(&self, cost: &Cost) -> Result<(), FileLimit> {
        let mut count = self.count();
        let written = count.spent.written.saturating_add(cost.written);
        let (files, folders) = (count.spent.files + cost.files, count.spent.folders + cost.folders);
        let over = if written > count.most.written {
            Some(FileLimit::FileBytes)
        } else if files > count.most.files {
            Some(FileLimit::Files)
        } else if folders > count.most.folders {
            Some(FileLimit::Folders)
        } else {
            None
        };
        if let Some(limit) = over {
            count.met.get_or_insert(limit);
            return Err(limit);
        }
        count.spent = Cost { written, files, folders, growth: 0 };
        Ok(())
    }

    /// Takes back what was counted for a change that failed.
    pub(super) fn refund(&self, cost: &Cost) {
        let mut count = self.count();
        count.spent.written = count.spent.written.saturating_sub(cost.written);
        count.spent.files = count.spent.files.saturating_sub(cost.files);
        count.spent.folders = count.spent.folders.saturating_sub(cost.folders);
    }

    /// Notes a limit that was met. The first one stays.
    pub(super) fn met(&self, limit: FileLimit) {
        self.count().met.get_or_insert(limit);
    }

    /// Bytes the call may still write.
    pub(super) fn room(&self) -> u64 {
        let count = self.count();
        count.most.written.saturating_sub(count.spent.written)
    }

    /// What the call used of files.
    pub(super) fn usage(&self) -> Usage {
        let count = self.count();
        Usage {
            file_bytes_written: count.spent.written,
            files_made: count.spent.entries(),
            file_limit: count.met,
            ..Usage::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_told_apart_and_the_first_is_kept() {
        let meter = FileMeter::default();
        meter.begin(&Limits { file_bytes: 10, files: 1, folders: 1, ..Limits::default() });
        let bytes = |written| Cost { written, ..Cost::default() };
        assert_eq!(meter.charge(&bytes(10)), Ok(()));
        assert_eq!(meter.charge(&Cost::FILE), Ok(()));
        assert_eq!(meter.charge(&Cost::FILE), Err(FileLimit::Files));
        assert_eq!(meter.charge(&bytes(u64::MAX)), Err(FileLimit::FileBytes));
        assert_eq!(meter.charge(&Cost::FOLDER), Ok(()));
        assert_eq!(meter.charge(&Cost::FOLDER), Err(FileLimit::Folders));
        meter.refund(&bytes(4));
        assert_eq!(meter.room(), 4);
        let usage = meter.usage();
        assert_eq!(
            (usage.file_bytes_written, usage.files_made, usage.file_limit),
            (6, 2, Some(FileLimit::Files))
        );
    }
}
