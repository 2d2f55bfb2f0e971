//! `init`: makes the state directory.

use serde_json::json;

use super::Context;
use crate::config::low;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::field;

/// Make the state directory with a commented ares.toml
///
/// Says what it did. What is there already stays as it is, so it can be run again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ares-host init\n  ares-host init --state ./state")]
pub(crate) struct Init {}

impl Init {
    pub(crate) fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let new = !context.root()?.exists();
        let state = context.state()?;
        let file = state.root().join("ares.toml");
        let written = !file.exists();
        if written {
            fs_err::write(&file, low::template())
                .map_err(|error| Failure::io("writing the configuration", &error))?;
        }
        // Keys and what plugins keep do not belong into a repository around it.
        let ignore = state.root().join(".gitignore");
        if !ignore.exists() {
            fs_err::write(&ignore, "*\n").map_err(|error| Failure::io("writing .gitignore", &error))?;
        }
        // What stands there already must be good, too.
        context.settings()?;
        // Paths need not be UTF-8, so it is their shown form that goes into JSON.
        let (root, file) = (state.root().display().to_string(), file.display().to_string());
        let answer = json!({"state": root, "created": new, "config": file, "config_written": written});
        context.screen.show(&answer, |answer| {
            let made = |did: bool| if did { "made" } else { "is there already" };
            format!(
                "{} {}\n{} {}\n",
                field::text(answer, "state"),
                made(new),
                field::text(answer, "config"),
                made(written)
            )
        })?;
        Ok(ExitStatus::Done)
    }
}
