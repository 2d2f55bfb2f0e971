//! `verify`: are these the bytes that were registered, and the ones that were locked?

use std::path::PathBuf;

use ares_registry::lockfile::diff;
use ares_services::operation::Operation;
use serde_json::{Value, json};

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::locked;
use crate::render::field;
use crate::render::progress::Progress;

/// Compare every registered plugin with the bytes on disk; with --locked also with ares.lock
///
/// Looks at the host's own copy of each component and, where it is still there, at the folder it
/// was registered from. Ends with 12 and names each difference, expected and actual.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ares-host verify
  ares-host verify --locked
  ares-host verify --locked --plugins ./target/guests    (in CI, without a state directory)")]
pub(crate) struct Verify {
    /// Compare with the lock file, too
    #[arg(long)]
    locked: bool,
    /// The lock file
    #[arg(long, value_name = "FILE", default_value = "ares.lock", requires = "locked")]
    lock: PathBuf,
    /// Compare the plugin folders under this folder with the lock file, without any registry
    #[arg(long, value_name = "DIR", requires = "locked")]
    plugins: Option<PathBuf>,
}

impl Verify {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let written = if self.locked { Some(locked::read(&self.lock)?) } else { None };
        let _progress = Progress::start(context.screen.progress, "comparing".to_owned());
        if let (Some(written), Some(folder)) = (&written, &self.plugins) {
            let current = locked::from_folders(folder, written)?;
            return report(
                context,
                json!({"checked": current.entries().count(), "drift": diff(written, &current)}),
            );
        }
        let session = context.session().await?;
        let answers = async {
            let verified = session.operate(Operation::Verify).await?;
            let current = match &written {
                Some(_) => Some(locked::from_answer(&session.operate(Operation::Lock).await?)?),
                None => None,
            };
            Ok::<_, Failure>((verified, current))
        }
        .await;
        session.end().await;
        let (mut answer, current) = answers?;
        if let (Some(written), Some(current)) = (&written, &current) {
            let more = json!(diff(written, current));
            if let (Some(drift), Value::Array(more)) =
                (answer.get_mut("drift").and_then(Value::as_array_mut), more)
            {
                drift.extend(more);
            }
        }
        report(context, answer)
    }
}

/// Shows `{checked, drift}`; any drift is an integrity failure.
pub(super) fn report(context: &Context, answer: Value) -> Result<ExitStatus, Failure> {
    context.screen.show(&answer, |answer| {
        let checked = field::count(field::number(answer, "checked"), "plugin");
        let drift: String = field::at(answer, "drift")
            .as_array()
            .into_iter()
            .flatten()
            .map(|drift| line(drift) + "\n")
            .collect();
        if drift.is_empty() { format!("{checked} compared, no difference\n") } else { drift }
    })?;
    let clean = field::at(&answer, "drift").as_array().is_some_and(Vec::is_empty);
    if !clean {
        context.screen.note("error: what is there is not what was registered or locked");
    }
    Ok(if clean { ExitStatus::Done } else { ExitStatus::Integrity })
}

/// One difference in one line: the words the host gives, or the fields of a lock's difference.
fn line(drift: &Value) -> String {
    let text = |at| field::text(drift, at);
    let name = if drift.get("plugin").is_some() { text("plugin") } else { text("name") };
    match drift.get("drift").and_then(Value::as_str) {
        Some("missing") => format!("{name} {}: locked, but not there", text("version")),
        Some("extra") => format!("{name} {}: there, but not locked", text("version")),
        Some("changed") => {
            format!(
                "{name}: {} differs from the lock: expected {}, actual {}",
                text("field"),
                text("expected"),
                text("actual")
            )
        }
        _ => format!(
            "{name} {}: {} {}: expected {}, actual {}",
            text("version"),
            text("what"),
            text("path"),
            text("expected"),
            text("actual")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_difference_has_its_line() {
        for (drift, shown) in [
            (
                json!({"drift": "missing", "name": "notes", "version": "0.1.0"}),
                "notes 0.1.0: locked, but not there",
            ),
            (
                json!({"drift": "extra", "name": "notes", "version": "0.1.0"}),
                "notes 0.1.0: there, but not locked",
            ),
            (
                json!({"drift": "changed", "name": "notes", "field": "component", "expected": "aa", "actual": "bb"}),
                "notes: component differs from the lock: expected aa, actual bb",
            ),
            (
                json!({"plugin": "notes", "version": "0.1.0", "what": "copy", "path": "/s/aa.wasm", "expected": "aa", "actual": "bb"}),
                "notes 0.1.0: copy /s/aa.wasm: expected aa, actual bb",
            ),
        ] {
            assert_eq!(line(&drift), shown);
        }
    }
}
