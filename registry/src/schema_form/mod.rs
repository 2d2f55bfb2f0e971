//! The short form of schemas, as manifests write it: `input = { phone = "string" }`.
//!
//! ```text
//! schema  = "type" | { name = schema, … } | [ schema ]
//! type    = base { "[]" } [ "?" ]
//! base    = "string" | "integer" | "number" | "boolean" | "object" | "any" | word "|" word { "|" word }
//! word    = any characters but "|", "?", "[", "]" and spaces
//! ```
//!
//! A table becomes an object that takes exactly these names: all required, but for those whose type
//! ends in `?`. `[]` is a list of what stands before it (`"integer[]?"` is a list that may be left
//! out), `[ … ]` a list of one further schema. Words joined by `|` are the only strings allowed.
//!
//! A table that says `$ref`, `$defs`, `type`, `properties`, `enum`, `allOf`, `anyOf` or `oneOf` in the
//! way a schema says it (`type` with a type's name, `properties` with a table of schemas, `enum` with
//! a list …) is a JSON Schema (draft 2020-12) already and stays as it is. All its keys must then be
//! keywords: a member that happens to be called `type` needs the long form.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ares_kernel::text::quoted;
use serde_json::{Map, Value, json};

#[cfg(test)]
mod tests;

/// Why a value is neither a short form nor a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// A type that is not in the grammar.
    #[error(
        "{at}: {found} is not a type; write string, integer, number, boolean, object, any or words joined by `|`, \
         with `[]` for a list and `?` at the end for what may be left out"
    )]
    NotAType {
        /// The member, from the top.
        at: String,
        /// What stands there.
        found: String,
    },
    /// `?` where nothing can be left out.
    #[error("{at}: only a member of a table may be left out; take the `?` away")]
    NotAMember {
        /// The place, from the top.
        at: String,
    },
    /// A key that no schema has, beside one that only schemas have.
    #[error(
        "{at}: {key} is no JSON Schema keyword, but the table is read as a JSON Schema because of {because}; \
         put the members under `properties`"
    )]
    Mixed {
        /// The table, from the top.
        at: String,
        /// The key.
        key: String,
        /// The keyword.
        because: &'static str,
    },
    /// Neither text, table nor list of one.
    #[error("{at}: expected a type, a table or a list with one entry, found {found}")]
    Shape {
        /// The place, from the top.
        at: String,
        /// What stands there.
        found: String,
    },
}

/// The keywords by which a table is known to be a JSON Schema.
const TELLING: [&str; 8] = ["$ref", "$defs", "type", "properties", "enum", "allOf", "anyOf", "oneOf"];

/// Whether a keyword's value is what a schema would have there, and not a member's short form.
fn tells(keyword: &str, value: &Value) -> bool {
    const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "string", "integer"];
    match (keyword, value) {
        ("$ref", Value::String(_)) => true,
        ("type", Value::String(name)) => TYPES.contains(&name.as_str()),
        ("type" | "enum" | "allOf" | "anyOf" | "oneOf", Value::Array(_)) => true,
        ("$defs" | "properties", Value::Object(schemas)) => {
            schemas.values().all(|schema| matches!(schema, Value::Object(_) | Value::Bool(_)))
        }
        _ => false,
    }
}

/// All other keywords of draft 2020-12.
const OTHERS: [&str; 48] = [
    "items",
    "const",
    "not",
    "$schema",
    "$id",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$vocabulary",
    "$comment",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "prefixItems",
    "contains",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxContains",
    "minContains",
    "maxProperties",
    "minProperties",
    "required",
    "dependentRequired",
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "examples",
    "format",
    "contentEncoding",
    "contentMediaType",
];

/// The JSON Schema a short form stands for; a JSON Schema stands for itself.
///
/// # Errors
/// [`FormError`], with the place.
pub fn expand(form: &Value) -> Result<Value, FormError> {
    let (schema, optional) = read(form, "")?;
    if optional { Err(FormError::NotAMember { at: place("") }) } else { Ok(schema) }
}

/// Depth is the reader's: both TOML and JSON texts nest less than a hundred deep.
fn read(form: &Value, at: &str) -> Result<(Value, bool), FormError> {
    match form {
        Value::String(text) => read_type(text, at),
        Value::Object(table) => {
            let told = |keyword: &&str| table.get(*keyword).is_some_and(|value| tells(keyword, value));
            let because = TELLING.into_iter().find(told);
            let schema =
                because.map_or_else(|| read_members(table, at), |because| keep(table, at, because))?;
            Ok((schema, false))
        }
        Value::Array(items) => match items.as_slice() {
            [one] => {
                let inner = format!("{at}[]");
                let (items, optional) = read(one, &inner)?;
                if optional {
                    return Err(FormError::NotAMember { at: place(&inner) });
                }
                Ok((json!({"type": "array", "items": items}), false))
            }
            _ => Err(FormError::Shape { at: place(at), found: format!("a list of {}", items.len()) }),
        },
        other => Err(FormError::Shape { at: place(at), found: quoted(&other.to_string(), 60) }),
    }
}

fn place(at: &str) -> String {
    if at.is_empty() { "the schema".to_owned() } else { quoted(at.trim_start_matches('.'), 100) }
}

fn keep(table: &Map<String, Value>, at: &str, because: &'static str) -> Result<Value, FormError> {
    let keyword = |key: &String| TELLING.contains(&key.as_str()) || OTHERS.contains(&key.as_str());
    match table.keys().find(|key| !keyword(key) && !key.starts_with("x-")) {
        None => Ok(Value::Object(table.clone())),
        Some(key) => Err(FormError::Mixed { at: place(at), key: quoted(key, 60), because }),
    }
}

fn read_members(table: &Map<String, Value>, at: &str) -> Result<Value, FormError> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, form) in table {
        let (schema, optional) = read(form, &format!("{at}.{name}"))?;
        if !optional {
            required.push(name.as_str());
        }
        properties.insert(name.clone(), schema);
    }
    required.sort_unstable();
    Ok(
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false}),
    )
}

fn read_type(text: &str, at: &str) -> Result<(Value, bool), FormError> {
    let wrong = || FormError::NotAType { at: place(at), found: quoted(text, 80) };
    let (mut base, optional) = text.strip_suffix('?').map_or((text, false), |base| (base, true));
    let mut lists = 0;
    while let Some(inner) = base.strip_suffix("[]") {
        base = inner;
        lists += 1;
    }
    let word = |word: &str| {
        !word.is_empty() && !word.contains(['?', '[', ']']) && !word.chars().any(char::is_whitespace)
    };
    let mut schema = match base {
        "string" | "integer" | "number" | "boolean" | "object" => json!({"type": base}),
        "any" => json!({}),
        words if words.contains('|') && words.split('|').all(word) => {
            let mut words: Vec<&str> = words.split('|').collect();
            let count = words.len();
            words.sort_unstable();
            words.dedup();
            if words.len() < count {
                return Err(wrong());
            }
            json!({"type": "string", "enum": words})
        }
        _ => return Err(wrong()),
    };
    if lists > LISTS_MAX {
        return Err(wrong());
    }
    for _ in 0..lists {
        schema = json!({"type": "array", "items": schema});
    }
    Ok((schema, optional))
}

/// How many `[]` one type may carry.
const LISTS_MAX: usize = 8;

/// The canonical text of a value: keys sorted, no spaces. Equal values have equal texts.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(object) => {
            text.push('{');
            let sorted: BTreeMap<&String, &Value> = object.iter().collect();
            for (index, (key, value)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                // Writing to a String cannot fail.
                let _ = write!(text, "{}:", Value::from(key.as_str()));
                write_canonical(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        plain => {
            let _ = write!(text, "{plain}");
        }
    }
}
