//! What a case expects of an answer.

use serde_json::Value;

/// What is expected is part of what there is: objects may have more, arrays match item by item,
/// `{"$contains": x}` wants one item that matches, `{"$contains": [x, y]}` one for each, numbers match
/// by value.
pub(super) fn matches(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(wanted), Value::Array(items)) => {
            let [(key, inner)] = wanted.iter().collect::<Vec<_>>()[..] else { return false };
            let wanted = inner.as_array().map_or(std::slice::from_ref(inner), Vec::as_slice);
            let is_there = |wanted| items.iter().any(|item| matches(wanted, item));
            key == "$contains" && wanted.iter().all(is_there)
        }
        (Value::Object(wanted), Value::Object(object)) => {
            wanted.iter().all(|(key, value)| object.get(key).is_some_and(|found| matches(value, found)))
        }
        (Value::Array(wanted), Value::Array(items)) => {
            wanted.len() == items.len() && wanted.iter().zip(items).all(|(a, b)| matches(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => expected == found,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;
    use serde_json::json;

    #[test]
    fn what_is_expected_is_part_of_what_there_is() {
        assert!(matches(&json!({"a": 1.0}), &json!({"a": 1, "b": 2})));
        assert!(matches(&json!({"a": [1, {"b": 2}]}), &json!({"a": [1, {"b": 2, "c": 3}]})));
        assert!(matches(&json!({"$contains": {"b": 2}}), &json!([1, {"b": 2, "c": 3}])));
        assert!(matches(&json!({"$contains": [3, {"b": 2}]}), &json!([{"b": 2}, 1, 3])));
        for (expected, found) in [
            (json!({"$contains": [1, 4]}), json!([1, 2])),
            (json!({"a": 1}), json!({"b": 1})),
            (json!([1]), json!([1, 2])),
            (json!({"$contains": 3}), json!([1, 2])),
            (json!({"other": 3}), json!([3])),
            (json!("1"), json!(1)),
            (json!(null), json!({})),
        ] {
            assert!(!matches(&expected, &found), "{expected} {found}");
        }
    }
}
