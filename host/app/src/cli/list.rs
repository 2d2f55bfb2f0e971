//! `list`: every registered plugin.

use ares_services::operation::Operation;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::table;

/// List the registered plugins by name
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host list\n  ares-host list --type integration --tag storage --json"
)]
pub(crate) struct List {
    /// Only of this type: tool, monitor, integration, ai-feature, …
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Only of this category: core, experimental, community, forged
    #[arg(long)]
    category: Option<String>,
    /// Only with this tag
    #[arg(long)]
    tag: Option<String>,
}

impl List {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let Self { kind, category, tag } = self;
        let answer = context.operate(Operation::List { kind, category, tag }).await?;
        context.screen.show(&answer, |answer| {
            let columns = [("NAME", "name"), ("VERSION", "version"), ("STATE", "state")];
            table::records(answer, &columns, "no plugins")
        })?;
        Ok(ExitStatus::Done)
    }
}
