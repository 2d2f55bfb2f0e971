//! `events`: what happened.

use ares_services::operation::Operation;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::table;

/// Show the newest events, oldest first
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host events\n  ares-host events --type crashed,started --plugin notes --limit 20"
)]
pub(crate) struct Events {
    /// Only of these types, for instance registered,started,stopped,crashed
    #[arg(long = "type", value_name = "TYPES", value_delimiter = ',')]
    types: Vec<String>,
    /// Only of this plugin, also one that is gone
    #[arg(long)]
    plugin: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

impl Events {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let Self { types, plugin, limit } = self;
        let answer = context.operate(Operation::Events { types, plugin, limit }).await?;
        context.screen.show(&answer, |answer| {
            let columns = [
                ("TIME", "at_ms"),
                ("TYPE", "type"),
                ("PLUGIN", "plugin"),
                ("ACTOR", "actor"),
                ("DATA", "data"),
            ];
            table::records(answer, &columns, "no events")
        })?;
        Ok(ExitStatus::Done)
    }
}
