//! A verdict for people: header, five steps with their findings, the sum, and what can be done.

use serde_json::Value;

use super::field;

/// The verdict of a call, as `explain` answers it.
#[must_use]
pub(crate) fn render(answer: &Value) -> String {
    let rehearsed = if answer.get("rehearsal").is_some() { "REHEARSAL: " } else { "" };
    let mut out = format!("{rehearsed}{}\n", field::text(answer, "header"));
    let mut line = |name: &str, text: String| out.push_str(&format!("{name:<11} {text}\n"));
    line("invocation", field::text(answer, "id"));
    let caller = (field::text(answer, "/request/caller/kind"), field::text(answer, "/request/caller/name"));
    line("request", format!("{} by {}:{}", field::text(answer, "/request/capability"), caller.0, caller.1));
    if answer.get("plugin").is_some_and(Value::is_object) {
        let (name, version) = (field::text(answer, "/plugin/name"), field::text(answer, "/plugin/version"));
        line("plugin", format!("{name} {version}, blake3 {}", field::text(answer, "/plugin/blake3")));
        line("effect", field::text(answer, "effect"));
    }
    line("checks", format!("passed {}", field::text(answer, "checks_passed")));
    if answer.get("refused_by").is_some() {
        line("refused by", field::text(answer, "refused_by"));
    }
    if answer.get("error").is_some_and(Value::is_object) {
        line(
            "said",
            format!("{}: {}", field::text(answer, "/error/code"), field::text(answer, "/error/message")),
        );
    }
    if answer.get("approval").is_some() {
        line("approval", field::text(answer, "approval"));
    }
    if let Some(foreseen) = answer.get("snapshot") {
        line("snapshot", super::snapshot::foreseen(foreseen));
    }
    if let Some(judged) = answer.get("judged") {
        out.push_str(&steps(judged));
    }
    for attempt in field::at(answer, "attempts").as_array().into_iter().flatten() {
        let (id, code) = (field::text(attempt, "id"), field::text(attempt, "code"));
        out.push_str(&format!("  attempt {id} ended in {code}: {}\n", field::text(attempt, "message")));
    }
    for option in field::at(answer, "options").as_array().into_iter().flatten() {
        out.push_str(&format!("  {}\n", field::plain(option)));
    }
    out
}

fn steps(judged: &Value) -> String {
    let mut out = String::new();
    let mut line = |name: &str, text: String| out.push_str(&format!("{name:<11} {text}\n"));
    line("depth", format!("{}: {}", field::text(judged, "depth"), field::text(judged, "depth_reason")));
    let rule = match judged.pointer("/policy/rule") {
        Some(Value::String(rule)) => format!("rule {}: ", ares_kernel::text::escaped(rule, 128)),
        _ => String::new(),
    };
    let policy = (field::text(judged, "/policy/stance"), field::text(judged, "/policy/reason"));
    line("policy", format!("{} ({rule}{})", policy.0, policy.1));
    for step in field::at(judged, "steps").as_array().into_iter().flatten() {
        let mark = match step.get("mark").and_then(Value::as_str) {
            Some("yes") => '\u{2713}',
            Some("caveat") => '\u{26a0}',
            _ => '?',
        };
        out.push_str(&format!("{mark} {:<10} {}\n", field::text(step, "name"), field::text(step, "text")));
        for finding in field::at(step, "findings").as_array().into_iter().flatten() {
            out.push_str(&finding_line(finding));
        }
    }
    out
}

fn finding_line(finding: &Value) -> String {
    let evidence = field::at(finding, "evidence").as_array().into_iter().flatten();
    let evidence: Vec<String> =
        evidence.map(|row| format!("{} {}", field::text(row, "table"), field::text(row, "key"))).collect();
    let sort = if *field::at(finding, "warning") == Value::Bool(true) { "warning" } else { "note" };
    let shown = if evidence.is_empty() { String::new() } else { format!(" [{}]", evidence.join("; ")) };
    format!("            {} {sort}: {}{shown}\n", field::text(finding, "id"), field::text(finding, "text"))
}
