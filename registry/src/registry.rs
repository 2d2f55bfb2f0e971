//! [`Registry`]: opening and closing it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use rusqlite::Connection;

use crate::catalog::Memory;
use crate::connection;
use crate::error::RegistryError;
use crate::guard_warnings;
use crate::migrate;
use crate::options::Options;
use crate::readers::{ReadThreads, Readers};
use crate::spool::Spool;
use crate::spool::fold::Folder;
use crate::spool::owner::{self, Owner};
use crate::watch::Watch;
use crate::writer::{Abort, Desk, Writer};

/// How long to wait for another process that is coming too.
const PATIENCE: Duration = Duration::from_secs(10);

/// The one database, opened by this process. Several processes may have it open at once.
pub struct Registry {
    // Ends before the writer it sends to.
    _watch: Watch,
    pub(crate) writer: Arc<Writer>,
    pub(crate) threads: ReadThreads,
    pub(crate) readers: Arc<Readers>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) spool: Arc<Spool>,
    pub(crate) owner: Owner,
    shut: AtomicBool,
    pub(crate) options: Options,
    pub(crate) path: std::path::PathBuf,
}

impl Registry {
    /// Opens the database, makes it if there is none, brings it to this host's schema, and clears
    /// up after processes that died: their spools are folded in, their open calls closed as `lost`.
    /// The folder must exist.
    ///
    /// # Errors
    /// When the file is not ours, newer, damaged, held by another process, or cannot be written.
    pub fn open(path: &Path, options: Options) -> Result<Self, RegistryError> {
        let folder = path.parent().unwrap_or(Path::new(".")).join("spool");
        let turnstile = owner::turnstile(&folder, PATIENCE)?;
        let mut connection = connection::open_writer(path)?;
        migrate::migrate(&mut connection, path)?;
        Folder { connection: &connection, path, now: options.clock.now_ms() }.sweep(&folder)?;
        let owner = Owner::come(&folder)?;
        drop(turnstile);

        let readers = Arc::new(Readers::new(path));
        let memory = Arc::new(Memory::new(Arc::clone(&readers), &options));
        memory.refresh()?;
        guard_warnings::load(&readers, &memory.warnings, options.clock.now_ms())?;
        let spool = Arc::new(Spool::new(&folder, owner.id));
        let (clock, spool_of_writer) = (Arc::clone(&options.clock), Arc::clone(&spool));
        let (path, id) = (path.to_owned(), owner.id);
        let writer = Arc::new(Writer::start(Desk {
            connection,
            path: path.clone(),
            folder,
            spool: spool_of_writer,
            owner: id,
            clock,
            leave_log: options.leave_log,
        })?);
        Ok(Self {
            _watch: Watch::start(&path, Arc::clone(&memory), Arc::clone(&writer))?,
            threads: ReadThreads::new(Arc::clone(&readers)),
            writer,
            readers,
            memory,
            spool,
            owner,
            shut: AtomicBool::new(false),
            options,
            path,
        })
    }

    /// Brings everything into the database and lets go of it. Dropping does the same without saying
    /// how it went. The second time nothing is left to do. After this every call fails with [`RegistryError::Closed`].
    ///
    /// # Errors
    /// When the spool cannot be folded; the next one to open the database does it then.
    pub fn shutdown(&self) -> Result<(), RegistryError> {
        if self.shut.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.writer.stop()?;
        self.spool.rotate();
        let left =
            self.spool.ended().map_err(|source| RegistryError::io("looking for spool files", source))?;
        // A record that came in just now keeps the mark of this process: the next one folds it.
        if left.is_empty() {
            self.owner.go();
        }
        Ok(())
    }

    /// Brings everything that was recorded into the database, so that every reader sees it.
    ///
    /// # Errors
    /// When the registry cannot be written.
    pub fn flush(&self) -> Result<(), RegistryError> {
        if self.spool.unfolded() == 0 { Ok(()) } else { self.writer.fold() }
    }

    /// The database's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn now(&self) -> u64 {
        self.options.clock.now_ms()
    }

    /// Makes a change, waits until it is on disk, and takes it into memory.
    pub(crate) fn change<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Abort> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let (answer, answered) = sync_channel(1);
        self.writer.submit(doing, work, move |result| drop(answer.send(result)))?;
        let result = answered.recv().map_err(|_| RegistryError::Closed)??;
        if let Err(error) = self.memory.refresh() {
            // The change is made; the watcher tries again.
            tracing::error!(%error, "the registry changed, but cannot be read");
        }
        Ok(result)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        if let Err(error) = self.shutdown() {
            tracing::error!(%error, "the registry was not closed well; the next to open it makes it good");
        }
    }
}
