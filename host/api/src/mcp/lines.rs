//! JSON-RPC over byte streams: one message a line, read as strictly as the gate reads JSON.
//!
//! The protocol library parses leniently: of two equal keys it takes the last, an unreadable line it
//! drops without a word. Here such a line is answered with an error and never becomes a request.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use ares_kernel::json;
use rmcp::RoleServer;
use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, ErrorData, JsonRpcMessage, RequestId, ServerJsonRpcMessage,
};
use rmcp::transport::Transport;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{Mutex, watch};

/// The longest message, in bytes.
pub(super) const MESSAGE_MAX: usize = 16 << 20;
/// How many requests may wait for their answers; the next line is not read before one is taken. A
/// client that asks and never reads costs no more than these.
pub(super) const OPEN_MAX: usize = 64;

/// The server's end of a connection.
pub(super) struct Lines<R, W> {
    reader: BufReader<R>,
    line: Vec<u8>,
    /// The rest of a line that is too long goes nowhere.
    skipping: bool,
    writer: Arc<Mutex<W>>,
    /// The requests whose answers are not written yet.
    open: watch::Sender<HashSet<RequestId>>,
    stop: watch::Receiver<bool>,
    ended: watch::Sender<bool>,
}

impl<R, W> Lines<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    /// A connection that says on `ended` when its input has ended, or is to end by `stop`: then
    /// what was asked is still answered.
    pub(super) fn new(reader: R, writer: W, stop: watch::Receiver<bool>, ended: watch::Sender<bool>) -> Self {
        let (reader, writer) = (BufReader::new(reader), Arc::new(Mutex::new(writer)));
        let open = watch::Sender::default();
        Self { reader, line: Vec::new(), skipping: false, writer, open, stop, ended }
    }

    /// The next line, once there is room for what it may ask; nothing at the end of the input or,
    /// when all is answered, at the end of the host. Loses no byte when it is dropped half-way.
    async fn next(&mut self) -> Option<Result<Vec<u8>, Unread>> {
        let (mut stop, mut open) = (self.stop.clone(), self.open.subscribe());
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {}
            line = async {
                // Neither channel closes before this value is gone.
                let _ = open.wait_for(|open| open.len() < OPEN_MAX).await;
                self.next_line().await
            } => return line,
        }
        self.ended.send_replace(true);
        let _ = self.open.subscribe().wait_for(HashSet::is_empty).await;
        None
    }

    /// The next line, without its end; nothing at the end of the input. Loses no byte when it is
    /// dropped half-way: what was read stays in `self.line`.
    async fn next_line(&mut self) -> Option<Result<Vec<u8>, Unread>> {
        loop {
            let available = match self.reader.fill_buf().await {
                // The last line may lack its end.
                Ok([]) => {
                    let line = std::mem::take(&mut self.line);
                    return (!line.is_empty() && !self.skipping).then_some(Ok(line));
                }
                Ok(available) => available,
                Err(error) => {
                    tracing::error!("reading from the client failed: {error}");
                    return None;
                }
            };
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            if !self.skipping {
                if self.line.len() + part.len() > MESSAGE_MAX {
                    self.skipping = true;
                } else {
                    self.line.extend_from_slice(part);
                }
            }
            let consumed = part.len() + usize::from(end.is_some());
            self.reader.consume(consumed);
            if end.is_some() {
                let line = std::mem::take(&mut self.line);
                let skipped = std::mem::take(&mut self.skipping);
                return Some(if skipped { Err(Unread::too_long()) } else { Ok(line) });
            }
        }
    }

    /// Keeps count of what is to be answered. A cancelled request is not.
    fn note(&self, message: &ClientJsonRpcMessage) {
        match message {
            JsonRpcMessage::Request(request) => {
                self.open.send_if_modified(|open| open.insert(request.id.clone()));
            }
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    self.open.send_if_modified(|open| open.remove(id));
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
    }

    /// Answers a line that is no message. Does not wait, for a reader must not depend on a writer.
    fn refuse(&mut self, unread: Unread) {
        tracing::warn!("refused a message: {}", unread.error.message);
        let sending = self.send(ServerJsonRpcMessage::error(*unread.error, unread.id));
        tokio::spawn(async move {
            if let Err(error) = sending.await {
                tracing::warn!("the client cannot be told: {error}");
            }
        });
    }
}

impl<R, W> Transport<RoleServer> for Lines<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let (writer, open) = (Arc::clone(&self.writer), self.open.clone());
        async move {
            let mut line = serde_json::to_vec(&message)?;
            line.push(b'\n');
            let mut writer = writer.lock().await;
            writer.write_all(&line).await?;
            writer.flush().await?;
            if let Some(id) = answered(&message) {
                open.send_if_modified(|open| open.remove(id));
            }
            Ok(())
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            let Some(line) = self.next().await else {
                self.ended.send_replace(true);
                return None;
            };
            match line.and_then(|line| message(&line)) {
                Ok(Some(message)) => {
                    self.note(&message);
                    return Some(message);
                }
                Ok(None) => {}
                Err(unread) => self.refuse(unread),
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.writer.lock().await.shutdown().await
    }
}

/// The request a message is the answer to.
fn answered(message: &ServerJsonRpcMessage) -> Option<&RequestId> {
    match message {
        JsonRpcMessage::Response(response) => Some(&response.id),
        JsonRpcMessage::Error(error) => error.id.as_ref(),
        JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
    }
}

/// A line that is no message: what to answer, and to which request where that can be told.
struct Unread {
    id: Option<RequestId>,
    error: Box<ErrorData>,
}

impl Unread {
    fn too_long() -> Self {
        let text = format!("a message may have at most {MESSAGE_MAX} bytes; this one was not read");
        Self { id: None, error: ErrorData::invalid_request(text, None).into() }
    }
}

/// The message of a line; nothing for an empty line and for notifications of other protocols.
fn message(line: &[u8]) -> Result<Option<ClientJsonRpcMessage>, Unread> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(None);
    }
    let lenient = || serde_json::from_slice::<Value>(line).ok();
    let text = std::str::from_utf8(line).map_err(|error| Unread {
        id: None,
        error: ErrorData::parse_error(format!("a message must be UTF-8: {error}"), None).into(),
    })?;
    let value = json::parse(text).map_err(|error| match lenient() {
        Some(value) => Unread {
            id: id(&value),
            error: ErrorData::invalid_request(
                format!("this is not read, so that nobody reads it in two ways: {error}"),
                None,
            )
            .into(),
        },
        None => Unread { id: None, error: ErrorData::parse_error(format!("not JSON: {error}"), None).into() },
    })?;
    let (id, method) = (id(&value), value.get("method").is_some_and(Value::is_string));
    // With an id of any kind somebody waits for an answer.
    let notification = method && value.get("id").is_none();
    match serde_json::from_value(value) {
        Ok(message) if id.is_some() || notification || !method => Ok(Some(message)),
        Err(_) if notification => Ok(None),
        Ok(_) => Err(Unread {
            id: None,
            error: ErrorData::invalid_request("an id is a text or a whole number; this one is neither", None)
                .into(),
        }),
        Err(_) => {
            let text = "neither a request nor an answer of JSON-RPC 2.0 as MCP uses it";
            Err(Unread { id, error: ErrorData::invalid_request(text, None).into() })
        }
    }
}

fn id(message: &Value) -> Option<RequestId> {
    message.get("id").and_then(|id| serde_json::from_value(id.clone()).ok())
}
