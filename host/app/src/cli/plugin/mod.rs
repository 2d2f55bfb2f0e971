//! `plugin`: for those who write plugins.

mod lint;
mod new;

use clap::Subcommand;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;

/// Begin a plugin, and look one over
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ares-host plugin new demo\n  ares-host plugin lint ./demo")]
pub(crate) struct Plugin {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    New(new::New),
    Lint(lint::Lint),
}

impl Plugin {
    pub(crate) fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self.action {
            Action::New(new) => new.run(context),
            Action::Lint(lint) => lint.run(context),
        }
    }
}
