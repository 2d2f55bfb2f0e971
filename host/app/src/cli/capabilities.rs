//! `capabilities`: what can be asked for.

use ares_services::operation::Operation;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::table;

/// List the capabilities of enabled plugins, or search them
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host capabilities\n  ares-host capabilities scan_folder --json\n  ares-host capabilities --find \"send message\""
)]
pub(crate) struct Capabilities {
    /// Only the providers of this one
    name: Option<String>,
    /// Words to look for in names and descriptions, best match first
    #[arg(long, value_name = "TEXT")]
    find: Option<String>,
    /// Only of plugins with this feature tag
    #[arg(long, value_name = "TAG")]
    feature: Option<String>,
}

impl Capabilities {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let Self { name, find, feature } = self;
        let answer = context.operate(Operation::Capabilities { name, find, feature }).await?;
        context.screen.show(&answer, |answer| {
            let columns = [
                ("CAPABILITY", "capability"),
                ("PLUGIN", "plugin"),
                ("VERSION", "version"),
                ("EFFECT", "effect"),
                ("DESCRIPTION", "description"),
            ];
            table::records(answer, &columns, "no capabilities")
        })?;
        Ok(ExitStatus::Done)
    }
}
