//! An analysis for people: a table for each section, then the findings in sentences.

use serde_json::Value;

use super::field;
use super::table::{self, Column};

/// How many rows of each section people are shown.
const SHOWN: usize = 50;

/// How many rows of evidence each finding is shown with.
const EVIDENCE_SHOWN: usize = 3;

/// The columns of each section that is a table.
const COLUMNS: &[(&str, &[Column])] = &[
    (
        "installation",
        &[
            ("PLUGIN", "plugin"),
            ("VERSION", "version"),
            ("TYPE", "type"),
            ("WORLD", "world"),
            ("ENABLED", "enabled"),
            ("BYTES", "component_bytes"),
            ("CAPABILITIES", "capabilities"),
            ("GRANTED", "granted"),
            ("NOT GRANTED", "not_granted"),
        ],
    ),
    ("shared", &[("CAPABILITY", "capability"), ("CLASHES", "clashes")]),
    (
        "history",
        &[
            ("CAPABILITY", "capability"),
            ("PLUGIN", "plugin"),
            ("USES", "uses"),
            ("GOOD", "good"),
            ("FAULTS", "faults"),
            ("CONTEXTS", "contexts"),
            ("DECISIONS", "decisions"),
        ],
    ),
    (
        "graph",
        &[
            ("FROM", "from"),
            ("NEEDS", "capability"),
            ("OF", "to"),
            ("GRANTED", "granted"),
            ("CALLS", "calls"),
        ],
    ),
    (
        "performance",
        &[
            ("CAPABILITY", "capability"),
            ("PLUGIN", "plugin"),
            ("CALLS", "calls"),
            ("P50 US", "p50_us"),
            ("P95 US", "p95_us"),
            ("P99 US", "p99_us"),
            ("FUEL P95", "fuel_p95"),
            ("MEMORY", "memory_max_bytes"),
        ],
    ),
    (
        "gate",
        &[
            ("CAPABILITY", "capability"),
            ("PLUGIN", "plugin"),
            ("SCORE", "score"),
            ("LEVEL", "level"),
            ("TIER", "tier"),
            ("WARNINGS", "warnings"),
            ("UNSAID", "unexplained"),
        ],
    ),
];

/// Every section.
#[must_use]
pub(crate) fn sections(answer: &Value) -> String {
    let looked = field::at(answer, "looked_at");
    let mut out = format!("{} invocations looked at\n", field::number(looked, "invocations"));
    for section in field::at(answer, "sections").as_array().into_iter().flatten() {
        out.push_str(&format!("\n{}. {}\n", field::text(section, "number"), field::text(section, "title")));
        for (name, value) in field::at(section, "summary").as_object().into_iter().flatten() {
            out.push_str(&format!("{}: {}\n", name.replace('_', " "), summary(value)));
        }
        let name = field::text(section, "name");
        match COLUMNS.iter().find(|(of, _)| *of == name) {
            Some((_, columns)) => out.push_str(&rows(section, columns)),
            None => out.push_str(&sentences(section)),
        }
    }
    out.push_str(&totals(answer));
    out
}

/// A value of a summary; of lists of records, how many.
fn summary(value: &Value) -> String {
    match value.as_array() {
        Some(records) if records.iter().any(Value::is_object) => records.len().to_string(),
        _ => field::plain(value),
    }
}

/// The analysis without its other sections.
#[must_use]
pub(crate) fn only_findings(mut answer: Value) -> Value {
    if let Some(sections) = answer.get_mut("sections").and_then(Value::as_array_mut) {
        sections.retain(|section| field::text(section, "name") == "findings");
    }
    answer
}

/// The findings alone.
#[must_use]
pub(crate) fn findings(answer: &Value) -> String {
    let sections = field::at(answer, "sections").as_array().into_iter().flatten();
    let found = sections.filter(|section| field::text(section, "name") == "findings");
    format!("{}{}", found.map(sentences).collect::<String>(), totals(answer))
}

fn rows(section: &Value, columns: &[Column]) -> String {
    let all = field::at(section, "rows").as_array().map(Vec::as_slice).unwrap_or_default();
    let first: Vec<Value> = all.iter().take(SHOWN).cloned().collect();
    let more = all.len().saturating_sub(SHOWN) as u64 + field::number(section, "rows_left_out");
    let mut out = table::records(&Value::Array(first), columns, "none\n");
    if more > 0 {
        out.push_str(&format!(
            "… and {}; --json shows up to 2,000 of a section\n",
            field::count(more, "more row")
        ));
    }
    out
}

fn sentences(section: &Value) -> String {
    let mut out = String::new();
    for finding in field::at(section, "rows").as_array().into_iter().flatten() {
        let text = |at| field::text(finding, at);
        let all = field::at(finding, "evidence").as_array().map(Vec::as_slice).unwrap_or_default();
        let shown = all.iter().take(EVIDENCE_SHOWN);
        let mut evidence: Vec<String> =
            shown.map(|row| format!("{} {}", field::text(row, "table"), field::text(row, "key"))).collect();
        if all.len() > EVIDENCE_SHOWN {
            evidence.push(format!("and {} more, see --json", all.len() - EVIDENCE_SHOWN));
        }
        out.push_str(&format!(
            "{:<6} {} {}: {}\n       evidence: {}\n       against it: {}\n       {}: {}\n",
            text("level"),
            text("id"),
            text("about"),
            text("text"),
            evidence.join("; "),
            text("counter_evidence"),
            text("recommendation"),
            text("action"),
        ));
    }
    if out.is_empty() { "nothing was found\n".to_owned() } else { out }
}

fn totals(answer: &Value) -> String {
    let found = field::at(answer, "findings");
    let number = |level| field::number(found, level);
    format!("\n{} HIGH, {} MEDIUM, {} LOW\n", number("HIGH"), number("MEDIUM"), number("LOW"))
}
