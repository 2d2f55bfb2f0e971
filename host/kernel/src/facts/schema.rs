//! JSON Schema (draft 2020-12) with bounds: size, depth, no reference outside itself, patterns
//! without backtracking.

mod cost;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value};

use crate::text::{escaped, quoted};
use cost::{Cost, Steps};

/// The longest schema, in bytes of JSON text.
pub const SCHEMA_BYTES_MAX: usize = 64 * 1024;
/// The most a compiled `pattern` may take, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// How many mismatches one message names.
const MISMATCHES_SHOWN: usize = 3;

/// Why a text is not a schema this host takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The text is longer than [`SCHEMA_BYTES_MAX`].
    #[error("the schema has {0} bytes; the most is {SCHEMA_BYTES_MAX}")]
    TooLarge(usize),
    /// Not JSON, or JSON the host does not read.
    #[error("the schema is not JSON: {0}")]
    NotJson(String),
    /// A `$ref` that leaves the document.
    #[error("the schema refers to {0}; only references inside the schema (`#/…`) are allowed")]
    Outside(String),
    /// Not a valid schema.
    #[error("not a JSON Schema (draft 2020-12): {0}")]
    Invalid(String),
}

/// A schema. Compiled at its first use or by [`Schema::prepare`], then kept.
pub struct Schema {
    text: Arc<str>,
    value: Value,
    known: Option<BTreeSet<String>>,
    compiled: OnceLock<Result<Compiled, SchemaError>>,
}

/// What checks values, and what that costs.
struct Compiled {
    validator: Validator,
    cost: Cost,
}

impl Schema {
    /// Reads a schema and checks everything about it that needs no compiling.
    ///
    /// # Errors
    /// [`SchemaError`], but for `Invalid`: that one comes from [`Schema::prepare`].
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        if text.len() > SCHEMA_BYTES_MAX {
            return Err(SchemaError::TooLarge(text.len()));
        }
        let value = crate::json::parse(text).map_err(|e| SchemaError::NotJson(e.to_string()))?;
        if let Some(reference) = outside_reference(&value) {
            return Err(SchemaError::Outside(quoted(reference, 200)));
        }
        let known = known_names(&value);
        Ok(Self { text: text.into(), value, known, compiled: OnceLock::new() })
    }

    /// The schema's own text, as it was pinned.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The schema as a value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Compiles the schema, so that no call has to.
    ///
    /// # Errors
    /// [`SchemaError::Invalid`] when it is not a schema.
    pub fn prepare(&self) -> Result<(), SchemaError> {
        self.compiled().map(drop)
    }

    fn compiled(&self) -> Result<&Compiled, SchemaError> {
        self.compiled.get_or_init(|| compile(&self.value)).as_ref().map_err(Clone::clone)
    }

    /// Checks a value. With `closed`, a name at the top level that the schema does not list is a
    /// mismatch even where the schema says nothing about further names.
    ///
    /// # Errors
    /// A sentence that names at most three mismatches with their places.
    pub fn check(&self, value: &Value, closed: bool) -> Result<(), String> {
        if let (true, Some(known), Some(object)) = (closed, &self.known, value.as_object())
            && let Some(name) = object.keys().find(|name| !known.contains(*name))
        {
            return Err(unknown_name(name, known));
        }
        let Compiled { validator, cost } = self.compiled().map_err(|e| e.to_string())?;
        let steps = cost.steps(value);
        if let Steps::TooMany(most) = steps {
            return Err(format!(
                "checking it would take more than {most} steps, because parts of the schema lead to each other again and again; give a smaller or flatter value"
            ));
        }
        if validator.is_valid(value) {
            return Ok(());
        }
        if steps == Steps::Many {
            return Err("the value does not match; it is too large to say where".to_owned());
        }
        let shown: Vec<String> = validator
            .iter_errors(value)
            .take(MISMATCHES_SHOWN)
            .map(|error| {
                let place = error.instance_path().to_string();
                let place = if place.is_empty() { "the value".to_owned() } else { escaped(&place, 100) };
                format!("{place}: {}", self.mismatch(&error))
            })
            .collect();
        Err(shown.join("; "))
    }

    /// One mismatch in words: the two that callers make most in ours, the others in the validator's.
    fn mismatch(&self, error: &ValidationError<'_>) -> String {
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } if error.instance_path().is_empty() => {
                let listed = self.value.get("properties").and_then(Value::as_object);
                let known = listed.into_iter().flat_map(|names| names.keys().cloned()).collect();
                let unexpected: Vec<String> =
                    unexpected.iter().take(MISMATCHES_SHOWN).map(|name| unknown_name(name, &known)).collect();
                unexpected.join("; ")
            }
            ValidationErrorKind::Required { property } => {
                format!("{} is missing", quoted(property.as_str().unwrap_or_default(), 60))
            }
            _ => escaped(&error.to_string(), 200),
        }
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({})", self.text)
    }
}

fn unknown_name(name: &str, known: &BTreeSet<String>) -> String {
    let listed: Vec<&str> = known.iter().map(String::as_str).collect();
    if listed.is_empty() {
        return format!("unknown name {}; this takes no names at all", quoted(name, 60));
    }
    format!("unknown name {}; known are {}", quoted(name, 60), escaped(&listed.join(", "), 400))
}

fn compile(schema: &Value) -> Result<Compiled, SchemaError> {
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_pattern_options(
            PatternOptions::regex().size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX),
        )
        .build(schema)
        .map_err(|error| SchemaError::Invalid(escaped(&error.to_string(), 300)))?;
    Ok(Compiled { validator, cost: Cost::of(schema) })
}

/// The names an object may have when the schema leaves further names open: its `properties`.
/// Nothing when the schema settles the matter itself.
fn known_names(schema: &Value) -> Option<BTreeSet<String>> {
    const SETTLED: [&str; 11] = [
        "additionalProperties",
        "unevaluatedProperties",
        "patternProperties",
        "propertyNames",
        "$ref",
        "$dynamicRef",
        "allOf",
        "anyOf",
        "oneOf",
        "if",
        "dependentSchemas",
    ];
    let object: &Map<String, Value> = schema.as_object()?;
    if SETTLED.iter().any(|keyword| object.contains_key(*keyword)) {
        return None;
    }
    let properties = object.get("properties").and_then(Value::as_object);
    Some(properties.map(|p| p.keys().cloned().collect()).unwrap_or_default())
}

/// The first reference that does not point into the schema itself. Every key is looked at, also
/// where it would be plain data: being strict there costs nobody anything.
fn outside_reference(value: &Value) -> Option<&str> {
    match value {
        Value::Object(object) => object.iter().find_map(|(key, value)| match (key.as_str(), value) {
            ("$ref" | "$dynamicRef", Value::String(target)) if !target.starts_with('#') => {
                Some(target.as_str())
            }
            ("$schema", Value::String(draft)) if draft.trim_end_matches('#') != DRAFT => Some(draft.as_str()),
            ("$id", Value::String(id)) => Some(id.as_str()),
            _ => outside_reference(value),
        }),
        Value::Array(items) => items.iter().find_map(outside_reference),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The one dialect, <https://json-schema.org/draft/2020-12>.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(value: &Value) -> Schema {
        Schema::parse(&value.to_string()).unwrap()
    }

    #[test]
    fn a_mismatch_names_its_place() {
        let schema = schema(
            &json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}),
        );
        assert_eq!(schema.check(&json!({"n": 2}), true), Ok(()));
        assert!(schema.check(&json!({"n": 0}), true).unwrap_err().starts_with("/n: 0 is less than"));
        assert!(schema.check(&json!({}), true).unwrap_err().contains("`n`"));
    }

    #[test]
    fn unknown_names_are_refused_unless_the_schema_speaks_of_them() {
        let open = schema(&json!({"type": "object", "properties": {"n": {}}}));
        assert!(open.check(&json!({"m": 1}), true).unwrap_err().contains("known are n"));
        assert_eq!(open.check(&json!({"m": 1}), false), Ok(()));
        let free = schema(&json!({"type": "object", "additionalProperties": true}));
        assert_eq!(free.check(&json!({"m": 1}), true), Ok(()));
    }

    #[test]
    fn nothing_outside_the_schema_is_ever_asked_for() {
        for target in ["http://127.0.0.1:1/x", "file:///etc/passwd", "other.json", "urn:x"] {
            let text = json!({"properties": {"a": {"$ref": target}}}).to_string();
            assert!(matches!(Schema::parse(&text), Err(SchemaError::Outside(_))), "{target}");
        }
        assert!(matches!(Schema::parse(r#"{"$id": "http://x/y"}"#), Err(SchemaError::Outside(_))));
        let inside =
            schema(&json!({"$defs": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/n"}}}));
        assert!(inside.check(&json!({"a": "x"}), false).is_err());
    }

    #[test]
    fn what_is_no_schema_says_so() {
        assert!(matches!(schema(&json!({"type": "strnig"})).prepare(), Err(SchemaError::Invalid(_))));
        assert!(matches!(schema(&json!({"pattern": "("})).prepare(), Err(SchemaError::Invalid(_))));
        assert!(matches!(schema(&json!([1])).prepare(), Err(SchemaError::Invalid(_))));
        assert!(matches!(Schema::parse("{"), Err(SchemaError::NotJson(_))));
        assert!(matches!(Schema::parse(&" ".repeat(70_000)), Err(SchemaError::TooLarge(70_000))));
    }

    #[test]
    fn a_pattern_cannot_be_made_to_backtrack() {
        let bomb = schema(&json!({"type": "string", "pattern": "^(a+)+$"}));
        let text = Value::String(format!("{}!", "a".repeat(50_000)));
        assert!(bomb.check(&text, false).is_err());
        assert!(
            schema(&json!({"pattern": "(a)\\1"})).prepare().is_err(),
            "back-references need backtracking"
        );
    }
}
