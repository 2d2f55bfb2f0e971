//! What a rehearsal showed, for people: a line for each thing the call would have done.

use serde_json::Value;

use super::{field, outcome, table};

/// Effects, what was tried without a grant, what was left out, and the answer. Nothing for a call that
/// was not let in.
#[must_use]
pub(crate) fn render(outcome: &Value) -> String {
    let Some(rehearsal) = outcome.get("rehearsal") else { return String::new() };
    let effects = list(rehearsal, "effects");
    // Of a guest that broke nobody can say what it would not have done.
    let ended = matches!(outcome.get("status").and_then(Value::as_str), Some("ok" | "failed"));
    let mut text = match (effects.is_empty(), ended) {
        (true, true) => "it would change nothing\n".to_owned(),
        (true, false) => String::new(),
        (false, _) => {
            let headings = ["WOULD", "WHAT", "BYTES", "BY"].map(str::to_owned).to_vec();
            table::lines(headings, effects.iter().map(row))
        }
    };
    if field::number(rehearsal, "more") > 0 {
        text.push_str(&format!("and {} more\n", field::number(rehearsal, "more")));
    }
    for (at, what) in [("undeclared", "not granted"), ("left_out", "left out")] {
        for said in list(rehearsal, at) {
            text.push_str(&format!("{what}: {} ({})\n", field::text(said, "text"), by(said)));
        }
    }
    text.push_str(match rehearsal.get("decision").and_then(Value::as_str) {
        Some("ask" | "escalate") => "nothing of it was kept; a real call would wait for a person\n",
        _ => "nothing of it was kept\n",
    });
    if outcome.get("value").is_some() {
        text.push_str("\nit would answer\n");
        text.push_str(&outcome::value(outcome));
    }
    text
}

fn list<'a>(rehearsal: &'a Value, at: &str) -> &'a [Value] {
    rehearsal.get(at).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn row(effect: &Value) -> Vec<String> {
    let kind = field::text(effect, "kind");
    let text = |at| field::text(effect, at);
    let what = match kind.as_str() {
        "file" | "folder" => format!("{}:{}", text("folder"), text("path")),
        "kv" => text("key"),
        "request" => format!("{} {}", text("method"), text("origin")),
        _ => text("topic"),
    };
    let verb = match (kind.as_str(), text("change").as_str()) {
        ("request", _) => "send",
        ("event", _) => "publish",
        (_, "made") => "make",
        (_, "changed") => "change",
        (_, "removed") => "remove",
        _ => "set",
    };
    let thing = if kind == "kv" { "stored value" } else { kind.as_str() };
    vec![format!("{verb} {thing}"), what, text("bytes"), by(effect)]
}

fn by(one: &Value) -> String {
    format!("{} of {}", field::text(one, "capability"), field::text(one, "plugin"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_effect_is_a_line_and_moves_no_cursor() {
        let by = |mut effect: Value| {
            effect["plugin"] = json!("demo");
            effect["capability"] = json!("tidy");
            effect
        };
        let rehearsal = json!({
            "decision": "ask", "more": 2,
            "effects": [
                by(json!({"kind": "file", "change": "made", "folder": "out", "path": "a\u{1b}[2J", "bytes": 5})),
                by(json!({"kind": "folder", "change": "removed", "folder": "out", "path": "old"})),
                by(json!({"kind": "kv", "change": "set", "key": "k", "bytes": 1})),
                by(json!({"kind": "request", "method": "GET", "origin": "https://example.com", "bytes": 80})),
                by(json!({"kind": "event", "topic": "news.made", "bytes": 7})),
            ],
            "undeclared": [], "left_out": [by(json!({"text": "`out:pipe` was not there"}))],
        });
        insta::assert_snapshot!(render(&json!({"status": "ok", "value": {"n": 1}, "rehearsal": rehearsal})), @r#"
        WOULD             WHAT                     BYTES  BY
        make file         out:a\u{1b}[2J           5      tidy of demo
        remove folder     out:old                  -      tidy of demo
        set stored value  k                        1      tidy of demo
        send request      GET https://example.com  80     tidy of demo
        publish event     news.made                7      tidy of demo
        and 2 more
        left out: `out:pipe` was not there (tidy of demo)
        nothing of it was kept; a real call would wait for a person

        it would answer
        {
          "n": 1
        }
        "#);
        let nothing = json!({"decision": "execute", "effects": [], "undeclared": [], "left_out": []});
        insta::assert_snapshot!(render(&json!({"status": "failed", "rehearsal": nothing.clone()})), @r"
        it would change nothing
        nothing of it was kept
        ");
        let broke = render(&json!({"status": "fault", "rehearsal": nothing}));
        assert_eq!(
            (broke.as_str(), render(&json!({"status": "refused"}))),
            ("nothing of it was kept\n", String::new())
        );
    }
}
