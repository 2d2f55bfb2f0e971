//! JSON values and JSON Schemas of few names, so that they meet.

use arbitrary::{Result, Unstructured};
use serde_json::{Map, Value, json};

const NAMES: &[&str] = &["a", "b", "c", "text", "path", "key", ""];

/// Any value, at most so deep.
pub(crate) fn value(u: &mut Unstructured<'_>, depth: u32) -> Result<Value> {
    Ok(match u.int_in_range(0..=if depth == 0 { 5 } else { 9 })? {
        0 => Value::Null,
        1 => u.arbitrary::<bool>()?.into(),
        2 => u.arbitrary::<i64>()?.into(),
        3 => json!(u.arbitrary::<f64>()?),
        4 => super::word(u)?.into(),
        5 => (*u.choose(NAMES)?).into(),
        6 | 7 => {
            let mut items = Vec::new();
            for _ in 0..u.int_in_range(0..=4)? {
                items.push(value(u, depth - 1)?);
            }
            if u.ratio(1, 50)? {
                let (many, length) = (u.int_in_range(1..=500)?, items.len());
                items = items.into_iter().cycle().take(many * length).collect();
            }
            items.into()
        }
        _ => {
            let mut object = Map::new();
            for _ in 0..u.int_in_range(0..=4)? {
                object.insert((*u.choose(NAMES)?).to_owned(), value(u, depth - 1)?);
            }
            object.into()
        }
    })
}

/// A schema with definitions that refer to each other.
pub(crate) fn schema(u: &mut Unstructured<'_>) -> Result<Value> {
    let mut root = part(u, 3)?;
    if let Value::Object(object) = &mut root {
        let mut definitions = Map::new();
        for name in ["a", "b", "c"] {
            definitions.insert(name.to_owned(), part(u, 3)?);
        }
        object.insert("$defs".to_owned(), definitions.into());
    }
    Ok(root)
}

fn parts(u: &mut Unstructured<'_>, depth: u32) -> Result<Value> {
    let mut all = Vec::new();
    for _ in 0..u.int_in_range(1..=3)? {
        all.push(part(u, depth)?);
    }
    Ok(all.into())
}

fn named(u: &mut Unstructured<'_>, depth: u32) -> Result<Value> {
    let mut all = Map::new();
    for _ in 0..u.int_in_range(0..=3)? {
        all.insert((*u.choose(NAMES)?).to_owned(), part(u, depth)?);
    }
    Ok(all.into())
}

fn part(u: &mut Unstructured<'_>, depth: u32) -> Result<Value> {
    if depth == 0 || u.ratio(1, 10)? {
        return Ok(match u.int_in_range(0..=4)? {
            0 => u.arbitrary::<bool>()?.into(),
            1 => json!({"$ref": "#"}),
            2 | 3 => json!({"$ref": format!("#/$defs/{}", u.choose(&["a", "b", "c"])?)}),
            _ => json!({"type": u.choose(&["object", "array", "string", "integer", "number", "null"])?}),
        });
    }
    let mut object = Map::new();
    for _ in 0..u.int_in_range(1..=3)? {
        let (keyword, value) = keyword(u, depth - 1)?;
        object.insert(keyword.to_owned(), value);
    }
    Ok(object.into())
}

const OF_PART: &[&str] = &[
    "not",
    "if",
    "then",
    "else",
    "items",
    "contains",
    "additionalProperties",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
];
const OF_PARTS: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
const OF_NAMES: &[&str] = &["properties", "dependentSchemas", "$defs"];
const OF_NUMBER: &[&str] = &[
    "minimum",
    "maximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minContains",
    "maxContains",
    "minProperties",
    "exclusiveMinimum",
];
const PATTERNS: &[&str] = &[
    "^(a+)+$",
    "(a|a)*b",
    "(",
    "a{1000}{1000}",
    "\\p{L}+",
    "(?=a)",
    "(a)\\1",
    "[\\s\\S]*",
    "(a{0,500}){0,500}",
];

fn keyword(u: &mut Unstructured<'_>, depth: u32) -> Result<(&'static str, Value)> {
    Ok(match u.int_in_range(0..=11)? {
        0 | 1 => (u.choose(OF_PART)?, part(u, depth)?),
        2..=4 => (u.choose(OF_PARTS)?, parts(u, depth)?),
        5 | 6 => (u.choose(OF_NAMES)?, named(u, depth)?),
        7 => {
            let number = *u.choose(&[0.0, 1.0, -1.0, 1e-300, 1e300, 0.1, 1e18, 4e9])?;
            (u.choose(OF_NUMBER)?, json!(number))
        }
        8 => ("pattern", (*u.choose(PATTERNS)?).into()),
        9 => ("patternProperties", json!({ *u.choose(PATTERNS)?: part(u, depth)? })),
        10 => ("enum", json!([value(u, 2)?, value(u, 1)?])),
        _ => {
            let (keyword, odd) = (
                *u.choose(&[
                    "$ref",
                    "$dynamicRef",
                    "$anchor",
                    "$id",
                    "$schema",
                    "type",
                    "uniqueItems",
                    "format",
                ])?,
                match u.int_in_range(0..=2)? {
                    0 => value(u, 1)?,
                    1 => json!("#a"),
                    _ => json!(true),
                },
            );
            (keyword, odd)
        }
    })
}
