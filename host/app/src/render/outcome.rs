//! The end of an invocation, for people: the value on standard output, everything else about it on
//! request.

use serde_json::Value;

use super::field;

/// The value of an outcome that is `ok`: a text as it is (escaped), everything else as JSON.
#[must_use]
pub(crate) fn value(outcome: &Value) -> String {
    outcome.get("value").map(field::pretty).unwrap_or_default()
}

/// Why there is no value, in one line.
#[must_use]
pub(crate) fn reason(outcome: &Value) -> String {
    let status = field::text(outcome, "status");
    let code = field::text(outcome, "/error/code");
    let message = field::text(outcome, "/error/message");
    let who = match outcome.pointer("/plugin/name") {
        Some(name) => format!("{} of {}", field::text(outcome, "capability"), field::plain(name)),
        None => field::text(outcome, "capability"),
    };
    let verb = match status.as_str() {
        "failed" => "answered with a failure",
        "refused" => "was refused",
        // Nothing of the plugin ran.
        "fault" if code == "busy" => "was not run",
        "fault" => "broke",
        _ => "gave no answer",
    };
    format!("{who} {verb} ({code}): {message}")
}

/// What came of a call beside its answer, and who else could have answered.
#[must_use]
pub(crate) fn explain(outcome: &Value) -> String {
    let mut out = String::new();
    let mut line = |name: &str, text: String| out.push_str(&format!("{name:<11} {text}\n"));
    let providers = outcome.pointer("/verdict/providers").and_then(Value::as_array);
    for (place, provider) in providers.into_iter().flatten().enumerate() {
        let (name, version) = (field::text(provider, "plugin"), field::text(provider, "version"));
        line(
            &format!("choice {}", place + 1),
            format!("{name} {version}: {}", field::text(provider, "reason")),
        );
    }
    line("status", field::text(outcome, "status"));
    if outcome.get("published").is_some() {
        line("published", field::count(field::number(outcome, "published"), "event"));
    }
    for flag in field::at(outcome, "flags").as_array().into_iter().flatten() {
        line(
            "flagged",
            format!(
                "{} ({}): {}",
                field::text(flag, "rule"),
                field::text(flag, "severity"),
                field::text(flag, "excerpt")
            ),
        );
    }
    if let Some(limit) = outcome.pointer("/error/limit") {
        let host = limit
            .get("host_key")
            .map_or_else(String::new, |key| format!(" (the most: the host's {})", field::plain(key)));
        line("limit", format!("{} = {}{host}", field::text(limit, "key"), field::text(limit, "value")));
    }
    if let Some(text) = super::snapshot::line(outcome) {
        line("snapshot", text);
    }
    line("usage", usage(outcome.get("usage").unwrap_or(&Value::Null)));
    out
}

fn usage(usage: &Value) -> String {
    let number = |at| field::number(usage, at);
    let (milli, micro) = (number("wall_us") / 1000, number("wall_us") % 1000);
    let cached = if usage.get("cached") == Some(&Value::Bool(true)) { ", from memory" } else { "" };
    let dropped = match number("log_lines_dropped") {
        0 => String::new(),
        lines => format!(", {lines} log lines not kept"),
    };
    let mut more = String::new();
    for (at, what) in [
        ("http_requests", "HTTP requests"),
        ("file_bytes_written", "bytes into files"),
        ("denied", "tries of what was not granted"),
    ] {
        if number(at) > 0 {
            more.push_str(&format!(", {} {what}", number(at)));
        }
    }
    if let Some(limit) = usage.get("file_limit").filter(|limit| !limit.is_null()) {
        more.push_str(&format!(", limit met: {}", field::plain(limit)));
    }
    format!(
        "{milli}.{micro:03} ms, {} fuel, {} KiB peak memory, {}{more}{dropped}{cached}",
        number("fuel"),
        number("peak_memory_bytes") >> 10,
        field::count(number("host_calls"), "host call"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_and_how_it_came_about() {
        let outcome = json!({
            "id": "0199", "status": "ok", "capability": "greet", "effect": "pure",
            "plugin": {"name": "echo", "version": "1.0.0", "blake3": "ab"},
            "value": {"text": "hi\u{1b}"},
            "published": 2,
            "usage": {"wall_us": 1042, "fuel": 77, "peak_memory_bytes": 131_072, "host_calls": 2, "cached": false},
            "verdict": {"decision": "execute", "passed": ["caller", "provider"],
                "providers": [{"plugin": "echo", "version": "1.0.0", "reason": "priority high"}]},
        });
        insta::assert_snapshot!(value(&outcome), @r#"
        {
          "text": "hi\u001b"
        }
        "#);
        insta::assert_snapshot!(explain(&outcome), @r"
        choice 1    echo 1.0.0: priority high
        status      ok
        published   2 events
        usage       1.042 ms, 77 fuel, 128 KiB peak memory, 2 host calls
        ");
    }

    #[test]
    fn the_reason_for_no_answer() {
        let refused = json!({"status": "refused", "capability": "scan",
            "error": {"check": "provider", "kind": "not-found", "code": "no-provider", "message": "no plugin offers `scan`"}});
        insta::assert_snapshot!(reason(&refused), @"scan was refused (no-provider): no plugin offers `scan`");
        let over = json!({"status": "fault", "error": {"limit": {"key": "fuel", "value": 5, "host_key": "limits.fuel"}},
            "usage": {"log_lines_dropped": 2}});
        let shown = explain(&over);
        assert!(shown.contains("limit       fuel = 5 (the most: the host's limits.fuel)\n"), "{shown}");
        assert!(shown.contains("2 log lines not kept"), "{shown}");
        let fault = json!({"status": "fault", "capability": "scan", "plugin": {"name": "x"},
            "error": {"code": "trap", "message": "unreachable"}});
        insta::assert_snapshot!(reason(&fault), @"scan of x broke (trap): unreachable");
    }
}
