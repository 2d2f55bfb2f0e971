//! `mcp`: serves the capabilities to an agent.

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;

/// Serve the capabilities as MCP tools over standard input and output
///
/// For an MCP client to start. Every tool call goes through the same gate as every other call, in
/// the name of the client. Nothing here can register, grant or configure.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example, in a client's configuration:\n  {\"command\": \"ares-host\", \"args\": [\"mcp\"]}"
)]
pub(crate) struct Mcp {}

impl Mcp {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let session = context.long_session().await?;
        let served = ares_api::mcp::serve_stdio(session.operations()).await;
        session.end().await;
        served.map_err(|error| Failure::chain(ExitStatus::Failed, "mcp", &error))?;
        Ok(ExitStatus::Done)
    }
}
