//! `discover`: the plugins that lie under a folder.

use std::path::PathBuf;

use ares_registry::bundle;
use ares_services::operation::{Operation, Problem};
use serde_json::{Value, json};

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, table};

/// Find the plugins under a folder and say which are registered
///
/// A manifest that cannot be used is reported; the others are still listed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ares-host discover ./plugins")]
pub(crate) struct Discover {
    /// Where to look
    folder: PathBuf,
}

impl Discover {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let found = bundle::discover(&self.folder).map_err(Problem::from)?;
        let registered = context.operate(Operation::List { kind: None, category: None, tag: None }).await?;
        let plugins: Vec<Value> = found
            .plugins
            .into_iter()
            .flat_map(|(kind, plugins)| plugins.into_iter().map(move |plugin| (kind, plugin)))
            .map(|(kind, plugin)| {
                let manifest = plugin.manifest;
                json!({
                    "name": manifest.id,
                    "type": kind,
                    "version": manifest.version,
                    "registered": version_of(&registered, manifest.id.as_str()),
                    "folder": plugin.folder.display().to_string(),
                })
            })
            .collect();
        let bad: Vec<Value> = found
            .bad
            .into_iter()
            .map(|(folder, error)| json!({"folder": folder.display().to_string(), "message": Problem::from(error).message}))
            .collect();
        let answer = json!({"plugins": plugins, "bad": bad, "incomplete": found.incomplete});
        context.screen.show(&answer, |answer| {
            let columns = [
                ("NAME", "name"),
                ("TYPE", "type"),
                ("VERSION", "version"),
                ("REGISTERED", "registered"),
                ("FOLDER", "folder"),
            ];
            let mut text = table::records(field::at(answer, "plugins"), &columns, "no plugins\n");
            for bad in field::at(answer, "bad").as_array().into_iter().flatten() {
                for line in field::at(bad, "message").as_str().unwrap_or_default().lines() {
                    text.push_str(&format!("bad: {}\n", field::plain(&line.into())));
                }
            }
            if *field::at(answer, "incomplete") == true {
                text.push_str("there may be more: the search ended at its bound\n");
            }
            text
        })?;
        Ok(ExitStatus::Done)
    }
}

fn version_of(registered: &Value, name: &str) -> Value {
    let mut all = registered.as_array().into_iter().flatten();
    all.find(|plugin| *field::at(plugin, "name") == name)
        .map_or(Value::Null, |plugin| field::at(plugin, "version").clone())
}
