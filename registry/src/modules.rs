//! The table `modules`: plugins, each with its active version.

use ares_kernel::{Caller, PluginName};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde_json::json;

use crate::error::RegistryError;
use crate::events::{self, Entry, actor};
use crate::registry::Registry;
use crate::rows::{self, int};
use crate::status;
use crate::views::{ModuleFilter, ModuleView};
use crate::writer::Abort;

/// The plugin's row, if it is registered.
pub(crate) fn find(connection: &Connection, name: &PluginName) -> rusqlite::Result<Option<i64>> {
    let mut select = connection.prepare_cached("SELECT id FROM modules WHERE name = ?1")?;
    select.query_row([name.as_str()], |row| row.get(0)).optional()
}

/// The plugin's row.
pub(crate) fn id(connection: &Connection, name: &PluginName) -> Result<i64, Abort> {
    let found = find(connection, name)?;
    found.ok_or_else(|| Abort::Registry(RegistryError::NoSuchPlugin { name: name.clone() }))
}

/// The version that answers.
pub(crate) fn active_version(connection: &Connection, module: i64) -> rusqlite::Result<Option<String>> {
    let mut select = connection
        .prepare_cached("SELECT version FROM module_versions WHERE module_id = ?1 AND active = 1")?;
    select.query_row([module], |row| row.get(0)).optional()
}

impl Registry {
    /// Takes a plugin out: all versions, grants, configuration and stored values. Its events stay.
    /// Answers the versions there were.
    ///
    /// # Errors
    /// When it is not registered or the registry cannot be written.
    pub fn unregister(
        &self,
        plugin: &PluginName,
        by: &Caller,
    ) -> Result<Vec<semver::Version>, RegistryError> {
        let versions: Vec<semver::Version> =
            self.versions(plugin)?.into_iter().map(|view| view.version).collect();
        let (plugin, actor, at, gone) = (plugin.clone(), Some(actor(by)), self.now(), versions.clone());
        self.change("taking a plugin out", move |connection| {
            let module = id(connection, &plugin)?;
            let values: i64 = connection
                .prepare_cached("SELECT count(*) FROM kv WHERE module_id = ?1")?
                .query_row([module], |row| row.get(0))?;
            connection.prepare_cached("DELETE FROM modules WHERE id = ?1")?.execute([module])?;
            let data = json!({ "versions": gone, "stored_values": values });
            let (subject, kind) = (Some(plugin.as_str()), "unregistered");
            Ok(events::insert(connection, &Entry { module: None, subject, actor, kind, data, at })?)
        })?;
        Ok(versions)
    }

    /// Allows or forbids the use of a plugin. Answers whether that was a change.
    ///
    /// # Errors
    /// When it is not registered or the registry cannot be written.
    pub fn set_enabled(
        &self,
        plugin: &PluginName,
        enabled: bool,
        by: &Caller,
    ) -> Result<bool, RegistryError> {
        let (plugin, actor, at) = (plugin.clone(), Some(actor(by)), self.now());
        self.change("allowing or forbidding a plugin", move |connection| {
            let module = id(connection, &plugin)?;
            let changed = connection
                .prepare_cached(
                    "UPDATE modules SET enabled = ?2, updated_at = ?3 WHERE id = ?1 AND enabled <> ?2",
                )?
                .execute((module, enabled, int(at)))?;
            if changed > 0 {
                let kind = if enabled { "enabled" } else { "disabled" };
                let subject = Some(plugin.as_str());
                let entry = Entry { module: Some(module), subject, actor, kind, data: json!({}), at };
                events::insert(connection, &entry)?;
            }
            Ok(changed > 0)
        })
    }

    /// Plugins, by name.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn modules(&self, filter: &ModuleFilter) -> Result<Vec<ModuleView>, RegistryError> {
        self.read_modules(None, filter)
    }

    /// One plugin.
    ///
    /// # Errors
    /// When it is not registered or the registry cannot be read.
    pub fn module(&self, plugin: &PluginName) -> Result<ModuleView, RegistryError> {
        let found = self.read_modules(Some(plugin), &ModuleFilter::default())?.pop();
        found.ok_or_else(|| RegistryError::NoSuchPlugin { name: plugin.clone() })
    }

    fn read_modules(
        &self,
        plugin: Option<&PluginName>,
        filter: &ModuleFilter,
    ) -> Result<Vec<ModuleView>, RegistryError> {
        self.readers.read("listing plugins", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT m.*, v.blake3, v.size, v.wit_track, v.source_path, s.state
                 FROM modules m
                 JOIN module_versions v ON v.module_id = m.id AND v.active = 1
                 LEFT JOIN status s ON s.module_id = m.id
                 WHERE (:plugin IS NULL OR m.name = :plugin)
                   AND (:kind IS NULL OR m.type = :kind)
                   AND (:category IS NULL OR m.category = :category)
                   AND (:tag IS NULL OR :tag IN (SELECT value FROM json_each(m.tags)))
                   AND (NOT :auto_start OR (m.auto_start AND m.enabled))
                 ORDER BY m.name",
            )?;
            let parameters = named_params! {
                ":plugin": plugin.map(PluginName::as_str), ":kind": filter.kind,
                ":category": filter.category, ":tag": filter.tag, ":auto_start": filter.auto_start,
            };
            select.query_map(parameters, view)?.collect()
        })
    }
}

fn view(row: &Row<'_>) -> rusqlite::Result<ModuleView> {
    Ok(ModuleView {
        id: rows::uuid(row, "public_id")?,
        name: rows::parsed(row, "name")?,
        display_name: row.get("display_name")?,
        kind: row.get("type")?,
        version: rows::parsed(row, "version")?,
        description: row.get("description")?,
        author: row.get("author")?,
        license: row.get("license")?,
        category: row.get("category")?,
        tags: rows::json(row, "tags")?,
        features: rows::json(row, "features")?,
        entry_point: row.get("entry_point")?,
        main_function: row.get("main_function")?,
        config_path: row.get::<_, String>("config_path")?.into(),
        installed_at_ms: rows::count(row, "installed_at")?,
        updated_at_ms: rows::count(row, "updated_at")?,
        enabled: row.get("enabled")?,
        auto_start: row.get("auto_start")?,
        priority: rows::word(row, "priority")?,
        singleton: row.get("singleton")?,
        cache_results: row.get("cache_results")?,
        blake3: rows::blake3(row, "blake3")?,
        size: rows::count(row, "size")?,
        wit_track: row.get("wit_track")?,
        source: row.get::<_, String>("source_path")?.into(),
        state: status::state(row, "state")?,
    })
}
