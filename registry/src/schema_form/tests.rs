//! The short form and what it stands for.

use ares_kernel::facts::Schema;
use serde_json::{Value, json};

use super::*;

fn text(form: &Value) -> String {
    canonical(&expand(form).unwrap())
}

#[test]
fn a_table_becomes_a_closed_object() {
    let form = json!({"phone": "string", "count": "integer?", "tags": "string[]", "mode": "b|a|c"});
    assert_eq!(
        text(&form),
        concat!(
            r#"{"additionalProperties":false,"properties":{"count":{"type":"integer"},"#,
            r#""mode":{"enum":["a","b","c"],"type":"string"},"phone":{"type":"string"},"#,
            r#""tags":{"items":{"type":"string"},"type":"array"}},"required":["mode","phone","tags"],"type":"object"}"#
        )
    );
}

#[test]
fn every_expansion_is_a_schema_that_takes_and_refuses() {
    for (form, good, bad) in [
        (json!("string"), json!("x"), json!(1)),
        (json!("any"), json!([1]), Value::Null),
        (json!("integer[][]"), json!([[1], []]), json!([1])),
        (json!("a|b"), json!("a"), json!("c")),
        (json!({}), json!({}), json!({"x": 1})),
        (json!({"at": {"x": "number", "y": "number?"}}), json!({"at": {"x": 1.5}}), json!({"at": {"y": 1}})),
        (json!([{"n": "integer"}]), json!([{"n": 1}]), json!([{}])),
        (json!({"o": "object?", "b": "boolean"}), json!({"b": true}), json!({"o": {}})),
        (json!({"type": "array", "items": {"type": "string"}}), json!(["x"]), json!([1])),
        (json!({"m": {"enum": [1, 2]}}), json!({"m": 1}), json!({"m": 3})),
        (json!({"name": "string", "type": "a|b"}), json!({"name": "x", "type": "a"}), json!({"type": "a"})),
        (json!({"items": {"id": "string"}}), json!({"items": {"id": "x"}}), json!({"items": {"id": 1}})),
    ] {
        let schema = Schema::parse(&text(&form)).unwrap();
        schema.prepare().unwrap();
        assert_eq!(schema.check(&good, true), Ok(()), "{form}");
        assert!(bad.is_null() || schema.check(&bad, true).is_err(), "{form}");
    }
}

#[test]
fn what_is_no_form_names_its_place() {
    for (form, part) in [
        (json!({"a": {"b": "strnig"}}), "`a.b`: `strnig` is not a type"),
        (json!({"a": "string?[]"}), "is not a type"),
        (json!({"a": "a||b"}), "is not a type"),
        (json!({"a": "a|a"}), "is not a type"),
        (json!({"a": ""}), "is not a type"),
        (json!(format!("string{}", "[]".repeat(1000))), "is not a type"),
        (json!("string?"), "may be left out"),
        (json!(["string?"]), "may be left out"),
        (json!(["string", "string"]), "a list of 2"),
        (json!({"a": 1}), "found `1`"),
        (json!({"name": "string", "type": "string"}), "`name` is no JSON Schema keyword"),
    ] {
        let error = expand(&form).unwrap_err().to_string();
        assert!(error.contains(part), "{form}: {error}");
    }
}

#[test]
fn equal_values_have_equal_texts() {
    let one: Value = serde_json::from_str(r#"{ "b": [1, {"y": 1, "x": "é\n"}], "a": null }"#).unwrap();
    let two: Value = serde_json::from_str(r#"{"a":null,"b":[1,{"x":"\u00e9\n","y":1}]}"#).unwrap();
    assert_eq!(canonical(&one), canonical(&two));
    assert_eq!(canonical(&one), r#"{"a":null,"b":[1,{"x":"é\n","y":1}]}"#);
}
