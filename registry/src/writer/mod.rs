//! The one writer: a thread that does every change, and the way to it.

mod desk;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use futures::channel::oneshot;
use rusqlite::Connection;

pub(crate) use self::desk::Desk;
use crate::error::RegistryError;

/// Why a change is not made. Nothing of it stays.
pub(crate) enum Abort {
    /// SQLite says no.
    Sqlite(rusqlite::Error),
    /// We do.
    Registry(RegistryError),
}

impl From<rusqlite::Error> for Abort {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<RegistryError> for Abort {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error)
    }
}

/// Tells the one who asked, once the commit is on disk or has failed.
type Settle = Box<dyn FnOnce(Result<(), RegistryError>) + Send>;

/// One change and the one who waits for it.
trait Job: Send {
    /// Makes the change. The flag says whether to keep it.
    fn run(self: Box<Self>, connection: &Connection, path: &std::path::Path) -> (bool, Settle);
    /// There was no transaction to make it in.
    fn fail(self: Box<Self>, error: RegistryError);
}

struct Change<W, R> {
    doing: &'static str,
    work: W,
    reply: R,
}

impl<T, W, R> Job for Change<W, R>
where
    T: Send + 'static,
    W: FnOnce(&Connection) -> Result<T, Abort> + Send,
    R: FnOnce(Result<T, RegistryError>) + Send + 'static,
{
    fn run(self: Box<Self>, connection: &Connection, path: &std::path::Path) -> (bool, Settle) {
        let Self { doing, work, reply } = *self;
        let result = work(connection).map_err(|abort| match abort {
            Abort::Sqlite(source) => RegistryError::sqlite(path, doing, source),
            Abort::Registry(error) => error,
        });
        (result.is_ok(), Box::new(move |committed| reply(result.and_then(|value| committed.map(|()| value)))))
    }

    fn fail(self: Box<Self>, error: RegistryError) {
        (self.reply)(Err(error));
    }
}

enum Message {
    Work(Box<dyn Job>),
    /// There is something in the spool.
    Spooled,
    /// Fold now, and say when it is done.
    Fold(Settle),
    /// Look for processes that ended.
    Sweep,
    /// Fold, close what is open, and end.
    Stop(Sender<Result<(), RegistryError>>),
}

/// The way to the writer's thread.
pub(crate) struct Writer {
    inbox: Sender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
    alive: Arc<AtomicBool>,
}

/// Gone when the thread is gone, however it went.
struct Mark(Arc<AtomicBool>);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(desk: Desk) -> Result<Self, RegistryError> {
        let (inbox, messages) = channel();
        let alive = Arc::new(AtomicBool::new(true));
        let mark = Mark(Arc::clone(&alive));
        let thread = std::thread::Builder::new()
            .name("registry-write".to_owned())
            .spawn(move || {
                let _mark = mark;
                desk.serve(&messages);
            })
            .map_err(|source| RegistryError::io("starting the registry's writer", source))?;
        Ok(Self { inbox, thread: Mutex::new(Some(thread)), alive })
    }

    /// Hands a change in. `reply` is called on the writer's thread and must not block. The queue is
    /// as long as there are callers waiting, and no longer.
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Abort> + Send + 'static,
        reply: impl FnOnce(Result<T, RegistryError>) + Send + 'static,
    ) -> Result<(), RegistryError> {
        self.send(Message::Work(Box::new(Change { doing, work, reply })))
    }

    /// There is something in the spool now.
    pub(crate) fn spooled(&self) -> Result<(), RegistryError> {
        self.send(Message::Spooled)
    }

    /// Folds the spool and waits for it.
    pub(crate) fn fold(&self) -> Result<(), RegistryError> {
        let (answer, answered) = channel();
        // Whoever waited may have given up.
        self.send(Message::Fold(Box::new(move |folded| drop(answer.send(folded)))))?;
        answered.recv().map_err(|_| RegistryError::Closed)?
    }

    /// The same, without blocking.
    pub(crate) async fn folded(&self) -> Result<(), RegistryError> {
        let (answer, answered) = oneshot::channel();
        self.send(Message::Fold(Box::new(move |folded| drop(answer.send(folded)))))?;
        answered.await.unwrap_or(Err(RegistryError::Closed))
    }

    /// Looks for processes that ended, without waiting.
    pub(crate) fn sweep(&self) -> Result<(), RegistryError> {
        self.send(Message::Sweep)
    }

    /// Folds the spool and ends the thread. A second call does nothing.
    pub(crate) fn stop(&self) -> Result<(), RegistryError> {
        let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return Ok(());
        };
        let (answer, answered) = channel();
        self.send(Message::Stop(answer))?;
        let folded = answered.recv().map_err(|_| RegistryError::Closed);
        let ended = thread.join().map_err(|_| RegistryError::Closed);
        ended.and(folded?)
    }

    /// Whether the thread is there to write.
    pub(crate) fn alive(&self) -> bool {
        self.alive.load(Ordering::Acquire)
    }

    fn send(&self, message: Message) -> Result<(), RegistryError> {
        self.inbox.send(message).map_err(|_| RegistryError::Closed)
    }
}
