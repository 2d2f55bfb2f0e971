//! Connections for reading: a few that are kept, and a few threads for those who must not wait.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures::channel::oneshot;
use rusqlite::Connection;

use crate::connection;
use crate::error::{Doing, RegistryError};

/// How many connections are kept for the next reader.
const KEPT: usize = 4;
/// How many threads read for async callers.
const THREADS: usize = 2;
/// How many of their readings may wait. Beyond, a reading fails at once.
const WAITING: usize = 4096;

type Reading = Box<dyn FnOnce(&Readers) + Send>;

/// Connections for reading.
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// None yet: each is opened when it is needed.
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::default() }
    }

    /// Reads with a connection, in one transaction, so that all of it is of one moment.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, RegistryError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = idle.map_or_else(|| connection::open_reader(&self.path), Ok)?;
        let result = connection.unchecked_transaction().and_then(|transaction| {
            let result = read(&transaction)?;
            transaction.finish()?;
            Ok(result)
        });
        let result = result.doing(&self.path, doing)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(connection);
        }
        Ok(result)
    }
}

/// Threads that read for async callers. They start at the first reading.
pub(crate) struct ReadThreads {
    readers: Arc<Readers>,
    queue: OnceLock<SyncSender<Reading>>,
}

impl ReadThreads {
    /// None yet.
    pub(crate) fn new(readers: Arc<Readers>) -> Self {
        Self { readers, queue: OnceLock::new() }
    }

    /// Reads on one of the threads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let (answer, answered) = oneshot::channel();
        let reading: Reading = Box::new(move |readers| {
            // Nobody waits any more when the call was given up.
            let _ = answer.send(readers.read(doing, read));
        });
        let queue = self.queue.get_or_init(|| start(&self.readers));
        queue.try_send(reading).map_err(|error| match error {
            TrySendError::Full(_) => RegistryError::Busy { path: self.readers.path.clone() },
            TrySendError::Disconnected(_) => RegistryError::Closed,
        })?;
        answered.await.unwrap_or(Err(RegistryError::Closed))
    }
}

fn start(readers: &Arc<Readers>) -> SyncSender<Reading> {
    let (sender, receiver) = sync_channel(WAITING);
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..THREADS {
        let (readers, receiver) = (Arc::clone(readers), Arc::clone(&receiver));
        let spawned = std::thread::Builder::new().name("registry-read".to_owned()).spawn(move || {
            while let Some(reading) = next(&receiver) {
                reading(&readers);
            }
        });
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread for reading the registry");
        }
    }
    sender
}

fn next(receiver: &Mutex<Receiver<Reading>>) -> Option<Reading> {
    receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
