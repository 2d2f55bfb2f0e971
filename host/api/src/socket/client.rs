//! A host behind a socket, as this process sees it.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ares_kernel::Caller;
use ares_kernel::progress::{Sink, Update};
use ares_services::operation::{Operate, Operation, Problem, ProblemKind};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::connection::problem;
use super::frame::{Ask, Reply};
use super::line::Lines;
use super::{REPLY_BYTES_MAX, REQUEST_BYTES_MAX};

/// How long a reply may take to arrive once its first byte is there.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a host may take to greet. One that runs does it at once, however busy it is; one that
/// was stopped still has its connections taken by the system, and says nothing.
const GREETING: Duration = Duration::from_secs(10);

/// How long to listen for the reason why the host closed the connection.
const LAST_WORD: Duration = Duration::from_secs(1);

type Answer = Result<Value, Problem>;

/// A host in another process. Connects again by itself when the connection was lost between two
/// requests; a request that was sent when it broke is not sent again, for it may have been done.
pub struct Remote {
    path: PathBuf,
    line: tokio::sync::Mutex<Option<Connection>>,
}

struct Connection {
    writer: OwnedWriteHalf,
    waiting: Arc<Waiting>,
    next: u64,
    reading: tokio::task::JoinHandle<()>,
}

/// Who waits for which reply. Nothing once the connection is lost, with the reason.
#[derive(Default)]
struct Waiting(Mutex<State>);

#[derive(Default)]
struct State {
    senders: HashMap<u64, Waiter>,
    lost: Option<Problem>,
}

/// One request that is not answered yet.
struct Waiter {
    answer: oneshot::Sender<Answer>,
    progress: Option<Sink>,
}

impl Remote {
    /// Connects to the host at this socket.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn connect(path: &Path) -> io::Result<Self> {
        let connection = Connection::open(path).await?;
        Ok(Self { path: path.to_owned(), line: tokio::sync::Mutex::new(Some(connection)) })
    }

    async fn send(
        &self,
        caller: Caller,
        operation: Operation,
        progress: Option<Sink>,
    ) -> Result<oneshot::Receiver<Answer>, Problem> {
        let mut line = self.line.lock().await;
        let mut connection = match line.take().filter(|connection| !connection.waiting.is_lost()) {
            Some(connection) => connection,
            None => Connection::open(&self.path).await.map_err(|error| {
                let why = format!("no host answers at {}: {error}", self.path.display());
                problem(ProblemKind::Failed, "no-host", why)
            })?,
        };
        let sent = connection.send(caller, operation, progress).await;
        // A frame that was cut off leaves nothing to build on; `Drop` closes that connection.
        if !connection.waiting.is_lost() {
            *line = Some(connection);
        }
        sent
    }

    async fn ask(&self, caller: Caller, operation: Operation, progress: Option<Sink>) -> Answer {
        let answer = self.send(caller, operation, progress).await?;
        answer.await.unwrap_or_else(|_| Err(lost("the connection was closed")))
    }
}

impl Operate for Remote {
    fn operate(&self, caller: Caller, operation: Operation) -> BoxFuture<'_, Answer> {
        self.ask(caller, operation, None).boxed()
    }

    fn operate_heard(&self, caller: Caller, operation: Operation, progress: Sink) -> BoxFuture<'_, Answer> {
        self.ask(caller, operation, Some(progress)).boxed()
    }
}

impl Connection {
    async fn open(path: &Path) -> io::Result<Self> {
        let (reader, writer) = UnixStream::connect(path).await?.into_split();
        let waiting = Arc::new(Waiting::default());
        let (greeted, greeting) = oneshot::channel();
        let reading = tokio::spawn(read(reader, Arc::clone(&waiting), greeted));
        let connection = Self { writer, waiting, next: 0, reading };
        match timeout(GREETING, greeting).await {
            // A connection that ended without a greeting says why at the first request.
            Ok(Ok(()) | Err(_)) => Ok(connection),
            Err(_) => {
                let why = format!(
                    "the host took the connection and has said nothing for {} s; its process may be stopped",
                    GREETING.as_secs()
                );
                Err(io::Error::new(io::ErrorKind::TimedOut, why))
            }
        }
    }

    async fn send(
        &mut self,
        caller: Caller,
        operation: Operation,
        progress: Option<Sink>,
    ) -> Result<oneshot::Receiver<Answer>, Problem> {
        self.next += 1;
        let ask = Ask { id: self.next, caller, operation };
        let mut frame = serde_json::to_vec(&ask)
            .map_err(|error| problem(ProblemKind::Invalid, "request-unwritable", error.to_string()))?;
        frame.push(b'\n');
        if frame.len() > REQUEST_BYTES_MAX {
            let why = format!("the request has {} bytes; the most is {REQUEST_BYTES_MAX}", frame.len());
            return Err(problem(ProblemKind::Invalid, "frame-too-large", why));
        }
        let answer = self.waiting.enrol(ask.id, progress)?;
        let broken = Broken(&self.waiting);
        if let Err(error) = self.writer.write_all(&frame).await {
            // What the host said before it closed is a better reason than the broken pipe.
            let _ = timeout(LAST_WORD, &mut self.reading).await;
            self.waiting.lose(lost(&error.to_string()));
        }
        std::mem::forget(broken);
        Ok(answer)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reading.abort();
        self.waiting.lose(lost("the connection was closed"));
    }
}

/// Marks the connection as lost when a caller gives up in the middle of a frame.
struct Broken<'a>(&'a Waiting);

impl Drop for Broken<'_> {
    fn drop(&mut self) {
        self.0.lose(lost("a request was cut off while it was sent"));
    }
}

impl Waiting {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_lost(&self) -> bool {
        self.state().lost.is_some()
    }

    fn enrol(&self, id: u64, progress: Option<Sink>) -> Result<oneshot::Receiver<Answer>, Problem> {
        let mut state = self.state();
        if let Some(why) = &state.lost {
            return Err(why.clone());
        }
        let (answer, receiver) = oneshot::channel();
        state.senders.insert(id, Waiter { answer, progress });
        Ok(receiver)
    }

    fn answer(&self, id: u64, answer: Answer) {
        if let Some(waiter) = self.state().senders.remove(&id) {
            // Whoever no longer waits does not need it.
            let _ = waiter.answer.send(answer);
        }
    }

    fn news(&self, id: u64, update: Update) {
        let sink = self.state().senders.get(&id).and_then(|waiter| waiter.progress.clone());
        if let Some(sink) = sink {
            sink.report(update);
        }
    }

    /// Ends every wait with this problem. The first reason stays.
    fn lose(&self, why: Problem) {
        let mut state = self.state();
        let why = state.lost.get_or_insert(why).clone();
        for (_, waiter) in state.senders.drain() {
            let _ = waiter.answer.send(Err(why.clone()));
        }
    }
}

/// Hands replies to those who wait for them until the connection ends.
async fn read(reader: OwnedReadHalf, waiting: Arc<Waiting>, greeted: oneshot::Sender<()>) {
    let mut greeted = Some(greeted);
    let mut lines = Lines::new(BufReader::new(reader), REPLY_BYTES_MAX, PATIENCE, None);
    let why = loop {
        let line = match lines.next().await {
            Ok(Some(line)) => line,
            Ok(None) => break lost("the host closed it"),
            Err(error) => break lost(&error.to_string()),
        };
        // Whoever waited for it may have given up.
        greeted.take().map(|greeted| greeted.send(()));
        let Ok(reply) = serde_json::from_slice::<Reply>(&line.bytes) else {
            break lost("the host sent something else than a reply");
        };
        if let (Some(id), Some(update)) = (reply.id, &reply.progress) {
            waiting.news(id, update.clone());
        }
        match (reply.id, reply.into_result()) {
            (Some(id), Some(answer)) => waiting.answer(id, answer),
            (None, Some(Err(problem))) => break problem,
            (None | Some(_), _) => {}
        }
    };
    waiting.lose(why);
}

fn lost(why: &str) -> Problem {
    let message = format!(
        "the connection to the host was lost ({why}); whether the request was carried out is not known: `ares-host events` and `ares-host status` tell"
    );
    problem(ProblemKind::Failed, "connection-lost", message)
}
