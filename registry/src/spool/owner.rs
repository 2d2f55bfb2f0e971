//! Which processes are alive: each holds a lock on a file of its own for as long as it lives.

use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use uuid::Uuid;

use crate::error::RegistryError;

/// How long to wait before trying the turnstile again.
const PAUSE: Duration = Duration::from_millis(2);

/// This process, as one user of the database.
pub(crate) struct Owner {
    /// Its id, in the rows it writes and the names of its files.
    pub(crate) id: Uuid,
    path: PathBuf,
    _lock: fs_err::File,
}

/// A process that has ended without closing. Nobody else clears up after it while this lives.
pub(crate) struct Dead {
    /// Its id.
    pub(crate) id: Uuid,
    path: PathBuf,
    _lock: fs_err::File,
}

/// A pipe in the file's place is an error at once and not waited for.
fn private(path: &Path) -> io::Result<fs_err::File> {
    let mut options = fs_err::OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed()).open(path)
}

fn locked(file: &fs_err::File) -> io::Result<bool> {
    match file.file().try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// One process at a time may come, or look for dead ones. Held for as long as the value lives.
pub(crate) fn turnstile(folder: &Path, patience: Duration) -> Result<fs_err::File, RegistryError> {
    let unwritable =
        |source: io::Error| RegistryError::Unwritable { path: folder.to_owned(), source: source.into() };
    fs_err::create_dir_all(folder).map_err(unwritable)?;
    let path = folder.join("lock");
    let file = private(&path).map_err(unwritable)?;
    let begun = Instant::now();
    while !locked(&file).map_err(unwritable)? {
        if begun.elapsed() >= patience {
            return Err(RegistryError::Busy { path });
        }
        std::thread::sleep(PAUSE);
    }
    Ok(file)
}

impl Owner {
    /// This process comes. Call it inside the [`turnstile`].
    pub(crate) fn come(folder: &Path) -> Result<Self, RegistryError> {
        let id = Uuid::now_v7();
        let path = folder.join(format!("{id}.alive"));
        let doing = |source| RegistryError::io("marking this process as alive", source);
        let lock = private(&path).map_err(doing)?;
        if !locked(&lock).map_err(doing)? {
            return Err(RegistryError::Busy { path });
        }
        Ok(Self { id, path, _lock: lock })
    }

    /// This process goes and leaves nothing behind.
    pub(crate) fn go(&self) {
        if let Err(error) = fs_err::remove_file(&self.path) {
            tracing::warn!(%error, "the mark of this process stays");
        }
    }
}

impl Dead {
    /// The processes that ended without closing. Call it inside the [`turnstile`].
    pub(crate) fn find(folder: &Path) -> io::Result<Vec<Self>> {
        let mut dead = Vec::new();
        for entry in fs_err::read_dir(folder)? {
            let path = entry?.path();
            let id = named(&path, "alive").and_then(|id| Uuid::parse_str(id).ok());
            let Some(id) = id else { continue };
            let lock = private(&path)?;
            if locked(&lock)? {
                dead.push(Self { id, path, _lock: lock });
            }
        }
        Ok(dead)
    }

    /// All is done for it.
    pub(crate) fn buried(self) -> io::Result<()> {
        fs_err::remove_file(&self.path)
    }
}

/// The stem of a file with this extension.
pub(crate) fn named<'a>(path: &'a Path, extension: &str) -> Option<&'a str> {
    let fits = path.extension().is_some_and(|found| found == extension);
    path.file_stem().and_then(|stem| stem.to_str()).filter(|_| fits)
}
