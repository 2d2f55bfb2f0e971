//! `skeptics`: what became of what skeptics held against calls.

use ares_services::operation::Operation;
use ares_services::oversight::OversightWish;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::table;

/// Show the skeptics and what became of their objections in the last 30 days
///
/// Of the calls that were made nevertheless: how many went well, and how many broke or were called wrong.
/// A skeptic whose objections nearly all go well objects too much; one whose go badly is worth hearing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ares-host skeptics\n  ares-host skeptics --json")]
pub(crate) struct Skeptics {}

impl Skeptics {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let answer = context.operate(Operation::Oversight { wish: OversightWish::Skeptics }).await?;
        context.screen.show(&answer, |answer| {
            let columns = [
                ("SKEPTIC", "skeptic"),
                ("WARNED", "warned"),
                ("BLOCKED", "blocked"),
                ("WELL", "well"),
                ("BADLY", "badly"),
                ("DENIED", "denied"),
                ("EXPIRED", "expired"),
                ("WAITING", "waiting"),
                ("REFUSED", "refused"),
                ("BLAKE3", "blake3"),
            ];
            table::records(answer, &columns, "no skeptic is enabled, and none has objected")
        })?;
        Ok(ExitStatus::Done)
    }
}
