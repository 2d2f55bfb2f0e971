//! `explain`: how a call was judged.

use ares_services::operation::Operation;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::verdict;

/// Show how a call was judged: five steps, their evidence, and the sum
///
/// Everything shown is what the journal kept with the call; the sum can be redone from it by hand.
/// docs/gate.md shows how.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host explain 01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d\n  ares-host explain 01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d --json"
)]
pub(crate) struct Explain {
    /// The invocation; `ares-host invocations` lists the latest
    id: String,
}

impl Explain {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let answer = context.operate(Operation::Explain { id: self.id }).await?;
        context.screen.show(&answer, verdict::render)?;
        Ok(ExitStatus::Done)
    }
}
