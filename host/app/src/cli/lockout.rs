//! `lockout`: the emergency stop.

use ares_services::operation::Operation;
use clap::Subcommand;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, record};

/// Stop every call at every door at once, and lift the stop again
///
/// While it holds, every call is refused (locked-out, exit code 5) before anything else is looked at;
/// calls that run go on to their end. It holds across restarts.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host lockout on --reason \"strange messages from an agent\"\n  ares-host lockout status\n  ares-host lockout acknowledge --note \"looked at it, going on for today\"\n  ares-host lockout off --note \"the agent was taken off\""
)]
pub(crate) struct Lockout {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Stop everything
    On {
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// You have seen it: lift the stop for a day, then it holds again
    Acknowledge {
        /// What you found
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
    /// It is over
    Off {
        /// What was done about it
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
    /// Whether it holds, since when and why
    Status,
}

impl Lockout {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let operation = match self.action {
            Action::On { reason } => Operation::LockoutOn { reason },
            Action::Acknowledge { note } => Operation::LockoutAcknowledge { note },
            Action::Off { note } => Operation::LockoutOff { note },
            Action::Status => Operation::LockoutStatus,
        };
        let answer = context.operate(operation).await?;
        context.screen.show(&answer, |answer| {
            if *field::at(answer, "locked") == Value::Bool(false) && answer.get("reason").is_none() {
                return "not locked".to_owned();
            }
            record::render(answer)
        })?;
        Ok(ExitStatus::Done)
    }
}
