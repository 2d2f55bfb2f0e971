//! How much each writable folder holds: measured once, then counted along, and measured anew when
//! the figure is old or stands in a call's way.
//!
//! What is counted only ever adds. That something was removed, cut or replaced is noted, not
//! subtracted: two calls that replace the same file would otherwise both be credited for it. When
//! the folder seems full and something was removed, it is measured again, and that is exact.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use ares_kernel::facts::{FileLimit, Quota};
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use super::cost::Cost;
use super::measure::{Figure, nameless, walk};

/// A figure is old after this time, or after a hundred times as long as measuring took.
const OLD: Duration = Duration::from_secs(60);
/// A full folder nobody removed anything from is looked at again after this time: another program
/// may have.
const AGAIN: Duration = Duration::from_secs(10);
/// Between two measurements at least this time, and four times as long as the last one took.
const REST: Duration = Duration::from_secs(1);

/// The ledgers of all folders, by their place on this machine.
#[derive(Default)]
pub(crate) struct Ledgers(Mutex<HashMap<PathBuf, Arc<Ledger>>>);

/// How much one folder holds.
#[derive(Default)]
pub(super) struct Ledger {
    /// Held for reading by changes of names, for writing while the folder is measured.
    steady: Arc<RwLock<()>>,
    books: Mutex<Books>,
}

/// A change of names that goes on: the folder is not measured meanwhile.
pub(super) type Changing = OwnedRwLockReadGuard<()>;

#[derive(Default)]
struct Books {
    held: Option<Held>,
    /// Everything ever added, and how often something was taken away.
    added: Figure,
    cuts: u64,
    /// The most entries that any plugin may have in it.
    most: u64,
    /// Files that guests have open: one that has no name any more takes space all the same.
    open: Vec<Weak<File>>,
}

struct Held {
    figure: Figure,
    at: Instant,
    took: Duration,
    cuts: u64,
}

/// Why something cannot be added.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// Nobody knows how much there is.
    Unmeasured,
    /// It would be too much.
    Met(FileLimit),
}

/// Whether measuring would tell anything new.
enum Due {
    No,
    In(Duration),
    Now,
}

impl Ledgers {
    /// The ledger of this folder.
    pub(super) fn of(&self, folder: &Path, quota: &Quota) -> Arc<Ledger> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ledger = Arc::clone(all.entry(folder.to_owned()).or_default());
        let mut books = ledger.books();
        if books.most < quota.entries {
            books.most = quota.entries;
            // It may have been measured up to a lower bound.
            books.held = None;
        }
        drop(books);
        ledger
    }
}

impl Ledger {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the folder from being measured while names in it change.
    pub(super) async fn changing(&self) -> Changing {
        Arc::clone(&self.steady).read_owned().await
    }

    /// Adds what is about to be made, if there is room.
    pub(super) fn add(&self, cost: &Cost, quota: &Quota) -> Result<(), Full> {
        let mut books = self.books();
        let entries = cost.entries();
        let held = books.held.as_mut().filter(|held| !held.is_old()).ok_or(Full::Unmeasured)?;
        let after = Figure {
            bytes: held.figure.bytes.saturating_add(cost.growth),
            entries: held.figure.entries.saturating_add(entries),
        };
        if (cost.growth > 0 || entries > 0) && after.entries > quota.entries {
            return Err(Full::Met(FileLimit::Entries));
        }
        if cost.growth > 0 && after.bytes > quota.bytes {
            return Err(Full::Met(FileLimit::QuotaMb));
        }
        held.figure = after;
        books.added.bytes = books.added.bytes.saturating_add(cost.growth);
        books.added.entries = books.added.entries.saturating_add(entries);
        Ok(())
    }

    /// Takes back what was added for a change that failed.
    pub(super) fn give_back(&self, cost: &Cost) {
        let mut books = self.books();
        if let Some(held) = &mut books.held {
            held.figure.bytes = held.figure.bytes.saturating_sub(cost.growth);
            held.figure.entries = held.figure.entries.saturating_sub(cost.entries());
        }
    }

    /// By how many bytes it may grow, and which limit says so. Nothing where that is not known.
    pub(super) fn room(&self, quota: &Quota) -> Option<(u64, FileLimit)> {
        let books = self.books();
        let held = books.held.as_ref().filter(|held| !held.is_old())?;
        if held.figure.entries > quota.entries {
            return Some((0, FileLimit::Entries));
        }
        Some((quota.bytes.saturating_sub(held.figure.bytes), FileLimit::QuotaMb))
    }

    /// Notes that something was removed, cut or replaced.
    pub(super) fn cut(&self) {
        self.books().cuts += 1;
    }

    /// How often something was.
    pub(super) fn cuts(&self) -> u64 {
        self.books().cuts
    }

    /// Notes a file that a guest has opened.
    pub(super) fn opened(&self, file: &Arc<File>) {
        let open = &mut self.books().open;
        if open.len() == open.capacity() {
            open.retain(|file| file.strong_count() > 0);
        }
        open.push(Arc::downgrade(file));
    }

    /// Measures the folder, unless that would tell nothing new. Waits for its turn, so that however
    /// often a guest asks, measuring takes a fifth of the time at most.
    pub(super) async fn measure(self: &Arc<Self>, root: &Arc<File>) {
        let before = self.books().held.as_ref().map(|held| held.at);
        loop {
            let due = self.books().due();
            match due {
                Due::No => return,
                Due::In(time) => tokio::time::sleep(time).await,
                Due::Now => break,
            }
        }
        let alone = Arc::clone(&self.steady).write_owned().await;
        if self.books().held.as_ref().map(|held| held.at) != before {
            return;
        }
        let (ledger, root) = (Arc::clone(self), Arc::clone(root));
        // Whoever waits for it may be gone before it is done: it is done all the same, alone.
        let walking = tokio::task::spawn_blocking(move || {
            ledger.measure_now(&root);
            drop(alone);
        });
        if let Err(error) = walking.await {
            tracing::error!(%error, "measuring a folder broke off");
        }
    }

    fn measure_now(&self, root: &File) {
        let (begun, most, before, cuts) = {
            let books = self.books();
            (Instant::now(), books.most, books.added, books.cuts)
        };
        let walked = walk(root, most).unwrap_or_else(|error| {
            tracing::warn!(%error, "a writable folder cannot be measured; it takes nothing more");
            Figure { bytes: u64::MAX, entries: 0 }
        });
        let mut books = self.books();
        let nameless: u64 = books.open.iter().filter_map(Weak::upgrade).map(|file| nameless(&file)).sum();
        let since = books.added.bytes.saturating_sub(before.bytes);
        let bytes = walked.bytes.saturating_add(nameless).saturating_add(since);
        let figure = Figure { bytes, ..walked };
        books.held = Some(Held { figure, at: Instant::now(), took: begun.elapsed(), cuts });
    }
}

impl Books {
    fn due(&self) -> Due {
        let Some(held) = self.held.as_ref().filter(|held| !held.is_old()) else { return Due::Now };
        let (age, rest) = (held.at.elapsed(), REST.max(held.took * 4));
        if held.cuts == self.cuts && age < AGAIN.max(rest) {
            return Due::No;
        }
        rest.checked_sub(age).map_or(Due::Now, Due::In)
    }
}

impl Held {
    fn is_old(&self) -> bool {
        self.at.elapsed() > OLD.max(self.took * 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { bytes: 100, entries: 3 };

    fn bytes(growth: u64) -> Cost {
        Cost { growth, ..Cost::default() }
    }

    fn open(folder: &Path) -> Arc<File> {
        Arc::new(fs_err::File::open(folder).unwrap().into_parts().0)
    }

    #[tokio::test]
    async fn it_is_measured_before_anything_is_added_and_then_counted_along() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("sixty"), vec![0; 60]).unwrap();
        let ledger = Ledgers::default().of(folder.path(), &QUOTA);
        assert_eq!(ledger.add(&bytes(1), &QUOTA), Err(Full::Unmeasured));
        ledger.measure(&open(folder.path())).await;
        assert_eq!(ledger.room(&QUOTA), Some((40, FileLimit::QuotaMb)));
        assert_eq!(ledger.add(&bytes(41), &QUOTA), Err(Full::Met(FileLimit::QuotaMb)));
        assert_eq!(ledger.add(&bytes(40), &QUOTA), Ok(()));
        assert_eq!(ledger.add(&Cost::FILE, &QUOTA), Ok(()));
        assert_eq!(ledger.add(&Cost::FOLDER, &QUOTA), Ok(()));
        assert_eq!(ledger.add(&Cost::FILE, &QUOTA), Err(Full::Met(FileLimit::Entries)));
        ledger.give_back(&bytes(40));
        assert_eq!(ledger.room(&QUOTA), Some((40, FileLimit::QuotaMb)));
    }

    #[tokio::test]
    async fn what_was_removed_is_found_by_measuring_again_and_an_open_file_is_not_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sixty");
        fs_err::write(&path, vec![0; 60]).unwrap();
        let (ledger, root) = (Ledgers::default().of(folder.path(), &QUOTA), open(folder.path()));
        ledger.measure(&root).await;
        let file = open(&path);
        ledger.opened(&file);
        fs_err::remove_file(&path).unwrap();
        ledger.measure(&root).await;
        assert_eq!(
            ledger.room(&QUOTA),
            Some((40, FileLimit::QuotaMb)),
            "nobody said that something was removed"
        );
        ledger.cut();
        ledger.measure(&root).await;
        assert_eq!(ledger.room(&QUOTA), Some((40, FileLimit::QuotaMb)), "the file is still open");
        drop(file);
        ledger.cut();
        ledger.measure(&root).await;
        assert_eq!(ledger.room(&QUOTA), Some((100, FileLimit::QuotaMb)));
    }
}
