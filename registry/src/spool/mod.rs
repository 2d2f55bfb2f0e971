//! The spool: records that must outlive a killed process, but not a power cut, in a file written
//! with one `write(2)` each. The writer folds the file into the database a moment later.

pub(crate) mod fold;
pub(crate) mod frame;
pub(crate) mod owner;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use uuid::Uuid;

/// So many bytes may wait in the spool. Beyond, a closing waits for the database instead, so that
/// callers are slowed down to what the disk takes.
pub(crate) const UNFOLDED_MAX: u64 = 32 << 20;

/// This process's spool files.
pub(crate) struct Spool {
    folder: PathBuf,
    owner: Uuid,
    active: Mutex<Active>,
    unfolded: AtomicU64,
    /// The last record could not be written.
    broken: AtomicBool,
    /// The last folding failed.
    stuck: AtomicBool,
}

#[derive(Default)]
struct Active {
    file: Option<Open>,
    made: u64,
}

struct Open {
    file: fs_err::File,
    length: u64,
}

/// Whether a record was the first of its file: then the writer has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Appended {
    /// It was.
    First,
    /// The writer knows already.
    Further,
}

impl Spool {
    /// No file yet: the first record makes it.
    pub(crate) fn new(folder: &Path, owner: Uuid) -> Self {
        Self {
            folder: folder.to_owned(),
            owner,
            active: Mutex::default(),
            unfolded: AtomicU64::new(0),
            broken: AtomicBool::new(false),
            stuck: AtomicBool::new(false),
        }
    }

    fn active(&self) -> MutexGuard<'_, Active> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that are not in the database yet.
    pub(crate) fn unfolded(&self) -> u64 {
        self.unfolded.load(Ordering::Relaxed)
    }

    /// Whether a record could be written now. Asked before each call, so it looks at the disk only
    /// after something went wrong; then it writes a page and takes it back.
    pub(crate) fn usable(&self) -> io::Result<()> {
        if self.stuck.load(Ordering::Relaxed) && self.unfolded() > UNFOLDED_MAX {
            return Err(io::Error::other("the spool is full and cannot be brought into the database"));
        }
        if !self.broken.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut active = self.active();
        let mut open = match active.file.take() {
            Some(open) => open,
            None => self.next_file(&mut active.made)?,
        };
        let written = write_once(&mut open.file, &[0; 4096]);
        open.file.set_len(open.length)?;
        active.file = Some(open);
        self.broken.store(written.is_err(), Ordering::Relaxed);
        written
    }

    /// Says whether the last folding failed.
    pub(crate) fn stuck(&self, stuck: bool) {
        self.stuck.store(stuck, Ordering::Relaxed);
    }

    /// Keeps a record. When this returns, the system has it: it survives this process.
    pub(crate) fn append(&self, record: &[u8]) -> io::Result<Appended> {
        let appended = self.append_now(record);
        if appended.is_err() {
            self.broken.store(true, Ordering::Relaxed);
        }
        appended
    }

    fn append_now(&self, record: &[u8]) -> io::Result<Appended> {
        let frame = frame::framed(record).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "the record is too long for the spool")
        })?;
        let mut active = self.active();
        let mut open = match active.file.take() {
            Some(open) => open,
            None => self.next_file(&mut active.made)?,
        };
        let appended = if open.length == 0 { Appended::First } else { Appended::Further };
        let written = write_once(&mut open.file, &frame);
        if let Err(error) = written {
            // What was written of it goes away again, so that the next record can be read. If even
            // that fails, the file takes no more: the next record begins another one, and the rest
            // of this is a torn end.
            let length = open.length;
            if open.file.set_len(length).is_ok() {
                active.file = Some(open);
            } else {
                tracing::error!(%error, "a spool file takes no more");
            }
            return Err(error);
        }
        let length = u64::try_from(frame.len()).unwrap_or(u64::MAX);
        open.length += length;
        self.unfolded.fetch_add(length, Ordering::Relaxed);
        active.file = Some(open);
        Ok(appended)
    }

    fn next_file(&self, made: &mut u64) -> io::Result<Open> {
        *made += 1;
        let path = self.folder.join(format!("{}-{made:08}.log", self.owner));
        let file = fs_err::OpenOptions::new().create_new(true).append(true).mode(0o600).open(path)?;
        Ok(Open { file, length: 0 })
    }

    /// Ends the present file, if there is one, so that it can be folded.
    pub(crate) fn rotate(&self) {
        self.active().file = None;
    }

    /// This process's files that are not being written, in the order they were made.
    pub(crate) fn ended(&self) -> io::Result<Vec<PathBuf>> {
        let writing = self.active().file.as_ref().map(|open| open.file.path().to_owned());
        let mut files = files_of(&self.folder, self.owner)?;
        files.retain(|file| Some(file) != writing.as_ref());
        Ok(files)
    }

    /// So many bytes are in the database now.
    pub(crate) fn folded(&self, bytes: u64) {
        // Torn ends are folded without ever having counted.
        let _ = self.unfolded.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |unfolded| {
            Some(unfolded.saturating_sub(bytes))
        });
    }
}

fn write_once(file: &mut fs_err::File, frame: &[u8]) -> io::Result<()> {
    let written = file.write(frame)?;
    if written == frame.len() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::WriteZero,
        format!("only {written} of {} bytes were written", frame.len()),
    ))
}

/// The spool files of one process, in the order they were made.
pub(crate) fn files_of(folder: &Path, owner: Uuid) -> io::Result<Vec<PathBuf>> {
    let prefix = format!("{owner}-");
    let mut files = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if owner::named(&path, "log").is_some_and(|stem| stem.starts_with(&prefix)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
