//! `rehearse`: one call of one capability of which nothing lasts.

use ares_services::operation::{Call, Operation};

use super::Context;
use super::input::Input;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{outcome, rehearsal};

/// Run a capability for real, keep nothing of it, and show what it would have done
///
/// It passes every check and runs in its sandbox, but writes into copies of its folders; nothing is
/// kept in its store, no request leaves, no event is delivered, and the calls it makes are rehearsals,
/// too. Nobody is asked, since nothing lasts. Input and exit codes are those of invoke.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ares-host rehearse write_file --arg path=notes/todo.txt --arg text=milk
  ares-host rehearse put_note --input '{\"name\":\"milk\",\"text\":\"two litres\"}' --json")]
pub(crate) struct Rehearse {
    /// The capability
    capability: String,
    #[command(flatten)]
    input: Input,
    /// From this plugin and no other
    #[arg(long)]
    plugin: Option<String>,
    /// A shorter deadline than the plugin's own, in milliseconds
    #[arg(long, value_name = "MS")]
    deadline: Option<u64>,
    /// The task this counts under, kept in the journal
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,
    /// A JSON object for the guest's context
    #[arg(long, value_name = "JSON")]
    metadata: Option<String>,
}

impl Rehearse {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let session = context.session().await?;
        let answer = match self.input.text(&session, &self.capability, self.plugin.as_deref()).await {
            Ok(input) => {
                let call = Call {
                    capability: self.capability,
                    plugin: self.plugin,
                    input,
                    deadline_ms: self.deadline,
                    task: self.task,
                    metadata: self.metadata,
                    rehearse: true,
                    ..Call::default()
                };
                session.operate_drawn(&context.screen, Operation::Invoke(call)).await
            }
            Err(failure) => Err(failure),
        };
        session.end().await;
        let answer = answer?;
        let status = ExitStatus::of_outcome(&answer);
        context.screen.show(&answer, rehearsal::render)?;
        if status != ExitStatus::Done {
            context.screen.note(&format!("error: {}", outcome::reason(&answer)));
        }
        Ok(status)
    }
}
