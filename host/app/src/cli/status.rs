//! `status`: counts and states.

use ares_services::operation::Operation;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render;

/// Show how many plugins there are, run, are stopped or broken
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ares-host status\n  ares-host status notes --json")]
pub(crate) struct Status {
    /// Only this plugin
    plugin: Option<String>,
}

impl Status {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let answer = context.operate(Operation::Status { plugin: self.plugin }).await?;
        context.screen.show(&answer, render::status::render)?;
        Ok(ExitStatus::Done)
    }
}
