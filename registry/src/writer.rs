//! The one writer: a thread that does every change, many in one commit, and folds the spool.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ares_kernel::ports::Clock;
use rusqlite::Connection;

use crate::error::RegistryError;
use crate::spool::Spool;
use crate::spool::fold::Folder;

/// How long a record may stay in the spool alone.
const FOLD_AFTER: Duration = Duration::from_millis(200);
/// How many changes share one commit at most.
const BATCH: usize = 512;

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
    Fold(Sender<Result<(), RegistryError>>),
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

/// What the writer's thread works with.
pub(crate) struct Desk {
    /// Its connection.
    pub(crate) connection: Connection,
    /// The database.
    pub(crate) path: PathBuf,
    /// The folder of all spools.
    pub(crate) folder: PathBuf,
    /// This process's spool.
    pub(crate) spool: Arc<Spool>,
    /// This process's id.
    pub(crate) owner: uuid::Uuid,
    /// The time of day.
    pub(crate) clock: Arc<dyn Clock>,
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
        self.send(Message::Fold(answer))?;
        answered.recv().map_err(|_| RegistryError::Closed)?
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

impl Desk {
    fn serve(self, messages: &Receiver<Message>) {
        let mut fold_at: Option<Instant> = None;
        loop {
            let wait = fold_at.map(|at| at.saturating_duration_since(Instant::now()));
            let first = match wait {
                Some(Duration::ZERO) => Err(RecvTimeoutError::Timeout),
                Some(wait) => messages.recv_timeout(wait),
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let mut message = match first {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    fold_at = self.fold_or_later();
                    None
                }
            };
            while let Some(next) = message.take() {
                match next {
                    Message::Work(job) => message = self.batch(job, messages),
                    Message::Spooled => fold_at = fold_at.or_else(|| Instant::now().checked_add(FOLD_AFTER)),
                    Message::Sweep => self.sweep(),
                    // Whoever asked may have gone.
                    Message::Fold(answer) => drop(answer.send(self.fold())),
                    Message::Stop(answer) => {
                        drop(answer.send(self.fold().and_then(|()| self.folder().lose(self.owner))));
                        return;
                    }
                }
            }
        }
    }

    /// Makes this change and those that wait behind it, in one commit. Answers the first message
    /// that is no change.
    fn batch(&self, first: Box<dyn Job>, messages: &Receiver<Message>) -> Option<Message> {
        let mut jobs = vec![first];
        let mut other = None;
        while jobs.len() < BATCH && other.is_none() {
            match messages.try_recv() {
                Ok(Message::Work(job)) => jobs.push(job),
                Ok(message) => other = Some(message),
                Err(_) => break,
            }
        }
        self.commit(jobs);
        other
    }

    fn commit(&self, jobs: Vec<Box<dyn Job>>) {
        let doing = "writing the registry";
        if let Err(error) = self.execute("BEGIN IMMEDIATE") {
            for job in jobs {
                job.fail(RegistryError::sqlite(&self.path, doing, again(&error)));
            }
            return;
        }
        let mut settle = Vec::with_capacity(jobs.len());
        let mut broken = None;
        for job in jobs {
            match self.within_savepoint(job) {
                Ok(one) => settle.push(one),
                Err(error) => broken = Some(error),
            }
        }
        let committed = match broken {
            None => self.execute("COMMIT"),
            Some(error) => {
                // Already rolled back when SQLite did it by itself.
                let _ = self.execute("ROLLBACK");
                Err(error)
            }
        };
        if committed.is_err() && !self.connection.is_autocommit() {
            let _ = self.execute("ROLLBACK");
        }
        for one in settle {
            one(match &committed {
                Ok(()) => Ok(()),
                Err(error) => Err(RegistryError::sqlite(&self.path, doing, again(error))),
            });
        }
    }

    /// Makes one change, so that its failure takes nothing else with it. An error means that the
    /// whole transaction is lost; the job has been told.
    fn within_savepoint(&self, job: Box<dyn Job>) -> rusqlite::Result<Settle> {
        let begun = if self.connection.is_autocommit() {
            // A full disk rolls everything back at once; a savepoint now would commit by itself.
            Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None))
        } else {
            self.execute("SAVEPOINT one")
        };
        if let Err(error) = begun {
            job.fail(RegistryError::sqlite(&self.path, "writing the registry", again(&error)));
            return Err(error);
        }
        let (keep, settle) = job.run(&self.connection, &self.path);
        if !keep && !self.connection.is_autocommit() {
            self.execute("ROLLBACK TO one")?;
        }
        if self.connection.is_autocommit() {
            return Ok(settle);
        }
        match self.execute("RELEASE one") {
            Ok(()) => Ok(settle),
            Err(error) => {
                settle(Err(RegistryError::sqlite(&self.path, "writing the registry", again(&error))));
                Err(error)
            }
        }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute(()).map(drop)
    }

    fn folder(&self) -> Folder<'_> {
        Folder { connection: &self.connection, path: &self.path, now: self.clock.now_ms() }
    }

    fn fold(&self) -> Result<(), RegistryError> {
        self.spool.rotate();
        let files = self.spool.ended().map_err(|source| RegistryError::io("looking for spool files", source));
        let folded =
            files.and_then(|files| self.folder().fold(self.owner, files, |bytes| self.spool.folded(bytes)));
        self.spool.stuck(folded.is_err());
        folded
    }

    /// Folds; when that fails, says when to try again.
    fn fold_or_later(&self) -> Option<Instant> {
        let error = self.fold().err()?;
        tracing::error!(%error, source = error_source(&error), "the spool stays as it is for now");
        Instant::now().checked_add(FOLD_AFTER * 5)
    }

    fn sweep(&self) {
        if let Err(error) = self.folder().sweep_alone(&self.folder) {
            tracing::error!(%error, source = error_source(&error), "what a dead process left stays for now");
        }
    }
}

fn error_source(error: &RegistryError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

/// The same SQLite error for one more waiting caller.
fn again(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, text) => rusqlite::Error::SqliteFailure(*code, text.clone()),
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    }
}
