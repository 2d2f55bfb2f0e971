//! A plugin's configuration: the manifest's values, then the configuration file's, then the operator's.

use std::sync::Arc;

use ares_kernel::facts::Plugin;
use ares_kernel::ports::Hook;
use ares_kernel::{Caller, Ended, PluginName, json as strict};
use ares_registry::{ConfigView, Origin, as_the_guest_reads};
use serde_json::{Value, json};

use super::{Answer, Operations, json as to_json, name};
use crate::lifecycle::describe;
use crate::operation::{Problem, ProblemKind};

/// An override is set or, with nothing, taken back.
type Override = Option<Value>;

impl Operations {
    pub(super) async fn config_get(&self, plugin: &str, key: Option<String>) -> Answer {
        let plugin = name(plugin)?;
        let values = self.config_of(&plugin).await?;
        let Some(key) = key else {
            let problem = self.plugin(&plugin)?.misconfigured.clone();
            return Ok(json!({ "plugin": plugin, "values": values, "problem": problem }));
        };
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

    /// The manifest's word first, then the plugin's; then it is stored, and a plugin that runs is
    /// told. When it cannot take the change after all, the change is taken back.
    async fn configure(&self, caller: Caller, plugin: PluginName, key: String, wanted: Override) -> Answer {
        let _alone = self.alone().await?;
        let views = self.config_of(&plugin).await?;
        let view = views.iter().find(|view| view.key == key);
        let before = view.filter(|view| view.origin == Origin::Database).map(|view| view.value.clone());
        let active = self.plugin(&plugin)?;
        if wanted.is_some() || before.is_some() {
            let (name, changed, value) = (plugin.clone(), key.clone(), wanted.clone());
            let fits =
                self.0.book.with(move |registry| registry.config_fits(&name, &changed, value.as_ref()));
            let values = fits.await?;
            let values = Value::Object(as_the_guest_reads(values)).to_string();
            self.ask(&active, Hook::Validate(values)).await?;
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
