//! JSON Schema (draft 2020-12) of a Rust type, self-contained and free of noise.
use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::Value;

/// Words that combine schemas: what they add is not in `properties`.
const COMBINING: [&str; 5] = ["$ref", "allOf", "anyOf", "oneOf", "patternProperties"];

/// The schema a capability's input must match. An object that does not say what it thinks of
/// unknown names is closed: a misspelt argument is an error, never ignored.
pub(crate) fn input<T: JsonSchema>() -> String {
    let mut schema = of::<T>(SchemaSettings::draft2020_12().for_deserialize());
    let combined = COMBINING.iter().any(|word| schema.get(*word).is_some());
    if let (Some("object"), false) = (schema.get("type").and_then(Value::as_str), combined)
        && schema.get("additionalProperties").is_none()
    {
        schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    schema.as_value().to_string()
}

/// The schema a capability's answer matches.
pub(crate) fn output<T: JsonSchema>() -> String {
    of::<T>(SchemaSettings::draft2020_12().for_serialize()).as_value().to_string()
}

fn of<T: JsonSchema>(settings: SchemaSettings) -> Schema {
    let mut schema = settings
        .with(|settings| {
            settings.meta_schema = None;
            settings.inline_subschemas = true;
        })
        .with_transform(RecursiveTransform(tidy))
        .into_generator()
        .into_root_schema_for::<T>();
    // The type's Rust name says nothing to a caller.
    schema.remove("title");
    schema
}

/// Formats like `uint32` and `double` are Rust's, not JSON Schema's, and some validators complain;
/// the line breaks of a doc comment are its author's, not its reader's.
fn tidy(schema: &mut Schema) {
    let machine = schema.get("format").and_then(Value::as_str).is_some_and(|format| {
        ["int", "uint", "float", "double"].iter().any(|prefix| format.starts_with(prefix))
    });
    if machine {
        schema.remove("format");
    }
    if let Some(Value::String(text)) = schema.get_mut("description") {
        let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
        *text = paragraphs.collect::<Vec<_>>().join("\n\n");
    }
}
