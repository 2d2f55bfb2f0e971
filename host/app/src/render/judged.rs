//! How a plugin's capabilities stand with the gate after a change that lets them do more.

use serde_json::Value;

use super::field;

/// Why they were looked at closely, then each level with the capabilities that have it and what is to be known of
/// them. Nothing where they were not.
#[must_use]
pub(crate) fn text(answer: &Value) -> String {
    let judged = field::at(answer, "judged");
    if *field::at(judged, "depth") != "ultra" {
        return String::new();
    }
    let mut out = format!("looked at closely: {}\n", field::text(judged, "why"));
    for (confidence, alike) in levels(judged) {
        let names: Vec<String> = alike.iter().copied().map(name).collect();
        out.push_str(&format!("  {}: {confidence}\n", names.join(", ")));
        for one in alike {
            let capability = field::text(one, "capability");
            for missing in field::at(one, "unexplained").as_array().into_iter().flatten() {
                let missing = field::plain(missing);
                out.push_str(&format!("    {capability}: its manifest says nothing of {missing}\n"));
            }
            for finding in field::at(one, "findings").as_array().into_iter().flatten() {
                let (id, text) = (field::text(finding, "id"), field::text(finding, "text"));
                out.push_str(&format!("    {capability}: {id}: {text}\n"));
            }
        }
    }
    out
}

/// Capabilities of the same confidence, for the same sum, together; in the order of the first of each.
fn levels(judged: &Value) -> Vec<(String, Vec<&Value>)> {
    let mut levels: Vec<(String, Vec<&Value>)> = Vec::new();
    for one in field::at(judged, "capabilities").as_array().into_iter().flatten() {
        let confidence = format!("{} confidence, {}", field::text(one, "level"), field::text(one, "sum"));
        match levels.iter_mut().find(|(other, _)| *other == confidence) {
            Some((_, alike)) => alike.push(one),
            None => levels.push((confidence, vec![one])),
        }
    }
    levels
}

fn name(one: &Value) -> String {
    format!("{} ({})", field::text(one, "capability"), field::text(one, "effect"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn those_alike_share_a_line_and_what_is_to_be_known_has_its_own() {
        let one = |capability: &str, level: &str, findings: Value| {
            json!({
                "capability": capability, "effect": "write", "level": level, "sum": "5000 base = 5000",
                "unexplained": [], "findings": findings,
            })
        };
        let capabilities = [
            one("put", "medium", json!([])),
            one("wipe", "low", json!([{ "id": "C3", "text": "3 of the last 20 failed" }])),
            one("get", "medium", json!([])),
        ];
        let judged = json!({ "depth": "ultra", "why": "it asks for kv", "capabilities": capabilities });
        insta::assert_snapshot!(text(&json!({ "judged": judged })), @r"
        looked at closely: it asks for kv
          put (write), get (write): medium confidence, 5000 base = 5000
          wipe (write): low confidence, 5000 base = 5000
            wipe: C3: 3 of the last 20 failed
        ");
        assert_eq!(text(&json!({ "judged": { "depth": "full" } })), "");
        assert_eq!(text(&json!({ "plugin": "notes" })), "");
    }
}
