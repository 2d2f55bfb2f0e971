//! `health`: asks plugins how they are.

use ares_services::operation::Operation;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, table};

/// Ask plugins for their health now
///
/// Ends with 1 when one is unhealthy or gives no answer.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ares-host health\n  ares-host health notes")]
pub(crate) struct Health {
    /// Only this plugin; else every running one
    plugin: Option<String>,
}

impl Health {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let answer = context.operate(Operation::Health { plugin: self.plugin }).await?;
        context.screen.show(&answer, |answer| {
            let columns = [("NAME", "plugin"), ("HEALTH", "health"), ("DETAIL", "detail")];
            table::records(answer, &columns, "no plugin runs")
        })?;
        let well =
            |entry: &Value| matches!(field::at(entry, "health").as_str(), Some("healthy" | "degraded"));
        let all_well = answer.as_array().is_some_and(|all| all.iter().all(well));
        Ok(if all_well { ExitStatus::Done } else { ExitStatus::Failed })
    }
}
