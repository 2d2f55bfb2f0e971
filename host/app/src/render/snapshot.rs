//! Snapshots, for people: what is foreseen, what became of one, what putting one back changes.

use serde_json::Value;

use super::field;

/// What a verdict foresees.
#[must_use]
pub(crate) fn foreseen(foreseen: &Value) -> String {
    let planned = *field::at(foreseen, "planned") == Value::Bool(true);
    let what = if planned { "of the folders it may change" } else { "none" };
    let beyond = foreseen.get("beyond").map_or_else(String::new, |text| format!("; {}", field::plain(text)));
    format!("{what}: {}{beyond}", field::text(foreseen, "why"))
}

/// What became of the snapshot of a call, in one line.
#[must_use]
pub(crate) fn line(outcome: &Value) -> Option<String> {
    let snapshot = outcome.get("snapshot")?;
    let (state, id) = (field::text(snapshot, "state"), field::text(outcome, "id"));
    let mut line = match state.as_str() {
        "kept" => format!(
            "kept: {} ({} bytes); `ares-host snapshots restore {id}` takes back what it changed",
            field::count(field::number(snapshot, "objects"), "object"),
            field::number(snapshot, "bytes")
        ),
        "restored" if field::number(snapshot, "put_back") + field::number(snapshot, "removed") == 0 => {
            "it had changed nothing in folders".to_owned()
        }
        "restored" => format!("what it changed in folders was taken back: {}", counts(snapshot)),
        "partly" => format!(
            "what it changed in folders was taken back in part: {}; `ares-host snapshots restore {id}` tries again",
            counts(snapshot)
        ),
        "withheld" => {
            format!("what it changed in folders was not taken back: {}", field::text(snapshot, "why"))
        }
        _ => format!("none was taken: {}", field::text(snapshot, "why")),
    };
    let requests = field::number(snapshot, "requests");
    if requests > 0 {
        line.push_str(&format!("; what was sent stays sent ({})", field::count(requests, "request")));
    }
    let left_out = field::at(snapshot, "left_out").as_array().map_or(0, Vec::len);
    if left_out > 0 {
        line.push_str(&format!("; not in it: {}", field::text(snapshot, "left_out")));
    }
    Some(line)
}

/// How much was put back.
#[must_use]
pub(crate) fn counts(done: &Value) -> String {
    let number = |at| field::number(done, at);
    let failed = match number("failed") {
        0 => String::new(),
        failed => format!(", {failed} not brought back ({})", field::text(done, "failures")),
    };
    format!(
        "{} put back, {} removed, {} left as they were{failed}",
        number("put_back"),
        number("removed"),
        number("unchanged")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_end_is_said_in_one_line() {
        let of = |snapshot: Value| line(&json!({ "id": "0199", "snapshot": snapshot })).unwrap();
        let restored =
            json!({ "state": "restored", "put_back": 1, "removed": 2, "unchanged": 3, "requests": 1 });
        assert_eq!(
            of(restored),
            "what it changed in folders was taken back: 1 put back, 2 removed, 3 left as they were; what was sent stays sent (1 request)"
        );
        let untouched = json!({ "state": "restored", "put_back": 0, "removed": 0, "unchanged": 3 });
        assert_eq!(of(untouched), "it had changed nothing in folders");
        let none = json!({ "state": "none", "why": "too much" });
        assert_eq!(of(none), "none was taken: too much");
        let partly = json!({ "state": "partly", "put_back": 0, "removed": 0, "unchanged": 0, "failed": 1,
            "failures": ["`work:a`: no room"] });
        assert!(
            of(partly).contains("1 not brought back (`work:a`: no room); `ares-host snapshots restore 0199`")
        );
        assert_eq!(line(&json!({ "id": "0199" })), None);
    }
}
