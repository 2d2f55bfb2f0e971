//! The report for a person, as Markdown.
use std::fmt::Write;

use crate::{Missing, Mood, Security, Verdict};

/// Writes the page. File names come from the scanned folder, so they go into code spans.
pub(crate) fn markdown(
    path: &str,
    verdict: Verdict,
    security: Option<&Security>,
    mood: Option<&Mood>,
    missing: &[Missing],
) -> String {
    let conclusion = match verdict {
        Verdict::Good => "good",
        Verdict::Attention => "needs attention",
        Verdict::Alarm => "alarm",
    };
    let mut page = format!("# Report on {}\n\nConclusion: **{conclusion}**.\n", code(path));
    // Writing to a string cannot fail, so the results are dropped.
    if let Some(security) = security {
        let total: u32 = security.counts.values().sum();
        let _ = write!(page, "\n## Security\n\n{total} findings in {} files.\n\n", security.files);
        for finding in &security.findings {
            let place = code(&format!("{}:{}", finding.file, finding.line));
            let _ = writeln!(page, "- {}: {} at {place}", finding.severity, finding.rule);
        }
        for reason in &security.cut {
            let _ = writeln!(page, "- incomplete: {reason}");
        }
    }
    if let Some(mood) = mood {
        let _ = write!(page, "\n## Mood\n\n{} ({:.2}).\n", mood.label, mood.compound);
    }
    for part in missing {
        let _ = write!(page, "\nMissing: {} ({}).\n", code(&part.capability), code(&part.reason));
    }
    page
}

/// A code span: what is inside cannot end it, break the line or begin markup.
fn code(text: &str) -> String {
    let plain: String =
        text.chars().map(|letter| if letter.is_control() || letter == '`' { '\'' } else { letter }).collect();
    format!("`{plain}`")
}
