//! A plugin's configuration: the manifest's values, overridden by the operator's.

use std::sync::Arc;

use ares_kernel::facts::{Plugin, Schema};
use ares_kernel::ports::Hook;
use ares_kernel::{Caller, Ended, PluginName, json as strict};
use ares_registry::{ConfigView, Origin};
use serde_json::{Map, Value, json};

use super::{Answer, Operations, json as to_json, name};
use crate::lifecycle::describe;
use crate::operation::{Problem, ProblemKind};

/// An override is set or, with nothing, taken back.
type Override = Option<Value>;

impl Operations {
    pub(super) async fn config_get(&self, plugin: &str, key: Option<String>) -> Answer {
        let plugin = name(plugin)?;
        let values = self.config_of(&plugin).await?;
        let Some(key) = key else { return Ok(json!({ "plugin": plugin, "values": values })) };
        match values.iter().find(|view| view.key == key) {
            Some(view) => to_json(view),
            None => {
                let key = ares_kernel::text::quoted(&key, 80);
                let why = format!(
                    "`{plugin}` has no configuration {key}; `ares-host config get {plugin}` lists what it has"
                );
                Err(Problem::new(ProblemKind::NotFound, "no-key", why))
            }
        }
    }

    pub(super) async fn config_set(&self, caller: Caller, plugin: &str, key: String, text: &str) -> Answer {
        let value = strict::parse(text).map_err(|error| {
            Problem::invalid(
                "bad-json",
                format!("the value is not JSON: {error}; text stands between double quotes"),
            )
        })?;
        self.configure(caller, name(plugin)?, key, Some(value)).await
    }

    pub(super) async fn config_unset(&self, caller: Caller, plugin: &str, key: String) -> Answer {
        self.configure(caller, name(plugin)?, key, None).await
    }

    /// The schema's word first, then the plugin's; then it is stored, and a plugin that runs is
    /// told. When it cannot take the change after all, the change is taken back.
    async fn configure(&self, caller: Caller, plugin: PluginName, key: String, wanted: Override) -> Answer {
        let _alone = self.alone().await?;
        let views = self.config_of(&plugin).await?;
        let view = views.iter().find(|view| view.key == key);
        let before = view.filter(|view| view.origin == Origin::Override).map(|view| view.value.clone());
        let active = self.plugin(&plugin)?;
        if wanted.is_some() || before.is_some() {
            let from_manifest = view.and_then(|view| match view.origin {
                Origin::Manifest => Some(view.value.clone()),
                Origin::Override => view.manifest.clone(),
            });
            let values = merged(&active, &key, wanted.clone().or(from_manifest.clone()));
            self.manifest_allows(&active, &values, &key, from_manifest.as_ref()).await?;
            self.ask(&active, Hook::Validate(Value::Object(values).to_string())).await?;
        }
        self.store(&caller, &plugin, &key, wanted).await?;
        if self.0.life.is_running(&plugin) {
            let now = self.plugin(&plugin)?;
            let values = Value::Object(now.config.as_ref().clone());
            if let Err(problem) = self.ask(&now, Hook::Apply(values.to_string())).await {
                self.store(&caller, &plugin, &key, before).await?;
                return Err(problem);
            }
        }
        let now = self.config_of(&plugin).await?;
        match now.iter().find(|view| view.key == key) {
            Some(view) => to_json(view),
            None => Ok(json!({ "key": key, "value": null, "origin": null })),
        }
    }

    async fn config_of(&self, plugin: &PluginName) -> Result<Vec<ConfigView>, Problem> {
        let plugin = plugin.clone();
        Ok(self.0.book.with(move |registry| registry.config(&plugin)).await?)
    }

    async fn store(
        &self,
        caller: &Caller,
        plugin: &PluginName,
        key: &str,
        value: Override,
    ) -> Result<(), Problem> {
        let (caller, plugin, key) = (caller.clone(), plugin.clone(), key.to_owned());
        let stored = self.0.book.with(move |registry| match value {
            Some(value) => registry.config_set(&plugin, &key, &value, &caller).map(drop),
            None => registry.config_unset(&plugin, &key, &caller).map(drop),
        });
        Ok(stored.await?)
    }

    /// What the manifest's `[config.schema]` says, before the plugin is asked. Without one a key keeps
    /// the type of the manifest's own value.
    async fn manifest_allows(
        &self,
        plugin: &Plugin,
        values: &Map<String, Value>,
        key: &str,
        usual: Option<&Value>,
    ) -> Result<(), Problem> {
        let (name, version) = (plugin.name.clone(), plugin.version.clone());
        let manifest = self.0.book.with(move |registry| registry.manifest(&name, Some(&version))).await?.0;
        let Some(text) = manifest.config_schema else {
            return match (usual, values.get(key)) {
                (Some(usual), Some(value)) if kind(usual) != kind(value) => {
                    Err(other_kind(&plugin.name, key, usual, value))
                }
                _ => Ok(()),
            };
        };
        let schema = Schema::parse(&text).map_err(|error| Problem::invalid("bad-schema", error))?;
        let allowed = schema.check(&Value::Object(values.clone()), false);
        allowed.map_err(|why| {
            Problem::invalid("bad-config", format!("`{}` cannot be configured so: {why}", plugin.name))
        })
    }

    /// Runs a hook of a plugin that need not run; its code is loaded for it.
    async fn ask(&self, plugin: &Arc<Plugin>, hook: Hook) -> Result<(), Problem> {
        let report = self.0.life.hook(plugin, hook).await.map_err(|error| Problem::from(&error))?;
        report.result.map(drop).map_err(|ended| {
            let (kind, code) = match &ended {
                Ended::Failed(_) => (ProblemKind::Invalid, "config-refused"),
                Ended::Fault(_) => (ProblemKind::Guest, "config-fault"),
            };
            let why = format!("`{}` does not take this configuration: {}", plugin.name, describe(&ended));
            Problem::new(kind, code, why)
        })
    }
}

/// JSON's word for what a value is.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn other_kind(plugin: &PluginName, key: &str, usual: &Value, value: &Value) -> Problem {
    let (is, given) = (kind(usual), kind(value));
    let quoted =
        if usual.is_string() { "; a text that looks like one stands between quotes: '\"…\"'" } else { "" };
    let key = ares_kernel::text::quoted(key, 80);
    let why = format!("{key} of `{plugin}` is {is} in its manifest, and this is {given}{quoted}");
    Problem::invalid("bad-config", why)
}

/// The configuration with one key as it would be.
fn merged(plugin: &Plugin, key: &str, value: Option<Value>) -> Map<String, Value> {
    let mut values = plugin.config.as_ref().clone();
    match value {
        Some(value) => values.insert(key.to_owned(), value),
        None => values.remove(key),
    };
    values
}
