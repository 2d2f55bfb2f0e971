//! `plugin lint`: what is wrong with a plugin's manifest, and what could be better.

use std::path::{Path, PathBuf};

use ares_registry::bundle::MANIFEST_NAME;
use ares_registry::manifest::Manifest;
use ares_registry::manifest::lint::{self, Severity};
use serde_json::{Value, json};

use crate::cli::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, table};
use crate::text_file;

/// Look over the manifests of plugin folders: mistakes, secrets in plain sight, missing documents
///
/// Nothing is built or run. Ends with 1 when there is an error; warnings alone end with 0.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ares-host plugin lint plugins/*")]
pub(super) struct Lint {
    /// Folders with a plugin.toml
    #[arg(required = true)]
    folders: Vec<PathBuf>,
}

impl Lint {
    pub(super) fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let mut findings = Vec::new();
        for folder in &self.folders {
            findings.extend(look_over(folder)?);
        }
        let broken = findings.iter().any(|finding| *field::at(finding, "severity") == "error");
        let answer = Value::Array(findings);
        let looked_at = field::count(self.folders.len() as u64, "plugin");
        context.screen.show(&answer, |answer| {
            let columns = [
                ("SEVERITY", "severity"),
                ("RULE", "rule"),
                ("FILE", "file"),
                ("LINE", "line"),
                ("FINDING", "message"),
            ];
            table::records(answer, &columns, &format!("nothing to say about {looked_at}"))
        })?;
        Ok(if broken { ExitStatus::Failed } else { ExitStatus::Done })
    }
}

fn look_over(folder: &Path) -> Result<Vec<Value>, Failure> {
    let path = folder.join(MANIFEST_NAME);
    let text = text_file::read(&path).map_err(|error| Failure::io("reading the manifest", &error))?;
    let finding = |severity: Severity, rule: &str, line: Option<usize>, message: &str| json!({"severity": severity, "rule": rule, "file": path.display().to_string(), "line": line, "message": message});
    Ok(match Manifest::parse(&text, &path) {
        Ok(manifest) => lint::lint(&manifest, &text, folder)
            .iter()
            .map(|lint| finding(lint.severity, lint.rule, lint.line, &lint.message))
            .collect(),
        Err(error) => error
            .problems()
            .iter()
            .map(|problem| finding(Severity::Error, "manifest", Some(problem.line), &problem.message))
            .collect(),
    })
}
