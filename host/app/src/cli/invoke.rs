//! `invoke`: one call of one capability.

use ares_services::operation::{Call, Operation};
use serde_json::Value;

use super::Context;
use super::context::Session;
use super::input::Input;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, outcome, snapshot, verdict};

/// Invoke a capability and print its answer
///
/// The input is --input, or built from --arg, or read from standard input where that is no
/// terminal, or {}. The answer goes to standard output; why there is none goes to standard error,
/// and the exit code says what sort of no it was.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ares-host invoke analyze_sentiment --arg text=\"not profitable\"
  ares-host invoke scan_folder --arg path=src --arg max_findings=20 --explain
  echo '{\"name\":\"todo\"}' | ares-host invoke get_note --json")]
pub(crate) struct Invoke {
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
    /// The approval it is made with: the id of the held call
    #[arg(long, value_name = "ID")]
    approval: Option<String>,
    /// Look as closely as the gate can, also at what is proven
    #[arg(long)]
    thorough: bool,
    /// Take a snapshot of the folders it may change first; where it may change any, do not run without one
    #[arg(long)]
    snapshot: bool,
    /// Show how the call was judged, who was chosen and what it used
    #[arg(long)]
    explain: bool,
}

impl Invoke {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let session = context.session().await?;
        let input = self.input.text(&session, &self.capability, self.plugin.as_deref()).await;
        let answer = match input {
            Ok(input) => {
                let call = Call {
                    capability: self.capability,
                    plugin: self.plugin,
                    input,
                    deadline_ms: self.deadline,
                    task: self.task,
                    metadata: self.metadata,
                    approval: self.approval,
                    thorough: self.thorough,
                    rehearse: false,
                    snapshot: self.snapshot,
                };
                call_and_explain(&session, context, call, self.explain).await
            }
            Err(failure) => Err(failure),
        };
        let left = session.end().await;
        let (answer, explained) = answer?;
        let status = ExitStatus::of_outcome(&answer);
        context.screen.show(&answer, |answer| {
            let mut text = explained.as_ref().map(verdict::render).unwrap_or_default();
            if explained.is_some() {
                text.push_str(&outcome::explain(answer));
            }
            if status == ExitStatus::Done {
                text.push_str(&outcome::value(answer));
            }
            text
        })?;
        if left > 0 {
            context.screen.note(&format!(
                "note: deliveries of its events that still wait: {left}; `ares-host run` makes them"
            ));
        }
        if status != ExitStatus::Done {
            context.screen.note(&format!("error: {}", outcome::reason(&answer)));
            if let Some(line) = snapshot::line(&answer) {
                context.screen.note(&format!("note: {line}"));
            }
        }
        Ok(status)
    }
}

/// The outcome and, where it is wanted, how it was judged.
async fn call_and_explain(
    session: &Session,
    context: &Context,
    call: Call,
    explain: bool,
) -> Result<(Value, Option<Value>), Failure> {
    let mut answer = session.operate_drawn(&context.screen, Operation::Invoke(call.clone())).await?;
    if let Some(approval) = asked(session, context, &answer).await? {
        let call = Call { approval: Some(approval), ..call };
        answer = session.operate_drawn(&context.screen, Operation::Invoke(call)).await?;
    }
    if !explain {
        return Ok((answer, None));
    }
    // Nothing was recorded: there is nothing to explain.
    if *field::at(&answer, "status") == "unrecorded" {
        return Ok((answer, None));
    }
    let id = field::text(&answer, "id");
    let explained = session.operate(Operation::Explain { id }).await?;
    if let Value::Object(answer) = &mut answer {
        answer.insert("explained".to_owned(), explained.clone());
    }
    Ok((answer, Some(explained)))
}

/// Where the call waits for a person and one is there: their yes, as the approval it can be made with.
async fn asked(session: &Session, context: &Context, answer: &Value) -> Result<Option<String>, Failure> {
    if answer.pointer("/error/kind").and_then(Value::as_str) != Some("held") || !context.screen.asks {
        return Ok(None);
    }
    let id = field::text(answer, "id");
    let held = session.operate(Operation::Approval { id: id.clone() }).await?;
    context.screen.note(&format!(
        "{} of {} ({}) with {}\nwaits for a person: {}",
        field::text(&held, "capability"),
        field::text(&held, "plugin"),
        field::text(&held, "effect"),
        field::text(&held, "arguments"),
        field::text(&held, "reason")
    ));
    let said = context.screen.ask("Let this call run once? [y/N]").unwrap_or_default();
    if !matches!(said.to_lowercase().as_str(), "y" | "yes") {
        return Ok(None);
    }
    session
        .operate(Operation::Approve { id: id.clone(), note: None, standing: None, is_final: false })
        .await?;
    Ok(Some(id))
}
