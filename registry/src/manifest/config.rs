//! `[config]`: a plugin's settings, and the schema they have to match.

use ares_kernel::facts::Schema;
use serde_json::{Map, Value as Json};

use super::Permissions;
use super::reader::{Table, Value};
use crate::reference;
use crate::schema_form::{canonical, expand};

/// The most bytes of JSON text the settings may have.
const CONFIG_BYTES_MAX: usize = 64 * 1024;

/// The values, completed with the schema's defaults, and the schema.
pub(super) fn read(
    mut table: Table<'_>,
    permissions: &Permissions,
) -> Option<(Map<String, Json>, Option<String>)> {
    let schema = table.get("schema").map(|value| (schema(&value), value));
    let mut values = Map::new();
    for (key, value) in table.all().filter(|(key, _)| *key != "schema") {
        let json = value.json()?;
        refer(&value, &json, permissions);
        values.insert(key.to_owned(), json);
    }
    let text = match schema {
        None => None,
        Some((schema, at)) => {
            let schema = schema?;
            complete(&mut values, schema.value());
            let object = Json::Object(values);
            if let Err(mismatch) = schema.check(&object, true) {
                at.wrong(format_args!("[config] does not match it: {mismatch}"));
            }
            let Json::Object(completed) = object else { return None };
            // A default of the schema may refer to one, too.
            completed.values().for_each(|value| refer(&at, value, permissions));
            values = completed;
            Some(schema.text().to_owned())
        }
    };
    if canonical(&Json::Object(values.clone())).len() > CONFIG_BYTES_MAX {
        table.wrong(format_args!("[config] has more than {CONFIG_BYTES_MAX} bytes"));
    }
    Some((values, text))
}

/// Notes a reference to a secret the manifest does not ask for.
fn refer(at: &Value<'_>, value: &Json, permissions: &Permissions) {
    if let Err(why) = reference::check(value, &|name| permissions.secret(name).is_some()) {
        at.wrong(why);
    }
}

fn schema(value: &Value<'_>) -> Option<Schema> {
    let noted = |error: String| value.wrong(error);
    let full = expand(&value.json()?).map_err(|error| noted(error.to_string())).ok()?;
    let schema = Schema::parse(&canonical(&full)).map_err(|error| noted(error.to_string())).ok()?;
    schema.prepare().map_err(|error| noted(error.to_string())).ok()?;
    Some(schema)
}

/// Puts in the defaults of missing members, also inside members that are objects themselves.
/// JSON Schema calls `default` an annotation; here it is what a missing value means.
pub(crate) fn complete(values: &mut Map<String, Json>, schema: &Json) {
    let Some(properties) = schema.get("properties").and_then(Json::as_object) else { return };
    for (name, member) in properties {
        match (values.get_mut(name), member.get("default")) {
            (Some(Json::Object(inner)), _) => complete(inner, member),
            (Some(_), _) | (None, None) => {}
            (None, Some(default)) => {
                values.insert(name.clone(), default.clone());
            }
        }
    }
}
