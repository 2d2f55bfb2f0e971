//! Composes one report on a project from what two other plugins answer.
use std::collections::BTreeMap;

use ares_sdk::{Failure, call, log};

mod page;
#[cfg(test)]
mod tests;

/// How many findings the report repeats, worst first.
const SHOWN: usize = 10;

/// What to report on.
#[ares_sdk::data]
pub struct Project {
    /// A folder inside the scanner's granted folder; the whole folder unless given.
    #[serde(default = "everything")]
    path: String,
    /// What people say about the project, for instance a status update, in English.
    #[schemars(length(min = 1, max = 100_000))]
    text: String,
}

/// The report.
#[ares_sdk::data]
pub struct Report {
    /// The conclusion.
    verdict: Verdict,
    /// What the scanner found; null when it gave no answer.
    security: Option<Security>,
    /// What the text sounds like; null when the analysis gave no answer.
    mood: Option<Mood>,
    /// Parts that are missing, and why.
    missing: Vec<Missing>,
    /// The same for a person, as Markdown.
    markdown: String,
}

/// The conclusion, from the worse of the two halves.
#[ares_sdk::data]
#[derive(PartialEq, Copy)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No serious finding, and the text is not negative.
    Good,
    /// Something deserves a look, or a part of the report is missing.
    Attention,
    /// A critical finding.
    Alarm,
}

/// The scanner's answer, as far as the report needs it.
#[ares_sdk::data(open)]
pub struct Security {
    /// How many findings of each severity.
    counts: BTreeMap<String, u32>,
    /// How many files were read.
    files: u32,
    /// Why the scan ended early, if it did.
    cut: Vec<String>,
    /// The worst findings, at most ten.
    findings: Vec<Finding>,
}

/// One finding of the scanner.
#[ares_sdk::data(open)]
pub struct Finding {
    /// The file.
    file: String,
    /// The line, counted from 1.
    line: u32,
    /// The rule that fired.
    rule: String,
    /// `critical`, `high`, `medium` or `low`.
    severity: String,
}

/// The sentiment's answer, as far as the report needs it.
#[ares_sdk::data(open)]
pub struct Mood {
    /// `positive`, `neutral` or `negative`.
    label: String,
    /// From -1 to 1.
    compound: f64,
}

/// A part that is missing.
#[ares_sdk::data]
pub struct Missing {
    /// The capability that gave no answer.
    capability: String,
    /// Why.
    reason: String,
}

#[ares_sdk::data]
struct ScanInput {
    path: String,
}

#[ares_sdk::data]
struct TextInput {
    text: String,
}

fn everything() -> String {
    ".".to_owned()
}

/// Reports on a project: scans its folder for security problems, judges the mood of a text about
/// it, and draws one conclusion. A half that cannot be had is named as missing.
#[ares_sdk::capability(effect = "read")]
pub fn project_report(input: Project) -> Result<Report, Failure> {
    let mut missing = Vec::new();
    let mut security: Option<Security> =
        ask("scan_folder", &ScanInput { path: input.path.clone() }, &mut missing);
    let mood: Option<Mood> = ask("analyze_sentiment", &TextInput { text: input.text }, &mut missing);
    if security.is_none() && mood.is_none() {
        let reasons: Vec<_> =
            missing.iter().map(|part| format!("{}: {}", part.capability, part.reason)).collect();
        return Err(Failure::new("nothing-to-report", reasons.join("; ")));
    }
    if let Some(security) = &mut security {
        security.findings.sort_by_key(|finding| rank(&finding.severity));
        security.findings.truncate(SHOWN);
    }
    let verdict = verdict(security.as_ref(), mood.as_ref());
    let markdown = page::markdown(&input.path, verdict, security.as_ref(), mood.as_ref(), &missing);
    Ok(Report { verdict, security, mood, missing, markdown })
}

ares_sdk::plugin!(project_report);

/// Another plugin's answer, or a note that it is missing.
fn ask<In, Out>(capability: &str, input: &In, missing: &mut Vec<Missing>) -> Option<Out>
where
    In: ares_sdk::serde::Serialize,
    Out: ares_sdk::serde::de::DeserializeOwned,
{
    match call::invoke(capability, input) {
        Ok(answer) => Some(answer),
        Err(error) => {
            log::warn!("no answer from {capability}: {error}");
            missing.push(Missing { capability: capability.to_owned(), reason: error.to_string() });
            None
        }
    }
}

/// The severities, worst first; an unknown one comes last.
fn rank(severity: &str) -> usize {
    let known = ["critical", "high", "medium", "low"];
    known.iter().position(|name| *name == severity).unwrap_or(known.len())
}

fn verdict(security: Option<&Security>, mood: Option<&Mood>) -> Verdict {
    let (Some(security), Some(mood)) = (security, mood) else {
        let critical = security.is_some_and(|security| has(security, "critical"));
        return if critical { Verdict::Alarm } else { Verdict::Attention };
    };
    if has(security, "critical") {
        Verdict::Alarm
    } else if has(security, "high") || !security.cut.is_empty() || mood.label == "negative" {
        Verdict::Attention
    } else {
        Verdict::Good
    }
}

fn has(security: &Security, severity: &str) -> bool {
    security.counts.get(severity).is_some_and(|count| *count > 0)
}
