//! `analyze`: the whole installation, looked over without running anything.

use ares_services::operation::Operation;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{analysis, field};

/// Look over everything that is installed and what came of it, without running anything
///
/// Ends with 1 when a finding is HIGH: the evidence leaves nothing else.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host analyze\n  ares-host analyze --findings\n  ares-host analyze --json"
)]
pub(crate) struct Analyze {
    /// Show the findings alone
    #[arg(long)]
    findings: bool,
}

impl Analyze {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let answer = context.operate(Operation::Analyze).await?;
        if self.findings {
            context.screen.show(&analysis::only_findings(answer.clone()), analysis::findings)?;
        } else {
            context.screen.show(&answer, analysis::sections)?;
        }
        let high = field::number(field::at(&answer, "findings"), "HIGH");
        Ok(if high > 0 { ExitStatus::Failed } else { ExitStatus::Done })
    }
}
