//! What a manifest should not do although it may: secrets in plain sight, missing documents.

use std::fmt;
use std::path::Path;

use super::{Manifest, Problem, literals};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It should be better.
    Warning,
    /// It must not stay.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Lint {
    /// How bad.
    pub severity: Severity,
    /// A stable word for the rule.
    pub rule: &'static str,
    /// Where in the manifest, if it stands in one line of it.
    pub line: Option<usize>,
    /// What and where, and what to do. Never holds the value of a secret.
    pub message: String,
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}]: {}", self.rule, self.message)
    }
}

/// Lints a manifest, its text and the folder it stands in; errors first.
#[must_use]
pub fn lint(manifest: &Manifest, text: &str, folder: &Path) -> Vec<Lint> {
    let secret = |problem: Problem| Lint {
        severity: Severity::Error,
        rule: "literal-secret",
        line: Some(problem.line),
        message: problem.message,
    };
    let mut found: Vec<Lint> = literals::doubtful(text).into_iter().map(secret).collect();
    documents(manifest, folder, &mut found);
    unused_permissions(manifest, &mut found);
    found.sort_by_key(|lint| std::cmp::Reverse(lint.severity));
    found
}

fn warning(rule: &'static str, message: String) -> Lint {
    Lint { severity: Severity::Warning, rule, line: None, message }
}

fn documents(manifest: &Manifest, folder: &Path, found: &mut Vec<Lint>) {
    if !folder.join("README.md").is_file() {
        found.push(warning("no-readme", "there is no README.md beside the manifest".to_owned()));
    }
    if !folder.join("cases").is_dir() {
        found.push(warning(
            "no-cases",
            "there is no folder `cases` with inputs and the answers they should get".to_owned(),
        ));
    }
    for (key, text) in
        [("description", &manifest.description), ("author", &manifest.author), ("license", &manifest.license)]
    {
        if text.is_empty() {
            found.push(warning("no-identity", format!("`{key}` is missing")));
        }
    }
}

/// A permission that is asked of the operator for nothing. Hooks run with all of them.
fn unused_permissions(manifest: &Manifest, found: &mut Vec<Lint>) {
    if manifest.hooks.setup || manifest.hooks.teardown {
        return;
    }
    for scope in manifest.permissions.needable() {
        if !manifest.capabilities.iter().any(|capability| capability.needs.contains(&scope)) {
            found.push(warning(
                "unused-permission",
                format!("[permissions] asks for `{scope}`, but no capability needs it"),
            ));
        }
    }
}
