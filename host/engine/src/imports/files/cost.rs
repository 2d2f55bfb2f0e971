//! What a change costs: to the call that makes it, and to the folder it is made in.

/// What one change adds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    /// Bytes for the call: written, or grown by where that is more.
    pub(super) written: u64,
    /// Bytes by which the folder grows.
    pub(super) growth: u64,
    /// Files made.
    pub(super) files: u64,
    /// Folders made.
    pub(super) folders: u64,
}

impl Cost {
    pub(super) const FILE: Self = Self { written: 0, growth: 0, files: 1, folders: 0 };
    pub(super) const FOLDER: Self = Self { written: 0, growth: 0, files: 0, folders: 1 };

    /// Entries the folder has more.
    pub(super) fn entries(&self) -> u64 {
        self.files + self.folders
    }
}

/// Where in a file is written, and how long the file is. Behind its end a hole is left, which
/// counts as if it had been filled.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    /// Where the next byte goes.
    pub(super) next: u64,
    /// How long the file is.
    pub(super) length: u64,
}

impl Span {
    /// What writing so many bytes here costs.
    pub(super) fn cost(&self, bytes: u64) -> Cost {
        let growth = self.next.saturating_add(bytes).saturating_sub(self.length);
        Cost { written: bytes.max(growth), growth, ..Cost::default() }
    }

    /// How many bytes can be written here when the call may write `call` more and the folder may
    /// grow by `folder`: the lesser of both, each for itself.
    pub(super) fn room(&self, call: u64, folder: u64) -> (u64, u64) {
        let (hole, inside) = (self.next.saturating_sub(self.length), self.length.saturating_sub(self.next));
        (call.saturating_sub(hole), folder.saturating_add(inside).saturating_sub(hole))
    }

    /// After writing so many bytes.
    pub(super) fn advance(&mut self, bytes: u64) {
        self.next = self.next.saturating_add(bytes);
        self.length = self.length.max(self.next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(next: u64, length: u64, bytes: u64) -> (u64, u64) {
        let cost = Span { next, length }.cost(bytes);
        (cost.written, cost.growth)
    }

    #[test]
    fn what_is_written_or_what_the_file_grows_by_whichever_is_more() {
        assert_eq!(costs(0, 0, 10), (10, 10));
        assert_eq!(costs(0, 100, 10), (10, 0));
        assert_eq!(costs(95, 100, 10), (10, 5));
        assert_eq!(costs(1 << 60, 100, 1), ((1 << 60) - 99, (1 << 60) - 99));
        assert_eq!(costs(u64::MAX, 0, 10), (u64::MAX, u64::MAX));
    }

    #[test]
    fn room_is_exactly_what_still_fits() {
        for (next, length) in [(0, 0), (0, 100), (95, 100), (120, 100), (5000, 100)] {
            for (call, folder) in [(0, 0), (50, 1000), (1000, 50), (1000, 1000)] {
                let span = Span { next, length };
                let (by_call, by_folder) = span.room(call, folder);
                let room = by_call.min(by_folder);
                let fits = |bytes| span.cost(bytes).written <= call && span.cost(bytes).growth <= folder;
                assert!(room == 0 || fits(room), "{span:?} {call} {folder}: {room}");
                assert!(!fits(room + 1), "{span:?} {call} {folder}: {room}");
            }
        }
    }
}
