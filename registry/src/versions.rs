//! The table `module_versions`: what is registered under one name, and which of it answers.

use std::path::Path;

use ares_kernel::{Caller, PluginName};
use rusqlite::{OptionalExtension as _, Row};
use serde_json::json;

use crate::error::RegistryError;
use crate::events::{self, Entry, actor};
use crate::lockfile::{LockEntry, schemas_hash_of};
use crate::manifest::Manifest;
use crate::modules;
use crate::pinned::Pinned;
use crate::registry::Registry;
use crate::rows;
use crate::views::VersionView;
use crate::writer::Abort;

impl Registry {
    /// All versions of a plugin, newest first.
    ///
    /// # Errors
    /// When it is not registered or the registry cannot be read.
    pub fn versions(&self, plugin: &PluginName) -> Result<Vec<VersionView>, RegistryError> {
        let versions = self.read_versions(Some(plugin))?;
        if versions.is_empty() {
            return Err(RegistryError::NoSuchPlugin { name: plugin.clone() });
        }
        Ok(versions)
    }

    /// All versions of all plugins, by name, newest first.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn all_versions(&self) -> Result<Vec<VersionView>, RegistryError> {
        self.read_versions(None)
    }

    /// The manifest of a version (of the active one, when none is named), parsed and as text.
    ///
    /// # Errors
    /// When there is no such plugin or version, or this host cannot read the manifest any more.
    pub fn manifest(
        &self,
        plugin: &PluginName,
        version: Option<&semver::Version>,
    ) -> Result<(Manifest, String), RegistryError> {
        let wanted = version.map(ToString::to_string);
        let text: Option<String> = self.readers.read("reading a manifest", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT v.manifest FROM module_versions v JOIN modules m ON m.id = v.module_id
                 WHERE m.name = ?1 AND CASE WHEN ?2 IS NULL THEN v.active = 1 ELSE v.version = ?2 END",
            )?;
            select.query_row((plugin.as_str(), &wanted), |row| row.get(0)).optional()
        })?;
        let Some(text) = text else { return Err(self.no_such(plugin, version)) };
        let path = format!("{plugin}/plugin.toml");
        let manifest = Manifest::parse(&text, Path::new(&path))
            .map_err(|source| RegistryError::Manifest { plugin: plugin.clone(), source })?;
        Ok((manifest, text))
    }

    /// What `ares.lock` has to say of every plugin's active version, by name.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn lock_entries(&self) -> Result<Vec<LockEntry>, RegistryError> {
        self.readers.read("reading what is pinned", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT m.name, v.version, v.blake3, v.manifest_blake3, v.wit_track, v.id FROM modules m
                 JOIN module_versions v ON v.module_id = m.id AND v.active = 1 ORDER BY m.name",
            )?;
            let mut schemas = connection.prepare_cached(
                "SELECT capability, input_schema, output_schema FROM capabilities WHERE version_id = ?1",
            )?;
            let entry = |row: &Row<'_>| {
                let texts = schemas.query_map([row.get::<_, i64>(5)?], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
                })?;
                let texts: Vec<_> = texts.collect::<rusqlite::Result<_>>()?;
                let texts = texts
                    .iter()
                    .map(|(name, input, output)| (name.as_str(), input.as_str(), output.as_str()));
                Ok(LockEntry {
                    name: rows::parsed(row, 0)?,
                    version: rows::parsed(row, 1)?,
                    component: rows::blake3(row, 2)?,
                    manifest: rows::blake3(row, 3)?,
                    schemas: schemas_hash_of(texts),
                    wit: row.get(4)?,
                })
            };
            select.query_map((), entry)?.collect()
        })
    }

    /// Makes a registered version the one that answers. Answers the one that did before.
    ///
    /// # Errors
    /// When there is no such plugin or version, or the registry cannot be written.
    pub fn activate(
        &self,
        plugin: &PluginName,
        version: &semver::Version,
        by: &Caller,
    ) -> Result<semver::Version, RegistryError> {
        let versions = self.versions(plugin)?;
        if !versions.iter().any(|view| &view.version == version) {
            return Err(self.no_such(plugin, Some(version)));
        }
        let (name, text) = (plugin.clone(), version.to_string());
        let (actor, at) = (Some(actor(by)), self.now());
        let was = self.change("activating a version", move |connection| {
            let module = modules::id(connection, &name)?;
            let was = modules::active_version(connection, module)?.unwrap_or_default();
            let pinned: Pinned = connection
                .prepare_cached("SELECT pinned FROM module_versions WHERE module_id = ?1 AND version = ?2")?
                .query_row((module, &text), |row| rows::json(row, 0))?;
            if was == text {
                return Ok(was);
            }
            connection
                .prepare_cached("UPDATE module_versions SET active = 0 WHERE module_id = ?1 AND active = 1")?
                .execute([module])?;
            connection
                .prepare_cached(
                    "UPDATE module_versions SET active = 1 WHERE module_id = ?1 AND version = ?2",
                )?
                .execute((module, &text))?;
            pinned.into_module(connection, module, &text, at)?;
            let data = json!({ "version": text, "was": was });
            let (subject, kind) = (Some(name.as_str()), "activated");
            events::insert(connection, &Entry { module: Some(module), subject, actor, kind, data, at })?;
            Ok::<_, Abort>(was)
        })?;
        was.parse().map_err(|error: semver::Error| RegistryError::Corrupt {
            path: self.path.clone(),
            detail: format!("the version that was active of `{plugin}`: {error}"),
        })
    }

    /// Why this plugin or version cannot be had.
    pub(crate) fn no_such(&self, plugin: &PluginName, version: Option<&semver::Version>) -> RegistryError {
        match (self.versions(plugin), version) {
            (Ok(versions), Some(version)) => RegistryError::NoSuchVersion {
                plugin: plugin.clone(),
                version: version.clone(),
                registered: versions
                    .iter()
                    .map(|view| view.version.to_string())
                    .collect::<Vec<_>>()
                    .join(", "),
            },
            (Err(error), _) => error,
            (Ok(_), None) => RegistryError::NoSuchPlugin { name: plugin.clone() },
        }
    }

    fn read_versions(&self, plugin: Option<&PluginName>) -> Result<Vec<VersionView>, RegistryError> {
        let mut versions: Vec<VersionView> = self.readers.read("listing versions", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT v.public_id, m.name, v.version, v.active, v.blake3, v.size, v.manifest_blake3,
                    v.wit_track, v.source_path, v.registered_at, v.pinned ->> '$.entry_point'
                 FROM module_versions v JOIN modules m ON m.id = v.module_id
                 WHERE ?1 IS NULL OR m.name = ?1",
            )?;
            select.query_map([plugin.map(PluginName::as_str)], |row| self.view(row))?.collect()
        })?;
        versions.sort_by(|a, b| a.plugin.cmp(&b.plugin).then_with(|| b.version.cmp(&a.version)));
        Ok(versions)
    }

    fn view(&self, row: &Row<'_>) -> rusqlite::Result<VersionView> {
        let blake3 = rows::blake3(row, 4)?;
        Ok(VersionView {
            id: rows::uuid(row, 0)?,
            plugin: rows::parsed(row, 1)?,
            version: rows::parsed(row, 2)?,
            active: row.get(3)?,
            blake3,
            size: rows::count(row, 5)?,
            manifest_blake3: rows::blake3(row, 6)?,
            wit_track: row.get(7)?,
            source: row.get::<_, String>(8)?.into(),
            entry_point: row.get(10)?,
            component: self.component_path(&blake3),
            registered_at_ms: rows::count(row, 9)?,
        })
    }
}
