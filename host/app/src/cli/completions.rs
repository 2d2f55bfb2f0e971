//! `completions`: scripts that let a shell complete commands and options.

use clap::CommandFactory;

use super::{Cli, Context};
use crate::exit::ExitStatus;
use crate::failure::Failure;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  ares-host completions bash > ~/.local/share/bash-completion/completions/ares-host"
)]
pub(crate) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    pub(crate) fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "ares-host", &mut script);
        context.screen.print(&String::from_utf8_lossy(&script))?;
        Ok(ExitStatus::Done)
    }
}
