//! The table `configurations`: what the operator set over what manifest and file say.

use std::borrow::Cow;

use ares_kernel::text::quoted;
use ares_kernel::{Caller, PluginName};
use rusqlite::Connection;
use serde_json::{Map, Value, json};

use crate::config_layers::{Layers, takes};
use crate::error::RegistryError;
use crate::events::{self, Entry, actor};
use crate::file_layer::FilePart;
use crate::grants::pinned;
use crate::modules;
use crate::reference;
use crate::registry::Registry;
use crate::rows::{self, int};
use crate::views::ConfigView;
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
        let file = self.options.plugins.of(plugin.as_str());
        Ok(Layers { pinned: &pinned, file, database: &overrides }.views())
    }

    /// The whole configuration as it would be with this value in the database, or without one.
    /// Nothing is changed.
    ///
    /// # Errors
    /// When the plugin is not registered, would not take it, or the registry cannot be read.
    pub fn config_fits(
        &self,
        plugin: &PluginName,
        key: &str,
        value: Option<&Value>,
    ) -> Result<Map<String, Value>, RegistryError> {
        value.map_or(Ok(()), |value| self.holds_no_secret(plugin, key, value))?;
        let file = self.options.plugins.of(plugin.as_str());
        let checked = self.readers.read("reading a configuration", |connection| {
            let Some(module) = modules::find(connection, plugin)? else { return Ok(None) };
            match check(connection, module, plugin, file, (key, value)) {
                Ok(merged) => Ok(Some(Ok(merged))),
                Err(Abort::Registry(error)) => Ok(Some(Err(error))),
                Err(Abort::Sqlite(error)) => Err(error),
            }
        })?;
        checked.unwrap_or_else(|| Err(RegistryError::NoSuchPlugin { name: plugin.clone() }))
    }

    /// Overrides one value. The whole configuration is checked against the manifest's
    /// `[config.schema]`; where there is none, the key must be one of the manifest's own and keep its
    /// type. Ask the plugin itself first: this does not.
    ///
    /// # Errors
    /// When the plugin is not registered, would not take the configuration, or the registry cannot
    /// be written.
    pub fn config_set(
        &self,
        plugin: &PluginName,
        key: &str,
        value: &Value,
        by: &Caller,
    ) -> Result<Vec<ConfigView>, RegistryError> {
        self.holds_no_secret(plugin, key, value)?;
        let (name, key, value) = (plugin.clone(), key.to_owned(), value.clone());
        let (actor, at) = (Some(actor(by)), self.now());
        let file = self.options.plugins.of(name.as_str()).cloned();
        self.change("writing a configuration", move |connection| {
            let module = modules::id(connection, &name)?;
            check(connection, module, &name, file.as_ref(), (&key, Some(&value)))?;
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

    /// Refuses a value that holds a stored secret in any spelling.
    fn holds_no_secret(&self, plugin: &PluginName, key: &str, value: &Value) -> Result<(), RegistryError> {
        match self.memory.secrets.scrub(&value.to_string()) {
            Cow::Borrowed(_) => Ok(()),
            Cow::Owned(_) => {
                Err(RegistryError::Config { plugin: plugin.clone(), why: reference::in_plain_text(key) })
            }
        }
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
        let file = self.options.plugins.of(name.as_str()).cloned();
        self.change("writing a configuration", move |connection| {
            let module = modules::id(connection, &name)?;
            check(connection, module, &name, file.as_ref(), (&key, None))?;
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

/// Checks the configuration as it would be with this value, or without one in the database, and
/// answers it.
fn check(
    connection: &Connection,
    module: i64,
    plugin: &PluginName,
    file: Option<&FilePart>,
    (key, value): (&str, Option<&Value>),
) -> Result<Map<String, Value>, Abort> {
    let refused = |why: String| Abort::Registry(RegistryError::Config { plugin: plugin.clone(), why });
    if key.is_empty() || key.chars().count() > 256 {
        return Err(refused(format!("the key {} is empty or longer than 256 characters", quoted(key, 80))));
    }
    if let Some(length) = value.map(|value| value.to_string().len()).filter(|length| *length > VALUE_MAX) {
        let key = quoted(key, 80);
        return Err(refused(format!("the value of {key} has {length} bytes; the most is {VALUE_MAX}")));
    }
    let (pinned, mut database) = (pinned(connection, module)?, overrides(connection, module)?);
    let was = Layers { pinned: &pinned, file, database: &database }.problem();
    match (value, was) {
        (Some(value), None) => drop(database.insert(key.to_owned(), value.clone())),
        // What is wrong would only be hidden.
        (Some(_), Some(why)) => return Err(refused(why)),
        (None, was) => {
            database.remove(key);
            if was.is_some() {
                // Taking back may be what mends it.
                return Ok(Layers { pinned: &pinned, file, database: &database }.merged());
            }
        }
    }
    let merged = Layers { pinned: &pinned, file, database: &database }.merged();
    takes(&pinned, &merged, value.map(|value| (key, value))).map_err(refused)?;
    Ok(merged)
}

fn overrides(connection: &Connection, module: i64) -> rusqlite::Result<Map<String, Value>> {
    let mut select = connection
        .prepare_cached("SELECT key, value FROM configurations WHERE module_id = ?1 ORDER BY key")?;
    select.query_map([module], |row| Ok((row.get(0)?, rows::json(row, 1)?)))?.collect()
}
