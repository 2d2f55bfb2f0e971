//! `activate`: makes another registered version the one that answers.

use ares_services::operation::Operation;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, judged};

/// Make another registered version of a plugin the active one
///
/// It takes effect with the next call; running calls finish on the version they began with.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ares-host activate notes@0.1.0")]
pub(crate) struct Activate {
    /// The plugin and its version
    #[arg(value_name = "PLUGIN@VERSION", value_parser = parse)]
    which: (String, String),
}

fn parse(text: &str) -> Result<(String, String), String> {
    let split = text.split_once('@').filter(|(plugin, version)| !plugin.is_empty() && !version.is_empty());
    let (plugin, version) = split.ok_or("write PLUGIN@VERSION, for instance notes@0.1.0")?;
    Ok((plugin.to_owned(), version.to_owned()))
}

impl Activate {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let (plugin, version) = self.which;
        let answer = context.operate(Operation::Activate { plugin, version }).await?;
        context.screen.show(&answer, |answer| {
            let text = |at| field::text(answer, at);
            let judged = judged::text(answer);
            format!("{} {} is active (was {})\n{judged}", text("plugin"), text("version"), text("was"))
        })?;
        Ok(ExitStatus::Done)
    }
}
