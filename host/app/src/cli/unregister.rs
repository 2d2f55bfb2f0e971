//! `unregister`: takes a plugin out.

use ares_services::operation::Operation;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::field;

/// Take a plugin out, with all its versions, grants and configuration
///
/// Its events and invocations stay in the log. Its source folder is not touched.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ares-host unregister notes")]
pub(crate) struct Unregister {
    /// The plugin
    plugin: String,
}

impl Unregister {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let answer = context.operate(Operation::Unregister { plugin: self.plugin }).await?;
        context.screen.show(&answer, |answer| {
            format!("unregistered {} ({})", field::text(answer, "plugin"), field::text(answer, "versions"))
        })?;
        Ok(ExitStatus::Done)
    }
}
