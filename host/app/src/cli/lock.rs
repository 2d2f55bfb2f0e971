//! `lock`: writes down which bytes stand behind every plugin.

use std::path::PathBuf;

use ares_registry::lockfile::diff;
use ares_services::operation::Operation;
use serde_json::{Value, json};

use super::{Context, verify};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::locked;
use crate::render::field;

/// Write ares.lock: name, version and hashes of every registered plugin, sorted
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ares-host lock\n  ares-host lock --check")]
pub(crate) struct Lock {
    /// The lock file
    #[arg(long, value_name = "FILE", default_value = "ares.lock")]
    lock: PathBuf,
    /// Write nothing; end with 12 when the file is not what would be written
    #[arg(long)]
    check: bool,
}

impl Lock {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        // A missing file needs no host to be noticed.
        let written = if self.check { Some(locked::read(&self.lock)?) } else { None };
        let current = locked::from_answer(&context.operate(Operation::Lock).await?)?;
        let plugins = current.entries().count();
        if let Some(written) = written {
            let drift = json!(diff(&written, &current));
            return verify::report(context, json!({"checked": plugins, "drift": drift}));
        }
        fs_err::write(&self.lock, current.to_text())
            .map_err(|error| Failure::io("writing the lock file", &error))?;
        let answer = json!({"file": self.lock.display().to_string(), "plugins": plugins});
        context.screen.show(&answer, |answer: &Value| {
            format!(
                "wrote {} with {}",
                field::text(answer, "file"),
                field::count(field::number(answer, "plugins"), "plugin")
            )
        })?;
        Ok(ExitStatus::Done)
    }
}
