//! Notices what other processes change, and which of them have died.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::catalog::Memory;
use crate::connection;
use crate::error::{Doing, RegistryError};
use crate::writer::Writer;

/// How often to look. One look is one `PRAGMA`, without a file being read.
const LOOK: Duration = Duration::from_millis(100);
/// How often to look for processes that died.
const SWEEP: Duration = Duration::from_secs(30);

/// The thread that looks. It ends when this is dropped.
pub(crate) struct Watch {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts looking.
    pub(crate) fn start(
        path: &Path,
        memory: Arc<Memory>,
        writer: Arc<Writer>,
    ) -> Result<Self, RegistryError> {
        let (stop, stopped) = channel();
        let path = path.to_owned();
        let look = move || {
            let mut eye = Eye { path, connection: None, seen: 0 };
            let mut swept = Instant::now();
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = eye.look(&memory) {
                    tracing::error!(%error, "what other processes changed is not seen for now");
                    eye.connection = None;
                }
                if swept.elapsed() >= SWEEP {
                    swept = Instant::now();
                    if writer.sweep().is_err() {
                        return;
                    }
                }
            }
        };
        let thread = std::thread::Builder::new().name("registry-watch".to_owned()).spawn(look);
        let thread = thread.map_err(|source| RegistryError::io("starting to watch the registry", source))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It cannot panic; if it did, there is nothing left to do here.
            let _ = thread.join();
        }
    }
}

struct Eye {
    path: std::path::PathBuf,
    connection: Option<Connection>,
    seen: i64,
}

impl Eye {
    fn look(&mut self, memory: &Memory) -> Result<(), RegistryError> {
        if self.connection.is_none() {
            self.connection = Some(connection::open_reader(&self.path)?);
            self.seen = 0;
        }
        let Some(connection) = &self.connection else { return Ok(()) };
        // Changes whenever another connection, of this process or another, has committed.
        let version = connection.pragma_query_value(None, "data_version", |row| row.get(0));
        let version: i64 = version.doing(&self.path, "watching the registry")?;
        if version != self.seen {
            memory.refresh()?;
            self.seen = version;
        }
        Ok(())
    }
}
