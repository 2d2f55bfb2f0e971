//! `versions`: every registered version of a plugin.

use ares_services::operation::Operation;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::table;

/// List all registered versions of a plugin and which one answers
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ares-host versions notes")]
pub(crate) struct Versions {
    /// The plugin
    plugin: String,
}

impl Versions {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let answer = context.operate(Operation::Versions { plugin: self.plugin }).await?;
        context.screen.show(&answer, |answer| {
            let columns =
                [("VERSION", "version"), ("ACTIVE", "active"), ("BLAKE3", "blake3"), ("SOURCE", "source")];
            table::records(answer, &columns, "no versions")
        })?;
        Ok(ExitStatus::Done)
    }
}
