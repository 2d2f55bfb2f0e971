//! The writer's thread: many changes in one commit, and the spool folded when it is quiet.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ares_kernel::ports::Clock;
use rusqlite::Connection;

use super::{Job, Message, Settle};
use crate::connection;
use crate::error::RegistryError;
use crate::spool::Spool;
use crate::spool::fold::Folder;

/// How often the spool is looked after: then it is folded or, in a rush of calls, put on disk.
const LOOK_AFTER: Duration = Duration::from_millis(200);
/// A rush: so many bytes came since the last look. A record is about 300 bytes.
const RUSH: u64 = 256 << 10;
/// So many bytes are folded also in a rush.
const UNFOLDED_ENOUGH: u64 = 64 << 20;
/// How many changes share one commit at most.
const BATCH: usize = 512;

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
    /// See [`crate::Options::leave_log`].
    pub(crate) leave_log: bool,
}

/// What waits for the writer.
struct Inbox<'a> {
    messages: &'a Receiver<Message>,
    /// Read already, but not their turn.
    later: VecDeque<Message>,
}

impl Inbox<'_> {
    fn next(&mut self) -> Result<Message, RecvTimeoutError> {
        match self.later.pop_front() {
            Some(message) => Ok(message),
            None => self.messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Nothing once this moment has come, whatever waits.
    fn next_before(&mut self, at: Instant) -> Result<Message, RecvTimeoutError> {
        match at.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(RecvTimeoutError::Timeout),
            _ if !self.later.is_empty() => self.next(),
            wait => self.messages.recv_timeout(wait),
        }
    }
}

fn soon(looks: u32) -> Option<Instant> {
    Instant::now().checked_add(LOOK_AFTER * looks)
}

impl Desk {
    pub(super) fn serve(self, messages: &Receiver<Message>) {
        let mut inbox = Inbox { messages, later: VecDeque::new() };
        let mut look_at: Option<Instant> = None;
        let mut seen = 0;
        loop {
            let first = match look_at {
                Some(at) => inbox.next_before(at),
                None => inbox.next(),
            };
            match first {
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => look_at = self.look(&mut inbox, &mut seen),
                Ok(Message::Work(job)) => self.batch(job, &mut inbox),
                Ok(Message::Spooled) => look_at = look_at.or_else(|| soon(1)),
                Ok(Message::Sweep) => self.sweep(),
                // Whoever asked may have gone.
                Ok(Message::Fold(settle)) => settle(self.fold(&mut inbox)),
                Ok(Message::Stop(answer)) => {
                    drop(answer.send(self.end(&mut inbox)));
                    return;
                }
            }
        }
    }

    /// Makes this change and those that wait behind it, in one commit.
    fn batch(&self, first: Box<dyn Job>, inbox: &mut Inbox<'_>) {
        let mut jobs = vec![first];
        while jobs.len() < BATCH {
            match inbox.messages.try_recv() {
                Ok(Message::Work(job)) => jobs.push(job),
                Ok(message) => {
                    inbox.later.push_back(message);
                    break;
                }
                Err(_) => break,
            }
        }
        self.commit(jobs);
    }

    /// Looks after the spool; answers when to do so again. In a rush folding would only take the
    /// time that the calls need: then it is enough that a power cut takes nothing with it.
    fn look(&self, inbox: &mut Inbox<'_>, seen: &mut u64) -> Option<Instant> {
        let taken = self.spool.taken();
        let grown = taken.saturating_sub(std::mem::replace(seen, taken));
        if grown > RUSH && self.spool.unfolded() < UNFOLDED_ENOUGH {
            match self.spool.sync() {
                Ok(()) => return soon(1),
                Err(error) => tracing::error!(%error, "the spool cannot be put on disk as it is"),
            }
        }
        if let Err(error) = self.fold(inbox) {
            tracing::error!(%error, source = error_source(&error), "the spool stays as it is for now");
            return soon(5);
        }
        // What came while it was folded has told nobody but the last look.
        if self.spool.unfolded() > 0 { soon(1) } else { None }
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

    /// Folds what is in the spool now, file by file. Changes that come in meanwhile are made between
    /// two files.
    fn fold(&self, inbox: &mut Inbox<'_>) -> Result<(), RegistryError> {
        self.spool.rotate();
        let files = self.spool.ended().map_err(|source| RegistryError::io("looking for spool files", source));
        let folded = files.and_then(|files| {
            for file in files {
                let bytes = self.folder().fold(self.owner, &file)?;
                self.spool.folded(&file, bytes);
                if let Ok(message) = inbox.messages.try_recv() {
                    match message {
                        Message::Work(job) => self.batch(job, inbox),
                        other => inbox.later.push_back(other),
                    }
                }
            }
            Ok(())
        });
        self.spool.stuck(folded.is_err());
        folded
    }

    fn end(&self, inbox: &mut Inbox<'_>) -> Result<(), RegistryError> {
        self.fold(inbox)?;
        self.folder().lose(self.owner)?;
        if self.leave_log && !connection::is_long(&self.path) {
            return Ok(());
        }
        connection::into_file(&self.connection, &self.path)
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
