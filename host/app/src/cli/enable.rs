//! `enable` and `disable`: allow or forbid the use of a plugin.

use ares_services::operation::Operation;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::field;

/// Allow the use of a plugin
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ares-host enable notes")]
pub(crate) struct Enable {
    /// The plugin
    plugin: String,
}

/// Forbid the use of a plugin
///
/// Running calls finish, new ones are refused with exit code 5.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ares-host disable notes")]
pub(crate) struct Disable {
    /// The plugin
    plugin: String,
}

impl Enable {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        set(context, self.plugin, true).await
    }
}

impl Disable {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        set(context, self.plugin, false).await
    }
}

async fn set(context: &Context, plugin: String, enabled: bool) -> Result<ExitStatus, Failure> {
    let answer = context.operate(Operation::Enable { plugin, enabled }).await?;
    let word = if enabled { "enabled" } else { "disabled" };
    context.screen.show(&answer, |answer| format!("{word} {}", field::text(answer, "plugin")))?;
    Ok(ExitStatus::Done)
}
