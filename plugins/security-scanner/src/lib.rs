//! Looks for secrets, dangerous shell and Unicode tricks in the granted folder. It only reads.
use std::{collections::BTreeMap, path::Path};

use ares_sdk::{Context, Failure, progress};

mod mask;
mod rules;
mod scan;
mod unicode;
mod walk;

#[cfg(test)]
mod tests;

use scan::Scanner;
use walk::Walk;

/// The granted folder, as the host shows it to this plugin.
const ROOT: &str = "/target";
/// How many findings one answer holds unless the caller asks for less.
const MAX_FINDINGS: usize = 500;

/// What to scan.
#[ares_sdk::data]
pub struct Scope {
    /// A folder or file inside the granted folder; the whole folder unless given.
    #[serde(default = "everything")]
    path: String,
    /// Stop after so many findings, 500 unless said otherwise.
    #[schemars(range(min = 1, max = 500))]
    max_findings: Option<u32>,
}

/// Everything that was found, and what was not looked at.
#[ares_sdk::data]
pub struct Report {
    /// What was scanned, relative to the granted folder.
    path: String,
    /// The findings, by file and line.
    findings: Vec<Finding>,
    /// How many findings of each severity.
    counts: BTreeMap<Severity, u32>,
    /// How many files were read.
    files: u32,
    /// How many bytes they hold.
    bytes: u64,
    /// What was passed over, and how often.
    skipped: Skipped,
    /// Why the scan ended early, one sentence per reason; empty when everything was looked at.
    cut: Vec<String>,
}

/// One place that deserves a look.
#[ares_sdk::data]
pub struct Finding {
    /// The file, relative to the granted folder.
    file: String,
    /// The line, counted from 1.
    line: u32,
    /// The rule that fired.
    rule: String,
    /// How bad it would be.
    severity: Severity,
    /// What it means and what to do.
    message: String,
    /// The place itself: secrets masked, invisible characters spelt out, cut to 160 characters.
    excerpt: String,
}

/// How bad a finding is if it is true.
#[ares_sdk::data]
#[derive(PartialEq, Eq, PartialOrd, Ord, Copy)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Act now: revoke, remove.
    Critical,
    /// Likely harmful.
    High,
    /// Worth a look.
    Medium,
    /// Good to know.
    Low,
}

/// What was passed over.
#[ares_sdk::data]
#[derive(Default)]
pub struct Skipped {
    /// Files that are not text.
    binary: u32,
    /// Files over 1 MiB.
    too_large: u32,
    /// Files and folders that could not be read.
    unreadable: u32,
    /// Symbolic links, which are never followed.
    links: u32,
    /// Folders of version control, dependencies and build output: the first 50.
    folders: Vec<String>,
    /// How many such folders there were.
    folders_in_all: u32,
}

fn everything() -> String {
    ".".to_owned()
}

/// Scans the granted folder, or a part of it, for secrets (keys, tokens, passwords), dangerous
/// shell commands and Unicode tricks (hidden or reordered text). Reads only; secrets are masked
/// in the answer.
#[ares_sdk::capability(effect = "read")]
pub fn scan_folder(input: Scope, context: &Context) -> Result<Report, Failure> {
    scan_below(Path::new(ROOT), &input, context)
}

ares_sdk::plugin!(scan_folder);

fn scan_below(root: &Path, scope: &Scope, context: &Context) -> Result<Report, Failure> {
    let scanner = Scanner::new()?;
    let limit = scope.max_findings.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(MAX_FINDINGS);
    let mut findings = Vec::new();
    let mut walk = Walk::new(root, &scope.path, context.remaining_ms)?;
    while let Some((file, text)) = walk.next_text() {
        progress::report(walk.files.into(), None, &file);
        scanner.scan(&file, &text, &mut findings);
        if findings.len() > limit {
            findings.truncate(limit);
            walk.stop(format!("the limit of {limit} findings is reached; scan a smaller part"));
        }
    }
    let mut counts = BTreeMap::new();
    for finding in &findings {
        *counts.entry(finding.severity).or_default() += 1;
    }
    let path = scope.path.clone();
    Ok(Report {
        path,
        findings,
        counts,
        files: walk.files,
        bytes: walk.bytes,
        skipped: walk.skipped,
        cut: walk.cut,
    })
}
