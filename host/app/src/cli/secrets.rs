//! `secrets`: values that plugins spend without seeing them.

use ares_kernel::text::escaped;
use ares_services::operation::Operation;
use clap::Subcommand;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, hidden, table};

/// Set, list, rotate and remove stored secrets; a value is read from standard input, never from the command line
///
/// At a terminal the value is asked for and not shown. It is 8 bytes to 64 KiB of visible ASCII
/// characters, with spaces only between them; one line end after it does not count.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host secrets set GITHUB_TOKEN\n  gh auth token | ares-host secrets set GITHUB_TOKEN\n  ares-host secrets list\n  ares-host secrets rotate GITHUB_TOKEN\n  ares-host secrets rm GITHUB_TOKEN\n  ares-host grants allow PLUGIN secret:GITHUB_TOKEN"
)]
pub(crate) struct Secrets {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Store a new secret; one that is there already stays as it is
    Set {
        /// Its name: A-Z, 0-9 and _, beginning with a letter
        name: String,
    },
    /// Names, times, and the plugins that were granted each; never values
    List,
    /// Give a secret another value
    Rotate {
        /// Its name
        name: String,
    },
    /// Forget a secret, and say which plugins were granted it
    Rm {
        /// Its name
        name: String,
    },
}

impl Secrets {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let operation = match self.action {
            Action::List => Operation::SecretsList,
            Action::Rm { name } => return forget(context, name).await,
            Action::Set { name } => Operation::SecretSet { value: hidden::read(&asking(&name))?, name },
            Action::Rotate { name } => Operation::SecretRotate { value: hidden::read(&asking(&name))?, name },
        };
        let answer = context.operate(operation).await?;
        context.screen.show(&answer, render)?;
        Ok(ExitStatus::Done)
    }
}

async fn forget(context: &Context, name: String) -> Result<ExitStatus, Failure> {
    let answer = context.operate(Operation::SecretRemove { name }).await?;
    context.screen.show(&answer, |answer| {
        let granted: Vec<&str> =
            field::at(answer, "granted").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let who = match granted.as_slice() {
            [] => "no plugin was granted it".to_owned(),
            some => format!("still granted to {}, which cannot spend it any more", some.join(", ")),
        };
        format!("removed {}: {who}", field::text(answer, "name"))
    })?;
    Ok(ExitStatus::Done)
}

fn asking(name: &str) -> String {
    format!("Value of {} (not shown):", escaped(name, 128))
}

fn render(answer: &Value) -> String {
    let columns = [
        ("NAME", "name"),
        ("SET", "created_at_ms"),
        ("ROTATED", "rotated_at_ms"),
        ("REVISION", "revision"),
        ("GRANTED TO", "granted"),
    ];
    let single = Value::Array(vec![answer.clone()]);
    table::records(if answer.is_array() { answer } else { &single }, &columns, "no secret is set")
}
