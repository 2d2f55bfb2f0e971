//! `stop`: stops a plugin.

use ares_services::operation::Operation;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::field;

/// Stop a plugin: its teardown runs, it is unloaded; the next call starts it again
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ares-host stop notes")]
pub(crate) struct Stop {
    /// The plugin
    plugin: String,
}

impl Stop {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let answer = context.operate(Operation::Stop { plugin: self.plugin }).await?;
        if answer.get("was_running") == Some(&Value::Bool(false)) {
            context.screen.note(&format!("warning: {} was not running", field::text(&answer, "plugin")));
        }
        context.screen.show(&answer, |answer| {
            format!("{} is {}", field::text(answer, "plugin"), field::text(answer, "state"))
        })?;
        Ok(ExitStatus::Done)
    }
}
