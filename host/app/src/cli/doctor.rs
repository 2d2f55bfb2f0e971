//! `doctor`: looks the installation over.

use ares_services::operation::Operation;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, table};

/// Look the installation over: database, files, copies, configuration
///
/// Ends with 1 when something is broken; warnings alone end with 0.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ares-host doctor")]
pub(crate) struct Doctor {}

impl Doctor {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let answer = context.operate(Operation::Doctor).await?;
        context.screen.show(&answer, |answer| {
            let columns =
                [("SEVERITY", "severity"), ("CODE", "code"), ("PLUGIN", "plugin"), ("FINDING", "message")];
            table::records(answer, &columns, "all is well")
        })?;
        let broken = |finding: &Value| *field::at(finding, "severity") == "error";
        let found = answer.as_array().is_some_and(|all| all.iter().any(broken));
        Ok(if found { ExitStatus::Failed } else { ExitStatus::Done })
    }
}
