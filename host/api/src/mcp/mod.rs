//! The door for agents: every enabled capability is an MCP tool, over stdio.
//!
//! | file | what it does |
//! |---|---|
//! | `lines` | one JSON-RPC message a line, read strictly |
//! | `server` | what MCP asks for: tools, calls, changes of the list |
//! | `catalogue` | the tools there are now |
//! | `tool` | a capability as a tool |
//! | `schema` | any JSON Schema as the object schema MCP wants |
//! | `answer` | an outcome as a tool result |
//! | `progress` | how far a call has come |
//!
//! Nothing here decides anything: each call goes through [`Operate`] and so through the gate, in
//! the name of the client. There is no tool that registers, grants or configures.

mod answer;
mod catalogue;
mod lines;
mod progress;
mod schema;
mod server;
#[cfg(test)]
mod tests;
mod tool;

use std::sync::Arc;

use ares_services::operation::Operate;
use rmcp::ServiceExt;
use rmcp::service::{QuitReason, ServerInitializeError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use catalogue::Catalogue;
use lines::Lines;
use server::Server;

/// Why serving a client ended other than by the client's leaving.
#[derive(Debug, thiserror::Error)]
pub enum McpError {
    /// Client and host did not come to terms.
    #[error("the MCP client did not open with `initialize` or a request of protocol 2026-07-28")]
    Opening(#[source] Box<ServerInitializeError>),
    /// The loop that serves the client broke.
    #[error("serving the MCP client broke off; this is a fault of the host")]
    Broken(#[source] JoinError),
}

/// Serves one client over standard input and output until it leaves or `stop` is ready. Nothing but
/// the protocol is written to standard output.
///
/// After `stop` no further request is taken, and those that run are answered. Whoever will not wait
/// that long drops the future.
///
/// Calls still running when the input ends get five seconds to answer; after that their answers
/// go nowhere, though `operate` still carries them to their recorded end.
///
/// # Errors
/// When the client does not speak MCP or the serving task panicked.
pub async fn serve_stdio(
    operate: Arc<dyn Operate>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), McpError> {
    let (reader, writer) = rmcp::transport::stdio_pipes();
    serve(operate, reader, writer, stop).await
}

/// Serves one client over any pair of byte streams until the first ends or `stop` is ready.
///
/// # Errors
/// As [`serve_stdio`].
pub async fn serve<R, W>(
    operate: Arc<dyn Operate>,
    reader: R,
    writer: W,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), McpError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let (ended, end) = watch::channel(false);
    let (stopping, stopped) = watch::channel(false);
    let catalogue = Arc::new(Catalogue::new(operate));
    // Aborted when this function returns.
    let mut watching = JoinSet::new();
    watching.spawn(Arc::clone(&catalogue).watch());
    watching.spawn(async move {
        stop.await;
        // Kept until the end: a channel without its sender would say that it is over.
        stopping.send_replace(true);
        std::future::pending().await
    });
    let running = match Server::new(catalogue, end).serve(Lines::new(reader, writer, stopped, ended)).await {
        Ok(running) => running,
        // Whoever leaves without a word needed nothing.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(McpError::Opening(Box::new(error))),
    };
    match running.waiting().await {
        Ok(QuitReason::JoinError(error)) | Err(error) => Err(McpError::Broken(error)),
        Ok(_) => Ok(()),
    }
}
