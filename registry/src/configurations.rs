//! The table `configurations`: what the operator set over the manifest's values.

use ares_kernel::facts::Schema;
use ares_kernel::text::quoted;
use ares_kernel::{Caller, PluginName};
use rusqlite::Connection;
use serde_json::{Map, Value, json};

use crate::error::RegistryError;
use crate::events::{self, Entry, actor};
use crate::grants::pinned;
use crate::modules;
use crate::pinned::Pinned;
use crate::registry::Registry;
use crate::rows::{self, int};
use crate::views::{ConfigView, Origin};
use crate::writer::Abort;

/// The longest value, in bytes of JSON text.
const VALUE_MAX: usize = 64 * 1024;

impl Registry {
    /// A plugin's configuration as it holds now, by key.
    ///
    /// # Errors
    /// When the plugin is not registered or the registry cannot be read.
    pub fn config(&self, plugin: &PluginName) -> Result<Vec<ConfigView>, RegistryError> {
        let found = self.readers.read("reading a configuration", |connection| {
            let Some(module) = modules::find(connection, plugin)? else { return Ok(None) };
            Ok(Some((pinned(connection, module)?, overrides(connection, module)?)))
        })?;
        let Some((pinned, overrides)) = found else {
            return Err(RegistryError::NoSuchPlugin { name: plugin.clone() });
        };
        Ok(views(&pinned, &overrides))
    }

    /// Overrides one value. The whole configuration is checked against the manifest's
    /// `[config.schema]`, where there is one. Ask the plugin itself first: this does not.
    ///
    /// # Errors
    /// When the plugin is not registered, the configuration would not match its schema, or the
    /// registry cannot be written.
    pub fn config_set(
        &self,
        plugin: &PluginName,
        key: &str,
        value: &Value,
        by: &Caller,
    ) -> Result<Vec<ConfigView>, RegistryError> {
        let (name, key, value) = (plugin.clone(), key.to_owned(), value.clone());
        let (actor, at) = (Some(actor(by)), self.now());
        self.change("writing a configuration", move |connection| {
            let module = modules::id(connection, &name)?;
            check(connection, module, &name, &key, Some(&value))?;
            connection
                .prepare_cached(
                    "INSERT INTO configurations (module_id, key, value, updated_at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (module_id, key) DO UPDATE SET value = excluded.value,
                        updated_at = excluded.updated_at",
                )?
                .execute((module, &key, value.to_string(), int(at)))?;
            let (subject, data) = (Some(name.as_str()), json!({ "key": key, "value": value }));
            let entry = Entry { module: Some(module), subject, actor, kind: "configured", data, at };
            Ok(events::insert(connection, &entry)?)
        })?;
        self.config(plugin)
    }

    /// Takes an override back, so that the manifest's value holds again.
    ///
    /// # Errors
    /// When the plugin is not registered or the key not overridden, the configuration would not
    /// match its schema, or the registry cannot be written.
    pub fn config_unset(
        &self,
        plugin: &PluginName,
        key: &str,
        by: &Caller,
    ) -> Result<Vec<ConfigView>, RegistryError> {
        let (name, key) = (plugin.clone(), key.to_owned());
        let (actor, at) = (Some(actor(by)), self.now());
        self.change("writing a configuration", move |connection| {
            let module = modules::id(connection, &name)?;
            check(connection, module, &name, &key, None)?;
            let gone = connection
                .prepare_cached("DELETE FROM configurations WHERE module_id = ?1 AND key = ?2")?
                .execute((module, &key))?;
            if gone == 0 {
                let key = ares_kernel::text::escaped(&key, 80);
                return Err(Abort::Registry(RegistryError::NoSuchOverride { plugin: name.clone(), key }));
            }
            let (subject, data) = (Some(name.as_str()), json!({ "key": key }));
            let entry = Entry { module: Some(module), subject, actor, kind: "unconfigured", data, at };
            Ok(events::insert(connection, &entry)?)
        })?;
        self.config(plugin)
    }
}

/// Checks the configuration as it would be with this value, or without an override.
fn check(
    connection: &Connection,
    module: i64,
    plugin: &PluginName,
    key: &str,
    value: Option<&Value>,
) -> Result<(), Abort> {
    let refused = |why: String| Err(Abort::Registry(RegistryError::Config { plugin: plugin.clone(), why }));
    if key.is_empty() || key.chars().count() > 256 {
        return refused(format!("the key {} is empty or longer than 256 characters", quoted(key, 80)));
    }
    if let Some(length) = value.map(|value| value.to_string().len()).filter(|length| *length > VALUE_MAX) {
        return refused(format!(
            "the value of {} has {length} bytes; the most is {VALUE_MAX}",
            quoted(key, 80)
        ));
    }
    let pinned = pinned(connection, module)?;
    let Some(schema) = &pinned.config_schema else { return Ok(()) };
    let mut overrides = overrides(connection, module)?;
    match value {
        Some(value) => overrides.insert(key.to_owned(), value.clone()),
        None => overrides.remove(key),
    };
    let mut merged = pinned.config.clone();
    merged.extend(overrides);
    let schema = Schema::parse(schema);
    match schema.map_err(|error| error.to_string()).and_then(|schema| schema.check(&merged.into(), true)) {
        Ok(()) => Ok(()),
        Err(why) => refused(why),
    }
}

fn overrides(connection: &Connection, module: i64) -> rusqlite::Result<Map<String, Value>> {
    let mut select = connection
        .prepare_cached("SELECT key, value FROM configurations WHERE module_id = ?1 ORDER BY key")?;
    select.query_map([module], |row| Ok((row.get(0)?, rows::json(row, 1)?)))?.collect()
}

fn views(pinned: &Pinned, overrides: &Map<String, Value>) -> Vec<ConfigView> {
    let mut merged = pinned.config.clone();
    merged.extend(overrides.clone());
    let view = |(key, value): (String, Value)| {
        let manifest = pinned.config.get(&key).filter(|_| overrides.contains_key(&key)).cloned();
        let origin = if overrides.contains_key(&key) { Origin::Override } else { Origin::Manifest };
        ConfigView { key, value, origin, manifest }
    };
    merged.into_iter().map(view).collect()
}
