//! `mcp`: serves the capabilities to an agent.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;

/// Serve the capabilities as MCP tools over standard input and output
///
/// For an MCP client to start. Every tool call goes through the same gate as every other call, in
/// the name of the client. Nothing here can register, grant or configure. SIGTERM or SIGINT lets
/// running calls finish (as long as `run.drain_s` says) and ends with 0; a second signal ends it at
/// once.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example, in a client's configuration:\n  {\"command\": \"ares-host\", \"args\": [\"mcp\"]}"
)]
pub(crate) struct Mcp {}

impl Mcp {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let drain = context.settings()?.drain;
        let mut signals = Signals::listen()?;
        let session = context.long_session().await?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = ares_api::mcp::serve_stdio(session.operations(), async {
            // A dropped sender means the same.
            let _ = stopped.await;
        });
        tokio::pin!(serving);
        let served = tokio::select! {
            served = &mut serving => served,
            () = signals.next() => {
                // Nobody is left to hear it only when the client has left already.
                let _ = stop.send(());
                let ending = async {
                    let begun = Instant::now();
                    // Whoever takes no answer in that time gets none.
                    let served = timeout(drain, serving).await.unwrap_or(Ok(()));
                    session.end_within(drain.saturating_sub(begun.elapsed())).await;
                    ended(served)
                };
                return tokio::select! {
                    ended = ending => ended,
                    () = signals.next() => Ok(ExitStatus::Failed),
                };
            }
        };
        session.end().await;
        ended(served)
    }
}

fn ended(served: Result<(), ares_api::mcp::McpError>) -> Result<ExitStatus, Failure> {
    served.map_err(|error| Failure::chain(ExitStatus::Failed, "mcp", &error))?;
    Ok(ExitStatus::Done)
}

/// The two signals that mean the same.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let io = |error| Failure::io("listening for signals", &error);
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(io)?,
            interrupt: signal(SignalKind::interrupt()).map_err(io)?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
