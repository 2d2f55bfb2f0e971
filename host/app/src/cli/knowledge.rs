//! `knowledge`: the documents the program carries.

use ares_registry::knowledge::{Document, KNOWLEDGE};
use clap::Subcommand;
use serde_json::{Value, json};

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::table;

/// Read the documents this program carries; nothing can change them
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ares-host knowledge list\n  ares-host knowledge show directives")]
pub(crate) struct Knowledge {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Which there are
    List,
    /// One of them
    Show {
        /// Its id
        id: String,
    },
}

impl Knowledge {
    pub(crate) fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self.action {
            Action::List => {
                let row = |document: &Document| json!({ "id": document.id, "title": document.title(), "bytes": document.text.len() });
                let rows: Vec<Value> = KNOWLEDGE.iter().map(row).collect();
                context.screen.show(&json!(rows), |rows| {
                    table::records(rows, &[("ID", "id"), ("TITLE", "title"), ("BYTES", "bytes")], "")
                })?;
            }
            Action::Show { id } => {
                let document = Document::of(&id).ok_or_else(|| {
                    let id = ares_kernel::text::quoted(&id, 80);
                    Failure::new(ExitStatus::NotFound, "no-document", format!("there is no document {id}"))
                        .hint("`ares-host knowledge list` shows those there are")
                })?;
                let answer = json!({ "id": document.id, "title": document.title(), "text": document.text });
                context.screen.show(&answer, |_| document.text.to_owned())?;
            }
        }
        Ok(ExitStatus::Done)
    }
}
