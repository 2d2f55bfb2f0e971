//! `approvals`: calls that wait for a person.

use ares_registry::FINAL_FROM;
use ares_services::operation::{Operation, Standing};
use ares_services::oversight::OversightWish;
use clap::Subcommand;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, record, table};

/// How many characters of the arguments a list shows.
const ARGUMENTS_SHOWN: usize = 40;

/// List, show, approve and deny calls that wait for a person
///
/// A yes is for the very call that was held: same capability, same bytes of the plugin, same
/// arguments, same caller, same rules. It is used once and holds for gate.approval_s seconds. The call
/// is then made again, at whatever door, and every check is made again.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host approvals list\n  ares-host approvals show 01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d\n  ares-host approvals approve 01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d --note \"seen the draft\"\n  ares-host approvals approve 01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d --always --until 2026-12-31T00:00:00Z\n  ares-host approvals request-override 01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d --reason \"the key in it is revoked\"\n  ares-host approvals deny 01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d"
)]
pub(crate) struct Approvals {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Calls that wait, oldest first
    List {
        /// Also those that wait no more
        #[arg(long)]
        all: bool,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Everything about one of them
    Show {
        /// The held invocation
        id: String,
    },
    /// Let the very call that was held run once
    Approve {
        /// The held invocation
        id: String,
        /// Why, kept with the approval
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// Write a rule, too: such calls of this caller need no asking from now on. Not for what a mandate asks about each time
        #[arg(long)]
        always: bool,
        /// What the rule is for: a capability, plugin/capability, plugin/*, an effect class or a scope [default: this capability of this plugin]
        #[arg(long = "for", value_name = "PATTERN", requires = "always")]
        pattern: Option<String>,
        /// When the rule ends, for instance 2026-12-31T00:00:00Z
        #[arg(long, value_name = "TIME", requires = "always")]
        until: Option<String>,
        /// You mean it: needed with --note where the rule that forbids was overridden twice in 30 days
        #[arg(long = "final", requires = "note", conflicts_with = "always")]
        is_final: bool,
    },
    /// Ask for a call to be let through once that a rule refused for its arguments
    RequestOverride {
        /// The refused invocation
        id: String,
        /// Why, kept with the override
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Say no, or take a yes back that was not used
    Deny {
        /// The held invocation
        id: String,
        /// Why, kept with the approval
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

impl Approvals {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let operation = match self.action {
            Action::List { all, limit } => return list(context, all, limit).await,
            Action::Show { id } => Operation::Approval { id },
            Action::RequestOverride { id, reason } => {
                Operation::Oversight { wish: OversightWish::RequestOverride { id, reason } }
            }
            Action::Approve { id, note, always, pattern, until, is_final } => {
                let standing = always.then_some(Standing { pattern, until });
                Operation::Approve { id, note, standing, is_final }
            }
            Action::Deny { id, note } => Operation::Deny { id, note },
        };
        let answer = context.operate(operation).await?;
        context.screen.show(&answer, |answer| {
            let mut text = record::render(answer);
            text.push_str(&overriding(answer));
            if field::at(answer, "state").as_str() == Some("approved") {
                let id = field::text(answer, "id");
                text.push_str(&format!(
                    "\nThe same call made again runs once (or say which: --approval {id})\n"
                ));
            }
            text
        })?;
        Ok(ExitStatus::Done)
    }
}

/// How often the rule that forbids was overridden before, while somebody decides.
fn overriding(answer: &Value) -> String {
    let asked = *field::at(answer, "forbidden") == Value::Bool(true)
        && *field::at(answer, "state") == Value::String("pending".to_owned());
    if !asked {
        return String::new();
    }
    let (rule, plugin) = (field::text(answer, "overrides"), field::text(answer, "plugin"));
    let earlier = field::number(answer, "earlier");
    let how = if earlier < FINAL_FROM { "" } else { "; one more is final: --final --note REASON" };
    format!(
        "\nA yes overrides rule `{rule}`, for this call alone; overridden for {plugin} in 30 days: {earlier}{how}\n"
    )
}

/// The row with the beginning of its arguments: `approvals show` has all of them.
fn shortened(row: &Value) -> Value {
    let mut row = row.clone();
    let arguments = field::text(&row, "arguments");
    if let (Some(row), Some((end, _))) = (row.as_object_mut(), arguments.char_indices().nth(ARGUMENTS_SHOWN))
    {
        let beginning = arguments.get(..end).unwrap_or_default();
        row.insert("arguments".to_owned(), format!("{beginning}…").into());
    }
    row
}

async fn list(context: &Context, all: bool, limit: u32) -> Result<ExitStatus, Failure> {
    let answer = context.operate(Operation::Approvals { all, limit }).await?;
    context.screen.show(&answer, |answer| {
        let columns = [
            ("ASKED", "asked_at_ms"),
            ("ID", "id"),
            ("STATE", "state"),
            ("CAPABILITY", "capability"),
            ("PLUGIN", "plugin"),
            ("EFFECT", "effect"),
            ("CALLER", "caller"),
            ("ARGUMENTS", "arguments"),
        ];
        let rows = answer.as_array().into_iter().flatten().map(shortened).collect();
        table::records(&rows, &columns, "nothing waits")
    })?;
    Ok(ExitStatus::Done)
}
