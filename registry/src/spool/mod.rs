//! The spool: records that must outlive a killed process at once and a power cut within a second, in
//! files written with one `pwrite(2)` each. The writer folds them into the database when it is quiet.

pub(crate) mod fold;
pub(crate) mod frame;
pub(crate) mod owner;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fs_err::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use uuid::Uuid;

/// So many bytes may wait in the spool. Beyond, a closing waits until they are in the database, so
/// that callers are slowed down to what it takes.
pub(crate) const UNFOLDED_MAX: u64 = 128 << 20;
/// A file that is longer is ended and the next one begun: each is folded in one transaction, and
/// changes of the registry have to wait for no more than that.
const FILE_ENOUGH: u64 = 4 << 20;
/// Files are lengthened by so much at once: a write that lengthens its file costs twice one that
/// does not.
const AHEAD: u64 = 1 << 20;

/// This process's spool files.
pub(crate) struct Spool {
    folder: PathBuf,
    owner: Uuid,
    active: Mutex<Active>,
    unfolded: AtomicU64,
    taken: AtomicU64,
    /// The last record could not be written.
    broken: AtomicBool,
    /// The last folding failed.
    stuck: AtomicBool,
}

#[derive(Default)]
struct Active {
    file: Option<Open>,
    made: u64,
    /// Ended, but maybe not on disk.
    unsynced: Vec<fs_err::File>,
}

struct Open {
    file: fs_err::File,
    /// What was written.
    length: u64,
    /// What was made room for; zeros where nothing was written.
    ahead: u64,
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
            taken: AtomicU64::new(0),
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

    /// Bytes that ever came in.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
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
        let written = write_once(&open.file, &[0; 4096], open.length);
        open.file.set_len(open.length)?;
        open.ahead = open.length;
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
        let length = u64::try_from(frame.len()).unwrap_or(u64::MAX);
        let mut active = self.active();
        let mut open = match active.file.take() {
            Some(open) if open.length < FILE_ENOUGH => open,
            full => {
                active.unsynced.extend(full.map(|open| open.file));
                self.next_file(&mut active.made)?
            }
        };
        let appended = if open.length == 0 { Appended::First } else { Appended::Further };
        if let Err(error) = open.write(&frame, length) {
            // What was written of it goes away again, so that the next record can be read. If even
            // that fails, the file takes no more: the next record begins another one, and the rest
            // of this is a torn end.
            if open.file.set_len(open.length).is_ok() {
                open.ahead = open.length;
                active.file = Some(open);
            } else {
                tracing::error!(%error, "a spool file takes no more");
            }
            return Err(error);
        }
        self.unfolded.fetch_add(length, Ordering::Relaxed);
        self.taken.fetch_add(length, Ordering::Relaxed);
        active.file = Some(open);
        Ok(appended)
    }

    fn next_file(&self, made: &mut u64) -> io::Result<Open> {
        *made += 1;
        let path = self.folder.join(format!("{}-{made:08}.log", self.owner));
        let file = fs_err::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
        Ok(Open { file, length: 0, ahead: 0 })
    }

    /// Puts everything on disk that is in the spool now.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let (ended, present) = {
            let mut active = self.active();
            let present = active.file.as_ref().map(|open| open.file.try_clone()).transpose()?;
            (std::mem::take(&mut active.unsynced), present)
        };
        // Files that were folded meanwhile cost nothing here.
        ended.iter().chain(&present).try_for_each(fs_err::File::sync_data)?;
        fs_err::File::open(&self.folder)?.sync_all()
    }

    /// Ends the present file, if there is one, so that it can be folded.
    pub(crate) fn rotate(&self) {
        let mut active = self.active();
        let ended = active.file.take();
        active.unsynced.extend(ended.map(|open| open.file));
    }

    /// This process's files that are not being written, in the order they were made.
    pub(crate) fn ended(&self) -> io::Result<Vec<PathBuf>> {
        let writing = self.active().file.as_ref().map(|open| open.file.path().to_owned());
        let mut files = files_of(&self.folder, self.owner)?;
        files.retain(|file| Some(file) != writing.as_ref());
        Ok(files)
    }

    /// This file is in the database now, so many bytes of it.
    pub(crate) fn folded(&self, file: &Path, bytes: u64) {
        self.active().unsynced.retain(|unsynced| unsynced.path() != file);
        // Torn ends are folded without ever having counted.
        let _ = self.unfolded.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |unfolded| {
            Some(unfolded.saturating_sub(bytes))
        });
    }
}

impl Open {
    fn write(&mut self, frame: &[u8], length: u64) -> io::Result<()> {
        if self.length + length > self.ahead {
            let ahead = self.length + length + AHEAD;
            self.file.set_len(ahead)?;
            self.ahead = ahead;
        }
        write_once(&self.file, frame, self.length)?;
        self.length += length;
        Ok(())
    }
}

fn write_once(file: &fs_err::File, frame: &[u8], at: u64) -> io::Result<()> {
    let written = file.write_at(frame, at)?;
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
