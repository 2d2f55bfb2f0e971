//! Any JSON Schema as the object schema MCP wants.
//!
//! Until protocol 2025-11-25 the schemas of a tool must be of type `object`, for input and output.
//! So that a tool looks the same to every client, that holds in all versions here: an output that
//! may be something else is wrapped as `{"result": …}`.

use serde_json::{Map, Value, json};

/// The one property of a wrapped output.
pub(super) const RESULT: &str = "result";

/// The schema as one for arguments, which are always an object. Nothing when no object can match.
pub(super) fn arguments(schema: Value) -> Option<Map<String, Value>> {
    let mut schema = match schema {
        Value::Object(schema) => schema,
        Value::Bool(true) => Map::new(),
        Value::Null | Value::Bool(false) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return None;
        }
    };
    let may_be_object = match schema.get("type") {
        None => true,
        Some(Value::Array(types)) => types.iter().any(|name| name == "object"),
        Some(name) => name == "object",
    };
    schema.insert("type".to_owned(), "object".into());
    may_be_object.then_some(schema)
}

/// The schema as one for structured content, and whether that meant to wrap it.
pub(super) fn output(schema: Value) -> (Map<String, Value>, bool) {
    match schema {
        Value::Object(schema) if schema.get("type").is_some_and(|name| name == "object") => (schema, false),
        mut inner => {
            if let Value::Object(inner) = &mut inner {
                inner.remove("$schema");
            }
            moved(&mut inner, Place::Schema);
            let mut outer = Map::new();
            outer.insert("type".to_owned(), "object".into());
            outer.insert("properties".to_owned(), json!({ RESULT: inner }));
            outer.insert("required".to_owned(), json!([RESULT]));
            outer.insert("additionalProperties".to_owned(), false.into());
            (outer, true)
        }
    }
}

/// What the keys of an object are.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Keywords of a schema.
    Schema,
    /// Names somebody chose, each with a schema.
    Names,
}

/// Makes references point to where the schema is after wrapping.
fn moved(value: &mut Value, place: Place) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match (place, key.as_str(), value) {
                    (Place::Schema, "$ref" | "$dynamicRef", Value::String(target)) => {
                        if let Some(pointer) = pointer(target) {
                            *target = format!("#/properties/{RESULT}{pointer}");
                        }
                    }
                    // Plain data, whatever it looks like.
                    (Place::Schema, "const" | "enum" | "default" | "examples", _) => {}
                    (
                        Place::Schema,
                        "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas",
                        value,
                    ) => moved(value, Place::Names),
                    (_, _, value) => moved(value, Place::Schema),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| moved(item, Place::Schema)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The JSON pointer of a reference into the schema itself. Anchors have none and need no change.
fn pointer(target: &str) -> Option<&str> {
    target.strip_prefix('#').filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_objects() {
        let open = arguments(json!({"properties": {"a": {}}})).unwrap();
        assert_eq!(Value::Object(open), json!({"type": "object", "properties": {"a": {}}}));
        let either = arguments(json!({"type": ["null", "object"]})).unwrap();
        assert_eq!(either["type"], "object");
        assert_eq!(arguments(json!(true)).unwrap()["type"], "object");
        for never in [json!({"type": "string"}), json!({"type": ["null", "array"]}), json!(false), json!(3)] {
            assert_eq!(arguments(never.clone()), None, "{never}");
        }
    }

    #[test]
    fn objects_stay_and_the_rest_is_wrapped() {
        let object = json!({"type": "object", "$ref": "#/$defs/a"});
        assert_eq!(output(object.clone()), (object.as_object().unwrap().clone(), false));
        for other in [json!({"type": "array"}), json!({}), json!(true), json!({"type": ["object", "null"]})] {
            let (wrapped, was) = output(other.clone());
            assert!(was, "{other}");
            assert_eq!(wrapped["properties"][RESULT], other);
            assert_eq!(wrapped["type"], "object");
        }
    }

    #[test]
    fn references_move_with_their_schema_and_data_stays() {
        let (wrapped, _) = output(json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "array",
            "items": {"anyOf": [{"$ref": "#/$defs/n"}, {"$ref": "#"}, {"$ref": "#anchor"}]},
            "const": {"$ref": "#/data"},
            "$defs": {"n": {"type": "integer"}, "const": {"$ref": "#/$defs/n"}},
        }));
        assert_eq!(
            wrapped["properties"]["result"],
            json!({
                "type": "array",
                "items": {"anyOf": [
                    {"$ref": "#/properties/result/$defs/n"},
                    {"$ref": "#/properties/result"},
                    {"$ref": "#anchor"}
                ]},
                "const": {"$ref": "#/data"},
                "$defs": {"n": {"type": "integer"}, "const": {"$ref": "#/properties/result/$defs/n"}},
            })
        );
    }
}
