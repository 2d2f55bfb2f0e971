//! One client: reads its requests, carries them out side by side, writes the replies.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use ares_kernel::Caller;
use ares_services::operation::{Operate, Operation, Problem, ProblemKind};
use ares_services::progress;
use futures::FutureExt;
use tokio::io::{AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;

use super::frame::{Ask, Greeting, Reply};
use super::line::{Line, LineError, Lines};
use super::{IN_FLIGHT_MAX, PATIENCE, REPLY_BYTES_MAX, REQUEST_BYTES_MAX};

/// The longest name of a caller, in bytes: the gate's own rule.
const NAME_MAX: usize = 128;
/// How much of a reply is handed to the system at a time.
const PIECE: usize = 64 << 10;

/// What all connections share.
pub(super) struct Shared {
    pub(super) operate: Arc<dyn Operate>,
    pub(super) budget: Arc<Semaphore>,
    /// True once no further request is taken.
    pub(super) closed: watch::Receiver<bool>,
}

/// Serves one client until it leaves, breaks the protocol, stops reading, or the host closes. What
/// runs then runs to its end all the same.
pub(super) async fn run(mut stream: UnixStream, shared: Arc<Shared>) {
    let (reader, writer) = stream.split();
    let (replies, outgoing) = mpsc::channel(IN_FLIGHT_MAX);
    let writing = write(writer, outgoing);
    tokio::pin!(writing);
    tokio::select! {
        // The client reads no more: nothing is worth reading from it.
        () = &mut writing => return,
        () = read(reader, &shared, replies) => {}
    }
    // The senders that are left belong to requests that still run.
    writing.await;
}

async fn read(reader: impl tokio::io::AsyncRead + Unpin, shared: &Arc<Shared>, replies: mpsc::Sender<Reply>) {
    let mut closed = shared.closed.clone();
    let places = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
    let budget = Some(Arc::clone(&shared.budget));
    let mut lines = Lines::new(BufReader::new(reader), REQUEST_BYTES_MAX, PATIENCE, budget);
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let line = tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => return,
            line = lines.next() => line,
        };
        let (id, refused) = match line.map_err(|error| unreadable(&error)) {
            Ok(None) => return,
            Err(problem) => (None, problem),
            Ok(Some(line)) => match parse(&line) {
                Err(problem) => (None, problem),
                Ok(ask) => match check(&ask.caller) {
                    Err(problem) => (Some(ask.id), problem),
                    Ok(()) => {
                        let (shared, replies) = (Arc::clone(shared), replies.clone());
                        tokio::spawn(async move {
                            let reply = carry_out(&*shared.operate, ask, line, &replies).await;
                            // A client that left does not hear of it.
                            let _ = replies.send(reply).await;
                            drop(place);
                        });
                        continue;
                    }
                },
            },
        };
        let _ = replies.send(Reply::new(id, Err(refused))).await;
        if id.is_none() {
            return;
        }
    }
}

/// Carries one request out. A panic is this request's problem and no other's.
async fn carry_out(operate: &dyn Operate, ask: Ask, line: Line, replies: &mpsc::Sender<Reply>) -> Reply {
    let Line { bytes, share } = line;
    drop(bytes);
    let work = async {
        if !matches!(ask.operation, Operation::Invoke(_)) {
            return operate.operate(ask.caller, ask.operation).await;
        }
        let (sink, updates) = progress::channel();
        let work = operate.operate_heard(ask.caller, ask.operation, sink);
        // Nobody waits for a client that is slow to read: it misses news, and no answer.
        let news = |update| {
            drop(replies.try_send(Reply::news(ask.id, update)));
            std::future::ready(())
        };
        progress::listening(work, updates, news).await
    };
    let result = AssertUnwindSafe(work).catch_unwind().await;
    drop(share);
    let result = result.unwrap_or_else(|_| {
        Err(problem(
            ProblemKind::Failed,
            "internal",
            "the host failed at this request; see its log".to_owned(),
        ))
    });
    Reply::new(Some(ask.id), result)
}

fn unreadable(error: &LineError) -> Problem {
    match error {
        LineError::TooLong(_) => problem(ProblemKind::Invalid, "frame-too-large", error.to_string()),
        LineError::TooSlow(_) => problem(ProblemKind::Timeout, "frame-too-slow", error.to_string()),
        LineError::Io(source) => {
            problem(ProblemKind::Failed, "frame-unreadable", format!("{error}: {source}"))
        }
    }
}

fn parse(line: &Line) -> Result<Ask, Problem> {
    serde_json::from_slice(&line.bytes).map_err(|error| {
        let why = ares_kernel::text::escaped(&error.to_string(), 400);
        problem(ProblemKind::Invalid, "frame-invalid", format!("the line is not a request: {why}"))
    })
}

fn check(caller: &Caller) -> Result<(), Problem> {
    if let Caller::Plugin(name) = caller {
        let why = format!("only a running call of plugin `{name}` can call as that plugin");
        return Err(problem(ProblemKind::Denied, "unauthenticated", why));
    }
    if caller.name().is_empty() || caller.name().len() > NAME_MAX {
        let why = format!("a caller needs a name of 1 to {NAME_MAX} bytes");
        return Err(problem(ProblemKind::Invalid, "bad-label", why));
    }
    Ok(())
}

async fn write(mut writer: impl AsyncWrite + Unpin, mut replies: mpsc::Receiver<Reply>) {
    let mut frame = line(&Greeting::own());
    loop {
        for piece in frame.chunks(PIECE) {
            match timeout(PATIENCE, writer.write_all(piece)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
        let Some(reply) = replies.recv().await else { return };
        frame = encode(&reply);
    }
}

/// The frame of a reply, or of the problem that it is too long.
pub(super) fn encode(reply: &Reply) -> Vec<u8> {
    let frame = line(reply);
    if (2..=REPLY_BYTES_MAX).contains(&frame.len()) {
        return frame;
    }
    let why = format!("the answer has {} bytes; the most is {REPLY_BYTES_MAX}", frame.len());
    line(&Reply::new(reply.id, Err(problem(ProblemKind::Failed, "reply-too-large", why))))
}

/// A frame of its own; an empty one where the value has no JSON, which nothing here is.
fn line(frame: &impl serde::Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(frame).unwrap_or_default();
    line.push(b'\n');
    line
}

pub(super) fn problem(kind: ProblemKind, code: &str, message: String) -> Problem {
    Problem { kind, code: code.to_owned(), message }
}
