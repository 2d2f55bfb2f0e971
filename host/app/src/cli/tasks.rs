//! `tasks`: what was planned, and what is paused because it went another way.

use ares_services::operation::Operation;
use ares_services::tasks::TaskWish;
use clap::Subcommand;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::record;
use crate::render::table::{self, Column};

/// Plan tasks: what may be called for them, and how long they should take
///
/// A call names its task (`invoke --task`). A call from outside that is not in the plan, or comes when the task has
/// taken over twice its time, is held for a person (exit code 8), and the task is paused: all its calls wait until
/// it is resumed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host tasks plan trip-to-oslo --capability search_flights --capability book_flight --minutes 30\n  ares-host invoke search_flights --task trip-to-oslo --arg to=OSL\n  ares-host tasks list\n  ares-host tasks resume trip-to-oslo\n  ares-host tasks end trip-to-oslo"
)]
pub(crate) struct Tasks {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// All that are planned
    List,
    /// Plan one, or plan it anew
    Plan {
        /// Its name: what callers give as their task
        name: String,
        /// What may be called for it; may be repeated
        #[arg(long = "capability", value_name = "CAPABILITY", required = true)]
        capabilities: Vec<String>,
        /// How long it should take
        #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
        minutes: Option<u32>,
    },
    /// Let a paused one go on; its time begins anew
    Resume {
        /// Its name
        name: String,
    },
    /// Forget the plan
    End {
        /// Its name
        name: String,
    },
}

const COLUMNS: [Column; 5] = [
    ("NAME", "name"),
    ("STATE", "state"),
    ("SINCE", "since_at_ms"),
    ("CAPABILITIES", "capabilities"),
    ("WHY", "paused"),
];

impl Tasks {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let wish = match self.action {
            Action::List => TaskWish::List,
            Action::Plan { name, capabilities, minutes } => TaskWish::Plan { name, capabilities, minutes },
            Action::Resume { name } => TaskWish::Resume { name },
            Action::End { name } => TaskWish::End { name },
        };
        let answer = context.operate(Operation::Tasks { wish }).await?;
        context.screen.show(&answer, |answer| {
            if answer.is_array() {
                return table::records(answer, &COLUMNS, "no tasks are planned");
            }
            record::render(answer)
        })?;
        Ok(ExitStatus::Done)
    }
}
