//! `capabilities`: what can be asked for.

use ares_services::operation::Operation;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, record, table};

/// List the capabilities of enabled plugins, search them, or show everything about one
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host capabilities\n  ares-host capabilities scan_folder --json\n  ares-host capabilities --find \"send message\""
)]
pub(crate) struct Capabilities {
    /// Only this one, with its schemas, from everyone who provides it
    name: Option<String>,
    /// Words to look for in names and descriptions, best match first
    #[arg(long, value_name = "TEXT")]
    find: Option<String>,
    /// Only of plugins with this feature tag
    #[arg(long, value_name = "TAG")]
    feature: Option<String>,
}

impl Capabilities {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let Self { name, find, feature } = self;
        let whole = name.is_some();
        let answer = context.operate(Operation::Capabilities { name, find, feature }).await?;
        context.screen.show(&answer, |answer| {
            let rows = answer.as_array().map(Vec::as_slice).unwrap_or_default();
            if whole && !rows.is_empty() {
                return rows.iter().map(described).collect::<Vec<_>>().join("\n");
            }
            let columns = [
                ("CAPABILITY", "capability"),
                ("PLUGIN", "plugin"),
                ("VERSION", "version"),
                ("EFFECT", "effect"),
                ("DESCRIPTION", "description"),
            ];
            table::records(answer, &columns, "no capabilities")
        })?;
        Ok(ExitStatus::Done)
    }
}

/// Everything about one capability: its schemas last, as JSON.
fn described(row: &Value) -> String {
    let mut facts = row.clone();
    let mut schemas = String::new();
    if let Some(facts) = facts.as_object_mut() {
        for (key, heading) in [("input_schema", "input"), ("output_schema", "output")] {
            let schema = facts.remove(key).unwrap_or_default();
            schemas.push_str(&format!("{heading} schema\n{}\n", field::pretty(&schema)));
        }
    }
    format!("{}{schemas}", record::render(&facts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_capability_is_shown_with_its_schemas() {
        let row = json!({"capability": "add", "plugin": "sums", "version": "1.0.0", "effect": "pure",
            "description": "Adds.", "input_schema": {"required": ["a"]}, "output_schema": true});
        insta::assert_snapshot!(described(&row), @r#"
        plugin       sums
        capability   add
        version      1.0.0
        description  Adds.
        effect       pure
        input schema
        {
          "required": [
            "a"
          ]
        }
        output schema
        true
        "#);
    }
}
