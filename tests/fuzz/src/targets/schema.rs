//! JSON Schemas of plugins, and values that are checked against them.

use std::path::Path;

use arbitrary::Unstructured;
use ares_kernel::facts::Schema;
use serde_json::Value;

use super::{Examine, Target, holds, plain};
use crate::finding::Finding;
use crate::generate::{mutated_bytes, schema, value};

pub(super) const TARGET: Target = Target { name: "schema", open };

/// The first line is the schema, the second the value.
struct Schemas;

fn open(_: &Path) -> anyhow::Result<Box<dyn Examine>> {
    Ok(Box::new(Schemas))
}

impl Examine for Schemas {
    fn generate(&self, u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
        let (schema, depth) = (schema(u)?, u.int_in_range(0..=8)?);
        let both = format!("{schema}\n{}", value(u, depth)?).into_bytes();
        if u.ratio(1, 20)? { mutated_bytes(both, u) } else { Ok(both) }
    }

    fn examine(&self, input: &[u8]) -> Result<(), Finding> {
        let text = String::from_utf8_lossy(input);
        let (schema, value) = text.split_once('\n').unwrap_or((&text, "{}"));
        let schema = match Schema::parse(schema) {
            Ok(schema) => schema,
            Err(error) => return plain(&error.to_string()),
        };
        if let Err(error) = schema.prepare() {
            return plain(&error.to_string());
        }
        let value = match ares_kernel::json::parse(value) {
            Ok(value) => value,
            Err(error) => return plain(&error.to_string()),
        };
        fits(&schema, &value, true)?;
        fits(&schema, &value, false)
    }
}

/// Asked twice, a schema says the same; what it says is short and plain.
fn fits(schema: &Schema, value: &Value, closed: bool) -> Result<(), Finding> {
    let said = schema.check(value, closed);
    holds(said == schema.check(value, closed), || format!("not the same twice: {said:?}"))?;
    let Err(message) = said else { return Ok(()) };
    holds(message.len() < 4000, || format!("a message of {} bytes", message.len()))?;
    plain(&message)
}
