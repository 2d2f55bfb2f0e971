//! `config`: a plugin's configuration, and the host's own.

use ares_services::operation::Operation;
use clap::Subcommand;
use serde_json::{Value, json};

use super::Context;
use crate::config::low::{KEYS, Low};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, table};

/// Read and override a plugin's configuration; show the host's own
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host config get notes\n  ares-host config set notes polling_interval 5\n  ares-host config unset notes polling_interval\n  ares-host config effective"
)]
pub(crate) struct Config {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// A plugin's values and where each comes from
    Get {
        /// The plugin
        plugin: String,
        /// Only this key
        key: Option<String>,
    },
    /// Override one value of a plugin; it goes before ares.toml and the manifest
    Set {
        /// The plugin
        plugin: String,
        /// The key
        key: String,
        /// The value: JSON, or a text where it is no JSON
        value: String,
    },
    /// Take an override back
    Unset {
        /// The plugin
        plugin: String,
        /// The key
        key: String,
    },
    /// Every key of the host's ares.toml (or of a plugin) with its value and where that comes from
    Effective {
        /// A plugin instead of the host
        plugin: Option<String>,
    },
}

impl Config {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let operation = match self.action {
            Action::Effective { plugin: None } => return host(context),
            Action::Get { plugin, key } => Operation::ConfigGet { plugin, key },
            Action::Effective { plugin: Some(plugin) } => Operation::ConfigGet { plugin, key: None },
            Action::Set { plugin, key, value } => {
                Operation::ConfigSet { plugin, key, value: json_text(&value) }
            }
            Action::Unset { plugin, key } => Operation::ConfigUnset { plugin, key },
        };
        let answer = context.operate(operation).await?;
        context.screen.show(&answer, |answer| {
            let columns = [
                ("KEY", "key"),
                ("VALUE", "value"),
                ("ORIGIN", "origin"),
                ("PLACE", "place"),
                ("MANIFEST", "manifest"),
                ("ARES.TOML", "ares.toml"),
            ];
            let single = Value::Array(vec![answer.clone()]);
            let values =
                answer.get("values").unwrap_or(if answer.get("key").is_some() { &single } else { answer });
            table::records(values, &columns, "no configuration")
        })?;
        if let Some(why) = answer.get("problem").filter(|why| why.is_string()) {
            context.screen.note(&format!("note: the plugin does not run with this: {}", field::plain(why)));
        }
        Ok(ExitStatus::Done)
    }
}

/// JSON stays as it is; whatever is no JSON is meant as a text.
fn json_text(value: &str) -> String {
    match serde_json::from_str::<Value>(value) {
        Ok(_) => value.to_owned(),
        Err(_) => Value::from(value).to_string(),
    }
}

fn host(context: &Context) -> Result<ExitStatus, Failure> {
    let answer = effective(&context.low()?);
    context.screen.show(&answer, |answer| {
        let columns = [("KEY", "key"), ("VALUE", "value"), ("ORIGIN", "origin")];
        let mut text = table::records(answer, &columns, "");
        for key in KEYS {
            text.push_str(&format!("\n{}\n    {} Takes {}.\n", key.name, key.doc, key.kind));
        }
        text
    })?;
    Ok(ExitStatus::Done)
}

fn effective(low: &Low) -> Value {
    let rows = KEYS.iter().map(|key| {
        let (value, origin) = low.get(key);
        let value: Value = serde_json::from_str(&value.to_string()).unwrap_or_default();
        json!({
            "key": key.name,
            "value": value,
            "default": serde_json::from_str::<Value>(key.default).unwrap_or_default(),
            "origin": field::plain(&origin.to_string().into()),
            "doc": key.doc,
        })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;

    #[test]
    fn every_key_is_shown_with_its_origin() {
        let low = Low::read(None, &Environment::default(), &["run.drain_s=5".to_owned()]).unwrap();
        let shown = effective(&low);
        assert_eq!(shown.as_array().map(Vec::len), Some(KEYS.len()));
        for row in shown.as_array().unwrap() {
            let set = row["key"] == "run.drain_s";
            assert_eq!(row["origin"], if set { "flag --set" } else { "default" }, "{row}");
            assert_eq!(row["value"] != row["default"], set, "{row}");
            assert!(
                !row["value"].is_null() && row["doc"].as_str().is_some_and(|doc| doc.ends_with('.')),
                "{row}"
            );
        }
    }

    #[test]
    fn what_is_no_json_is_a_text() {
        assert_eq!(json_text("5"), "5");
        assert_eq!(json_text("\"5\""), "\"5\"");
        assert_eq!(json_text("five \"x\""), r#""five \"x\"""#);
    }
}
