//! Registering a version: everything about it in one transaction, or nothing.

use std::collections::BTreeSet;

use ares_kernel::facts::{Schema, SchemaError};
use ares_kernel::{Blake3, Caller, CapabilityId, PluginName};
use rusqlite::{Connection, OptionalExtension as _, named_params};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::dependencies;
use crate::error::{OtherContent, RegistryError};
use crate::events::{self, Entry, actor};
use crate::grants::{self, Grant};
use crate::modules;
use crate::pinned::Pinned;
use crate::record::{CapabilityRecord, Registration};
use crate::registry::Registry;
use crate::rows::{self, int, json_of};
use crate::views::TargetView;
use crate::writer::Abort;

/// The world every plugin's component implements.
const WORLD: &str = "ares:host/plugin";

/// What registering did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Registered {
    /// The plugin.
    pub plugin: PluginName,
    /// The version.
    pub version: semver::Version,
    /// Hash of its component's bytes.
    pub blake3: Blake3,
    /// What it can do.
    pub capabilities: Vec<CapabilityId>,
    /// Every scope it asks for.
    pub asked: Vec<String>,
    /// Those of them it has.
    pub granted: Vec<String>,
    /// It was registered already, bytes and manifest alike, and nothing was changed.
    pub unchanged: bool,
    /// The version that was active before, if there was another.
    pub was: Option<String>,
    /// What it asks for and the version that was active before did not. Nothing of it is granted by
    /// an earlier grant.
    pub new_asks: Vec<String>,
}

/// A registration with everything about it checked that needs no database.
struct Checked {
    registration: Registration,
    pinned: Pinned,
    manifest_blake3: Blake3,
    grants: Vec<Grant>,
    actor: String,
    now: u64,
}

impl Registry {
    /// Registers a version, which becomes the active one. Registering the same bytes with the same
    /// manifest again changes nothing but adds the grants.
    ///
    /// # Errors
    /// When the version is registered with other content and `replace` is not set; when a
    /// capability is there twice, a schema is none, a limit is over the maximum or a grant cannot
    /// be given; when the registry cannot be written. Nothing is registered then.
    pub fn register(&self, registration: Registration, by: &Caller) -> Result<Registered, RegistryError> {
        let plugin = registration.manifest.id.clone();
        self.check_limits(&registration)?;
        check_capabilities(&plugin, &registration.capabilities)?;
        let pinned = Pinned::of(&registration.manifest);
        let grants = grants::prepared(&plugin, &pinned, &registration.grants, &self.options)?;
        let manifest_blake3 = Blake3::of(registration.manifest_text.as_bytes());
        let checked =
            Checked { registration, pinned, manifest_blake3, grants, actor: actor(by), now: self.now() };
        self.change("registering a plugin", move |connection| checked.write(connection))
    }

    fn check_limits(&self, registration: &Registration) -> Result<(), RegistryError> {
        let (maxima, manifest) = (&self.options.maxima, &registration.manifest);
        let folders = || manifest.permissions.folders.iter();
        let over = maxima
            .exceeded_by(&manifest.limits())
            .or_else(|| folders().find_map(|folder| maxima.exceeded_by_folder(&folder.quota)));
        let Some((key, asked, most)) = over else {
            return Ok(());
        };
        Err(RegistryError::OverMaximum { plugin: registration.manifest.id.clone(), key, asked, most })
    }
}

fn check_capabilities(plugin: &PluginName, capabilities: &[CapabilityRecord]) -> Result<(), RegistryError> {
    let mut seen = BTreeSet::new();
    for record in capabilities {
        if !seen.insert(&record.id) {
            return Err(RegistryError::DuplicateCapability {
                plugin: plugin.clone(),
                capability: record.id.clone(),
            });
        }
        let check = |which, text: &str| {
            let parsed: Result<(), SchemaError> = Schema::parse(text).and_then(|schema| schema.prepare());
            parsed.map_err(|source| RegistryError::Schema {
                plugin: plugin.clone(),
                capability: record.id.clone(),
                which,
                source,
            })
        };
        check("input", &record.input_schema)?;
        check("output", &record.output_schema)?;
    }
    Ok(())
}

impl Checked {
    fn name(&self) -> &PluginName {
        &self.registration.manifest.id
    }

    fn write(self, connection: &Connection) -> Result<Registered, Abort> {
        let version = self.registration.manifest.version.to_string();
        let known = modules::find(connection, self.name())?;
        let unchanged = match known {
            Some(module) => self.is_same(connection, module, &version)? && !self.registration.replace,
            None => false,
        };
        let module = known.map_or_else(|| self.add_module(connection, &version), Ok)?;
        let (mut was, mut new_asks) = (None, Vec::new());
        if !unchanged {
            was = modules::active_version(connection, module)?.filter(|_| known.is_some());
            if was.is_some() {
                new_asks = grants::new_asks(&grants::pinned(connection, module)?, &self.pinned);
            }
            self.put_version(connection, module, &version)?;
            self.announce(connection, module, was.as_deref())?;
        }
        grants::put(connection, self.name(), &self.grants, &self.actor, self.now)?;
        Ok(Registered {
            granted: grants::granted_scopes(connection, module, &self.pinned)?,
            asked: self.pinned.asks.iter().map(|ask| ask.scope.clone()).collect(),
            capabilities: self.registration.capabilities.iter().map(|record| record.id.clone()).collect(),
            blake3: self.registration.blake3,
            unchanged,
            was: was.filter(|was| *was != version),
            new_asks,
            version: self.registration.manifest.version,
            plugin: self.registration.manifest.id,
        })
    }

    /// Whether this version is registered with the same content. With other content it is an error,
    /// unless it may be replaced.
    fn is_same(&self, connection: &Connection, module: i64, version: &str) -> Result<bool, Abort> {
        let found: Option<(Blake3, Blake3)> = connection
            .prepare_cached(
                "SELECT blake3, manifest_blake3 FROM module_versions WHERE module_id = ?1 AND version = ?2",
            )?
            .query_row((module, version), |row| Ok((rows::blake3(row, 0)?, rows::blake3(row, 1)?)))
            .optional()?;
        let Some((component, manifest)) = found else { return Ok(false) };
        let pairs = [
            ("component", component, self.registration.blake3),
            ("manifest", manifest, self.manifest_blake3),
        ];
        let Some((what, registered, found)) =
            pairs.into_iter().find(|(_, registered, found)| registered != found)
        else {
            return Ok(true);
        };
        if self.registration.replace {
            return Ok(false);
        }
        Err(Abort::Registry(RegistryError::SameVersion(Box::new(OtherContent {
            plugin: self.name().clone(),
            version: self.registration.manifest.version.clone(),
            what,
            registered,
            found,
        }))))
    }

    fn add_module(&self, connection: &Connection, version: &str) -> Result<i64, Abort> {
        let mut insert = connection.prepare_cached(
            "INSERT INTO modules (public_id, name, display_name, type, version, entry_point, main_function,
                config_path, installed_at, updated_at, enabled, description, author, license, tags,
                features, priority, singleton, cache_results)
             VALUES (?1, ?2, ?2, ?3, ?4, '', ?5, '', ?6, ?6, ?7, '', '', '', '[]', '[]', 'normal', 0, 0)",
        )?;
        let enabled = self.registration.manifest.behavior.enabled;
        let kind = self.pinned.kind.as_str();
        let id = Uuid::now_v7();
        Ok(insert.insert((
            id.as_bytes(),
            self.name().as_str(),
            kind,
            version,
            WORLD,
            int(self.now),
            enabled,
        ))?)
    }

    fn put_version(&self, connection: &Connection, module: i64, version: &str) -> Result<(), Abort> {
        connection
            .prepare_cached("DELETE FROM module_versions WHERE module_id = ?1 AND version = ?2")?
            .execute((module, version))?;
        connection
            .prepare_cached("UPDATE module_versions SET active = 0 WHERE module_id = ?1 AND active = 1")?
            .execute([module])?;
        let source = utf8(&self.registration.source)?;
        let id = Uuid::now_v7();
        let version_id = connection
            .prepare_cached(
                "INSERT INTO module_versions (public_id, module_id, version, active, blake3, size, manifest,
                    manifest_blake3, pinned, wit_track, source_path, registered_at)
                 VALUES (:id, :module, :version, 1, :blake3, :size, :manifest, :manifest_blake3, :pinned,
                    :wit_track, :source, :now)",
            )?
            .insert(named_params! {
                ":id": id.as_bytes(), ":module": module, ":version": version,
                ":blake3": self.registration.blake3.as_bytes(), ":size": int(self.registration.size),
                ":manifest": self.registration.manifest_text,
                ":manifest_blake3": self.manifest_blake3.as_bytes(), ":pinned": json_of(&self.pinned),
                ":wit_track": self.registration.wit_track, ":source": source, ":now": int(self.now),
            })?;
        for record in &self.registration.capabilities {
            put_capability(connection, module, version_id, record)?;
        }
        dependencies::put(connection, module, version_id, &self.registration.manifest.dependencies)?;
        self.pinned.clone().into_module(connection, module, version, self.now)?;
        Ok(())
    }

    fn announce(&self, connection: &Connection, module: i64, was: Option<&str>) -> rusqlite::Result<()> {
        let capabilities: Vec<&str> =
            self.registration.capabilities.iter().map(|record| record.id.as_str()).collect();
        let data = json!({
            "version": self.registration.manifest.version, "was": was, "blake3": self.registration.blake3,
            "manifest_blake3": self.manifest_blake3, "capabilities": capabilities,
            "replaced": self.registration.replace,
        });
        let entry = Entry {
            module: Some(module),
            subject: Some(self.name().as_str()),
            actor: Some(self.actor.clone()),
            kind: "registered",
            data,
            at: self.now,
        };
        events::insert(connection, &entry)
    }
}

/// A path as text: the registry, its JSON and the manifest are all UTF-8.
pub(crate) fn utf8(path: &std::path::Path) -> Result<&str, RegistryError> {
    path.to_str()
        .ok_or_else(|| RegistryError::Invalid(format!("the path {} is not UTF-8; rename it", path.display())))
}

fn put_capability(
    connection: &Connection,
    module: i64,
    version: i64,
    record: &CapabilityRecord,
) -> rusqlite::Result<()> {
    let needs: Vec<String> = record.needs.iter().map(ToString::to_string).collect();
    let targets = record
        .targets
        .iter()
        .map(|target| TargetView { argument: target.argument.clone(), within: target.within.to_string() });
    let mut insert = connection.prepare_cached(
        "INSERT INTO capabilities (module_id, version_id, capability, description, input_schema,
            output_schema, effect, reversible, undo, idempotent, needs, targets, timeout_ms, trade_offs,
            implements, sequencing, cost, postcheck)
         VALUES (:module, :version, :capability, :description, :input, :output, :effect, :reversible, :undo,
            :idempotent, :needs, :targets, :timeout_ms, :trade_offs, :implements, :sequencing, :cost, :postcheck)",
    )?;
    insert.execute(named_params! {
        ":module": module, ":version": version, ":capability": record.id.as_str(),
        ":description": record.description, ":input": record.input_schema, ":output": record.output_schema,
        ":effect": record.effect.as_str(), ":reversible": record.reversible,
        ":undo": record.undo.as_ref().map(CapabilityId::as_str), ":idempotent": record.idempotent,
        ":needs": json_of(&needs), ":targets": json_of(&targets.collect::<Vec<_>>()),
        ":timeout_ms": record.timeout_ms.map(int), ":trade_offs": json_of(&record.trade_offs),
        ":implements": record.implements, ":sequencing": record.sequencing.as_ref().map(json_of),
        ":cost": record.cost.as_ref().map(json_of), ":postcheck": record.postcheck.as_ref().map(json_of),
    })?;
    Ok(())
}
