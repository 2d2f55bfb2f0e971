//! `snapshots`: copies of folders from before calls that may have changed them.

use ares_services::operation::Operation;
use ares_services::snapshots::SnapshotWish;
use clap::Subcommand;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, record, snapshot, table};

/// List, show, restore and remove snapshots of what calls changed in folders
///
/// A snapshot is taken before a call that may change folders, where gate.snapshots says so or
/// `invoke --snapshot` asks for it. It is put back by itself when the call does not go well; when it
/// went well, it is kept for gate.snapshot_keep_s seconds.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host snapshots list\n  ares-host snapshots restore 01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d --dry-run\n  ares-host snapshots restore 01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d --yes"
)]
pub(crate) struct Snapshots {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Those that are there, oldest first
    List {
        /// Also those that are not there any more
        #[arg(long)]
        all: bool,
    },
    /// Everything about one of them
    Show {
        /// The invocation it was taken for
        id: String,
    },
    /// Bring the folders back to what they were before the call
    Restore {
        /// The invocation it was taken for
        id: String,
        /// Only say what that would change
        #[arg(long)]
        dry_run: bool,
        /// Do it without asking
        #[arg(long, conflicts_with = "dry_run")]
        yes: bool,
    },
    /// Forget one
    Rm {
        /// The invocation it was taken for
        id: String,
    },
}

impl Snapshots {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let wish = match self.action {
            Action::List { all } => return list(context, all).await,
            Action::Restore { id, dry_run, yes } => return restore(context, id, (dry_run, yes)).await,
            Action::Show { id } => SnapshotWish::Show { id },
            Action::Rm { id } => SnapshotWish::Remove { id },
        };
        let answer = context.operate(Operation::Snapshots { wish }).await?;
        context.screen.show(&answer, record::render)?;
        Ok(ExitStatus::Done)
    }
}

async fn list(context: &Context, all: bool) -> Result<ExitStatus, Failure> {
    let wish = SnapshotWish::List { all };
    let answer = context.operate(Operation::Snapshots { wish }).await?;
    context.screen.show(&answer, |answer| {
        let columns = [
            ("TAKEN", "at_ms"),
            ("ID", "id"),
            ("STATE", "state"),
            ("CAPABILITY", "capability"),
            ("PLUGIN", "plugin"),
            ("OBJECTS", "objects"),
            ("BYTES", "bytes"),
        ];
        table::records(answer, &columns, "there are no snapshots")
    })?;
    Ok(ExitStatus::Done)
}

async fn restore(context: &Context, id: String, (dry_run, yes): (bool, bool)) -> Result<ExitStatus, Failure> {
    let restore = |dry_run| Operation::Snapshots { wish: SnapshotWish::Restore { id: id.clone(), dry_run } };
    if !yes {
        let answer = context.operate(restore(true)).await?;
        if dry_run {
            context.screen.show(&answer, would)?;
            return Ok(ExitStatus::Done);
        }
        if !context.screen.asks {
            let why = "restoring changes files: say --yes, or --dry-run to see what would change";
            return Err(Failure::input("not-confirmed", why));
        }
        context.screen.note(would(&answer).trim_end());
        let said = context.screen.ask("Bring the folders back to this? [y/N]").unwrap_or_default();
        if !matches!(said.to_lowercase().as_str(), "y" | "yes") {
            return Err(Failure::input("not-confirmed", "nothing was changed"));
        }
    }
    let answer = context.operate(restore(false)).await?;
    context.screen.show(&answer, |answer| format!("{}\n", snapshot::counts(answer)))?;
    Ok(if field::number(&answer, "failed") == 0 { ExitStatus::Done } else { ExitStatus::Failed })
}

/// What putting it back would change.
fn would(answer: &Value) -> String {
    let mut text = String::new();
    for change in field::at(answer, "changes").as_array().into_iter().flatten() {
        text.push_str(&format!("would {}\n", field::plain(change)));
    }
    text.push_str(&format!("that is {}\n", snapshot::counts(answer)));
    let later = field::number(answer, "later");
    if later > 0 {
        let calls = field::count(later, "later call");
        text.push_str(&format!(
            "{calls} of the same plugin may have changed something, too; that goes with it\n"
        ));
    }
    text
}
