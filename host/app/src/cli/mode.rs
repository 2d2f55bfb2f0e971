//! `mode`: what all calls may do at the moment.

use ares_services::operation::Operation;
use clap::ValueEnum;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::field;

/// Show or choose what calls may do: ask, plan, build or auto
///
/// It holds for every call at every door until another is chosen, across restarts.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ares-host mode\n  ares-host mode ask\n  ares-host mode build")]
pub(crate) struct Mode {
    /// The mode to choose; without one the present mode is shown
    mode: Option<Choice>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Choice {
    /// What computes and reads runs; nothing may change
    Ask,
    /// As ask, but what would change something can be rehearsed
    Plan,
    /// As the rules say: the usual
    Build,
    /// As the rules say, but where a rule asks a person, what is of class network or weaker runs if confidence is high
    Auto,
}

impl Mode {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let chosen = self.mode.and_then(|mode| mode.to_possible_value());
        let mode = chosen.map(|value| value.get_name().to_owned());
        let answer = context.operate(Operation::Mode { mode }).await?;
        context.screen.show(&answer, |answer| match answer.get("was") {
            Some(was) => format!("{} (was {})", field::text(answer, "mode"), field::plain(was)),
            None => field::text(answer, "mode"),
        })?;
        Ok(ExitStatus::Done)
    }
}
