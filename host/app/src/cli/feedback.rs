//! `feedback`: an answer that was good by all the host can see turned out wrong.

use ares_services::operation::Operation;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::field;

/// Say of a call's answer that it was wrong, so that it counts as a failure from now on
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host feedback 01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d --wrong\n  ares-host feedback 01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d --wrong --note \"the sum is off by one\""
)]
pub(crate) struct Feedback {
    /// The invocation; `ares-host invocations` lists the latest
    id: String,
    /// The answer was wrong
    #[arg(long, required = true)]
    wrong: bool,
    /// What was wrong with it, kept in the events
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

impl Feedback {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let answer = context.operate(Operation::Feedback { id: self.id, note: self.note }).await?;
        context.screen.show(&answer, |answer| {
            let (capability, plugin) = (field::text(answer, "capability"), field::text(answer, "plugin"));
            let mut text = if *field::at(answer, "counted") == Value::Bool(true) {
                format!("counts against {capability} of {plugin} from now on")
            } else {
                format!("kept in the events; the call is too old to count for {capability} of {plugin}")
            };
            if *field::at(answer, "snapshot") == Value::Bool(true) {
                let id = field::text(answer, "id");
                text.push_str(&format!(
                    "\nwhat it changed in folders can be taken back: ares-host snapshots restore {id}"
                ));
            }
            text
        })?;
        Ok(ExitStatus::Done)
    }
}
