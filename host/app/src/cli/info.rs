//! `info`: everything about one plugin.

use ares_services::operation::Operation;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, record, table};

/// Show everything about one plugin
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host info notes\n  ares-host info report --deps\n  ares-host info notes --schema --json"
)]
pub(crate) struct Info {
    /// The plugin
    plugin: String,
    /// Only what it depends on
    #[arg(long, conflicts_with = "schema")]
    deps: bool,
    /// Only the schemas of its capabilities
    #[arg(long)]
    schema: bool,
}

impl Info {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let info = context.operate(Operation::Info { plugin: self.plugin }).await?;
        if self.deps {
            let dependencies = info.get("dependencies").cloned().unwrap_or_default();
            context.screen.show(&dependencies, |dependencies| {
                let columns = [
                    ("TYPE", "type"),
                    ("NAME", "name"),
                    ("VERSIONS", "version_constraint"),
                    ("REQUIRED", "required"),
                    ("MET", "met"),
                    ("DETAIL", "detail"),
                ];
                table::records(dependencies, &columns, "it depends on nothing")
            })?;
        } else if self.schema {
            context.screen.show(&schemas(&info), field::pretty)?;
        } else {
            context.screen.show(&info, |info| record::render(&without_schemas(info)))?;
        }
        Ok(ExitStatus::Done)
    }
}

/// Capability → its two schemas.
fn schemas(info: &Value) -> Value {
    let capabilities = info.get("capabilities").and_then(Value::as_array).into_iter().flatten();
    let entries = capabilities.filter_map(|capability| {
        let name = capability.get("capability")?.as_str()?;
        let schema = |at| capability.get(at).cloned().unwrap_or_default();
        let both = serde_json::json!({"input": schema("input_schema"), "output": schema("output_schema")});
        Some((name.to_owned(), both))
    });
    Value::Object(entries.collect())
}

/// People ask for schemas when they want them, and need no fact twice.
fn without_schemas(info: &Value) -> Value {
    let mut info = info.clone();
    let name = info.get("name").cloned();
    let capabilities = info.get_mut("capabilities").and_then(Value::as_array_mut);
    for object in capabilities.into_iter().flatten().filter_map(Value::as_object_mut) {
        object.retain(|key, value| !key.ends_with("_schema") && !value.is_null());
    }
    for part in ["status", "versions", "capabilities"] {
        let (single, several) = match info.get_mut(part) {
            Some(Value::Object(object)) => (Some(object), None),
            Some(Value::Array(list)) => (None, Some(list)),
            _ => continue,
        };
        let listed = several.into_iter().flatten().filter_map(Value::as_object_mut);
        for object in single.into_iter().chain(listed) {
            if object.get("plugin") == name.as_ref() {
                object.remove("plugin");
            }
        }
    }
    info
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn schemas_alone_and_all_but_schemas() {
        let info = json!({"name": "n", "capabilities": [{"capability": "c", "undo": null, "input_schema": {"type": "object"}, "output_schema": true}]});
        assert_eq!(schemas(&info), json!({"c": {"input": {"type": "object"}, "output": true}}));
        assert_eq!(without_schemas(&info), json!({"name": "n", "capabilities": [{"capability": "c"}]}));
    }
}
