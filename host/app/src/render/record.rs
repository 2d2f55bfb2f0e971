//! One record: a name and a value a line.

use serde_json::Value;

use super::field;

/// What people look for first, in this order; everything else follows by name.
const FIRST: [&str; 10] = [
    "id",
    "plugin",
    "name",
    "display_name",
    "capability",
    "version",
    "type",
    "scope",
    "status",
    "description",
];

/// Every entry of an object as `name  value`. Lists of records and objects come last, as indented
/// blocks. What is no object is shown as it is.
#[must_use]
pub(crate) fn render(record: &Value) -> String {
    let mut out = String::new();
    write(record, 0, &mut out);
    out
}

fn write(record: &Value, indent: usize, out: &mut String) {
    let Some(object) = record.as_object() else {
        out.push_str(&format!("{:indent$}{}\n", "", field::plain(record)));
        return;
    };
    let width = object.keys().map(|key| key.chars().count()).max().unwrap_or_default();
    let mut entries: Vec<(&String, &Value)> = object.iter().collect();
    entries.sort_by_key(|(key, value)| (is_block(value), rank(key), *key));
    for (key, value) in entries {
        let shown = value.as_u64().filter(|_| is_time(key)).map(|at_ms| Value::from(field::time(at_ms)));
        let value = shown.as_ref().unwrap_or(value);
        let key = field::plain(&Value::String(key.clone()));
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push_str(&format!("{:indent$}{key}\n", ""));
                write(value, indent + 2, out);
            }
            Value::Object(_) => out.push_str(&format!("{:indent$}{key:width$}  -\n", "")),
            Value::Array(items) if items.iter().any(Value::is_object) => {
                out.push_str(&format!("{:indent$}{key}\n", ""));
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push('\n');
                    }
                    write(item, indent + 2, out);
                }
            }
            _ => out.push_str(&format!("{:indent$}{key:width$}  {}\n", "", field::plain(value))),
        }
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(inner) => !inner.is_empty(),
        Value::Array(items) => items.iter().any(Value::is_object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn rank(key: &str) -> usize {
    FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len())
}

/// Points in time end so; `timeout_ms` is a span.
fn is_time(key: &str) -> bool {
    key == "at_ms" || key == "ended_ms" || key == "last_health_check_ms" || key.ends_with("_at_ms")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nested_records() {
        let record = json!({"tags": ["a", "b"], "name": "notes", "grants": [{"scope": "kv"}, {"scope": "fs:x", "granted_at_ms": 0}], "limits": {"timeout_ms": 1}, "none": {}});
        insta::assert_snapshot!(render(&record), @r"
        name    notes
        none    -
        tags    a, b
        grants
          scope  kv

          scope          fs:x
          granted_at_ms  1970-01-01T00:00:00.000Z
        limits
          timeout_ms  1
        ");
    }
}
