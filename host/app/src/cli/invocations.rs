//! `invocations`: the journal of calls.

use ares_services::operation::Operation;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, record, table};

/// Show the newest invocations, oldest first, or everything about one
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host invocations --capability scan_folder\n  ares-host invocations 01934f3e-7c1b-7b7e-9d5c-2f1f0a3b4c5d"
)]
pub(crate) struct Invocations {
    /// Only this one, with all that is known of it
    id: Option<String>,
    /// Only of this capability
    #[arg(long)]
    capability: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

impl Invocations {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let Self { id, capability, limit } = self;
        let one = id.is_some();
        let answer = context.operate(Operation::Invocations { id, capability, limit }).await?;
        context.screen.show(&answer, |answer| match answer.get(0) {
            Some(single) if one => record::render(single),
            _ => {
                let columns = [
                    ("TIME", "at_ms"),
                    ("ID", "id"),
                    ("CAPABILITY", "capability"),
                    ("PLUGIN", "plugin"),
                    ("CALLER", "caller"),
                    ("STATUS", "status"),
                    ("CODE", "code"),
                    ("DENIED", "/usage/denied"),
                ];
                let rows = answer.as_array().into_iter().flatten().map(marked).collect();
                table::records(&rows, &columns, "no invocations")
            }
        })?;
        Ok(ExitStatus::Done)
    }
}

/// The row, with a word where it was only a rehearsal.
fn marked(row: &Value) -> Value {
    let mut row = row.clone();
    if row.get("rehearsal").and_then(Value::as_bool) == Some(true) {
        let status = format!("{} (rehearsal)", field::text(&row, "status"));
        if let Some(row) = row.as_object_mut() {
            row.insert("status".to_owned(), status.into());
        }
    }
    row
}
