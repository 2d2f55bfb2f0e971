//! `--arg k=v`: typed by the capability's own schema, so that nobody has to quote JSON.

use std::collections::{BTreeMap, BTreeSet};

use ares_kernel::text::quoted;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// How deep `$ref` and combinations are followed.
const DEPTH_MAX: u32 = 16;

/// The input object these arguments mean under this schema.
///
/// `name=text` is read as the type the schema gives to `name`; a text stays as it is. `name:=JSON`
/// is JSON, whatever the schema says. A name that is given several times, or once for an array,
/// makes an array.
///
/// # Errors
/// When an argument is no `name=text`, cannot be what the schema wants, or is given twice for
/// something that takes one value.
pub(super) fn object(arguments: &[String], schema: &Value) -> Result<Value, Failure> {
    let mut given: BTreeMap<&str, Vec<Given<'_>>> = BTreeMap::new();
    for argument in arguments {
        let (name, text) = argument.split_once('=').ok_or_else(|| {
            let message = format!("--arg {} is not NAME=VALUE", quoted(argument, 100));
            Failure::input("bad-argument", message).hint("write `--arg name=value`, or `--arg name:=JSON`")
        })?;
        let (name, given_as) = match name.strip_suffix(':') {
            Some(name) => (name, Given::Json(text)),
            None => (name, Given::Text(text)),
        };
        given.entry(name).or_default().push(given_as);
    }
    let mut object = Map::new();
    for (name, values) in given {
        object.insert(name.to_owned(), member(name, &values, property(schema, name), schema)?);
    }
    Ok(Value::Object(object))
}

#[derive(Clone, Copy)]
enum Given<'a> {
    Text(&'a str),
    Json(&'a str),
}

fn member(name: &str, values: &[Given<'_>], wanted: &Value, root: &Value) -> Result<Value, Failure> {
    let types = types(wanted, root);
    let array = types.contains("array") && !types.contains("string");
    match values {
        [Given::Json(text)] => json(name, text),
        [single] if !array => one(name, *single, &types),
        several if array || types.contains("array") || types.is_empty() => {
            let items = self::types(resolved(wanted, root, 0).get("items").unwrap_or(&Value::Null), root);
            let values: Result<Vec<Value>, Failure> =
                several.iter().map(|value| one(name, *value, &items)).collect();
            values.map(Value::Array)
        }
        _ => {
            let message = format!("--arg {name} is given {} times and takes one value", values.len());
            Err(Failure::input("argument-twice", message))
        }
    }
}

fn one(name: &str, value: Given<'_>, types: &BTreeSet<&str>) -> Result<Value, Failure> {
    let text = match value {
        Given::Json(text) => return json(name, text),
        Given::Text(text) => text,
    };
    // Without a type that says otherwise a text is a text; the gate names what does not fit.
    if types.is_empty() || types.contains("string") {
        return Ok(Value::from(text));
    }
    let parsed = ares_kernel::json::parse(text).ok().filter(|value| types.contains(type_of(value, types)));
    parsed.ok_or_else(|| {
        let wanted: Vec<&str> = types.iter().copied().collect();
        let message = format!("--arg {name} takes {}, not {}", wanted.join(" or "), quoted(text, 100));
        Failure::input("argument-type", message)
    })
}

fn json(name: &str, text: &str) -> Result<Value, Failure> {
    ares_kernel::json::parse(text)
        .map_err(|error| Failure::input("argument-json", format!("--arg {name}:= is not JSON: {error}")))
}

fn type_of(value: &Value, wanted: &BTreeSet<&str>) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if wanted.contains("integer") && is_whole(number) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// JSON Schema's integers are the numbers without a fraction, `1.0` among them.
fn is_whole(number: &serde_json::Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn property<'a>(schema: &'a Value, name: &str) -> &'a Value {
    resolved(schema, schema, 0)
        .pointer("/properties")
        .and_then(|properties| properties.get(name))
        .unwrap_or(&Value::Null)
}

/// Follows `$ref` inside the document.
fn resolved<'a>(schema: &'a Value, root: &'a Value, depth: u32) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    match target.and_then(|pointer| root.pointer(pointer)) {
        Some(target) if depth < DEPTH_MAX => resolved(target, root, depth + 1),
        _ => schema,
    }
}

/// The types a schema allows by name; empty when it does not say.
fn types<'a>(schema: &'a Value, root: &'a Value) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    collect(schema, root, 0, &mut found);
    found
}

fn collect<'a>(schema: &'a Value, root: &'a Value, depth: u32, found: &mut BTreeSet<&'a str>) {
    if depth >= DEPTH_MAX {
        return;
    }
    let schema = resolved(schema, root, 0);
    match schema.get("type") {
        Some(Value::String(name)) => drop(found.insert(name)),
        Some(Value::Array(names)) => found.extend(names.iter().filter_map(Value::as_str)),
        _ => {}
    }
    let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let integer = BTreeSet::from(["integer"]);
    found.extend(listed.chain(schema.get("const")).map(|value| type_of(value, &integer)));
    for keyword in ["anyOf", "oneOf", "allOf"] {
        for inner in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
            collect(inner, root, depth + 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "type": "object",
            "$defs": {"level": {"type": "integer"}, "loop": {"$ref": "#/$defs/loop"}},
            "properties": {
                "text": {"type": "string"},
                "count": {"type": "integer"},
                "share": {"type": "number"},
                "deep": {"type": "boolean"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "sizes": {"type": "array", "items": {"type": "integer"}},
                "options": {"type": "object"},
                "maybe": {"type": ["integer", "null"]},
                "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                "level": {"$ref": "#/$defs/level"},
                "mode": {"enum": ["fast", "slow"]},
                "loop": {"$ref": "#/$defs/loop"},
                "any": {},
            },
        })
    }

    fn typed(arguments: &[&str]) -> Result<Value, String> {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        object(&arguments, &schema()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_schema_decides_what_a_text_means() {
        for (argument, expected) in [
            ("text=5", json!({"text": "5"})),
            ("text=", json!({"text": ""})),
            ("text=a=b", json!({"text": "a=b"})),
            ("count=5", json!({"count": 5})),
            ("count=-5", json!({"count": -5})),
            ("share=0.5", json!({"share": 0.5})),
            ("share=1", json!({"share": 1})),
            ("deep=true", json!({"deep": true})),
            ("tags=a", json!({"tags": ["a"]})),
            ("options={\"a\":1}", json!({"options": {"a": 1}})),
            ("maybe=null", json!({"maybe": null})),
            ("maybe=3", json!({"maybe": 3})),
            ("either=3", json!({"either": "3"})),
            ("level=3", json!({"level": 3})),
            ("mode=fast", json!({"mode": "fast"})),
            ("any=3", json!({"any": "3"})),
            ("loop=3", json!({"loop": "3"})),
            ("unknown=3", json!({"unknown": "3"})),
            ("text:=5", json!({"text": 5})),
            ("tags:=[\"x\"]", json!({"tags": ["x"]})),
            ("any:=null", json!({"any": null})),
        ] {
            assert_eq!(typed(&[argument]), Ok(expected), "{argument}");
        }
    }

    #[test]
    fn a_name_given_often_makes_an_array() {
        assert_eq!(typed(&["tags=a", "tags=b", "text=c"]), Ok(json!({"tags": ["a", "b"], "text": "c"})));
        assert_eq!(typed(&["sizes=1", "sizes=2"]), Ok(json!({"sizes": [1, 2]})));
        assert_eq!(typed(&["sizes=1", "sizes:=2"]), Ok(json!({"sizes": [1, 2]})));
        assert_eq!(typed(&["any=1", "any=2"]), Ok(json!({"any": ["1", "2"]})));
    }

    #[test]
    fn what_cannot_be_meant_is_an_error() {
        for (arguments, says) in [
            (&["count=five"][..], "--arg count takes integer, not `five`"),
            (&["count=1.5"], "--arg count takes integer, not `1.5`"),
            (&["deep=yes"], "--arg deep takes boolean, not `yes`"),
            (&["sizes=1", "sizes=x"], "--arg sizes takes integer, not `x`"),
            (&["count=1", "count=2"], "--arg count is given 2 times and takes one value"),
            (&["text:={"], "--arg text:= is not JSON"),
            (&["text"], "--arg `text` is not NAME=VALUE"),
            (&["options={\"a\":1,\"a\":2}"], "--arg options takes object"),
        ] {
            let error = typed(arguments).unwrap_err();
            assert!(error.starts_with(says), "{error}");
        }
    }
}
