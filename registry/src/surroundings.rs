//! The table `surroundings`: what was around a plugin when it last worked, and what is otherwise now.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ares_kernel::PluginName;
use ares_kernel::facts::{Drift, Plugin};
use rusqlite::{Connection, Row};
use semver::Version;

use crate::registry::Registry;
use crate::rows::{self, int, unsound};

/// This host.
const HOST: &str = env!("CARGO_PKG_VERSION");

/// What is around a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Surroundings {
    host: Version,
    /// The contract's track, such as `0.1`, as a version.
    wit: Version,
    /// The plugins it depends on that are there, by name.
    modules: BTreeMap<String, Version>,
}

/// What changed around each plugin; those for whom nothing did are not in it.
pub(crate) type Drifts = HashMap<PluginName, Arc<Drift>>;

/// Compares what is with what was.
pub(crate) fn drifts(connection: &Connection) -> rusqlite::Result<Drifts> {
    let mut depends: HashMap<i64, BTreeMap<String, Version>> = HashMap::new();
    let mut select = connection.prepare_cached(
        "SELECT d.module_id, d.name, other.version FROM dependencies d
         JOIN module_versions v ON v.id = d.version_id AND v.active = 1
         JOIN modules m ON m.name = d.name JOIN module_versions other ON other.module_id = m.id AND other.active = 1
         WHERE d.dependency_type = 'module'",
    )?;
    let mut found = select.query(())?;
    while let Some(row) = found.next()? {
        depends.entry(row.get(0)?).or_default().insert(row.get(1)?, rows::parsed(row, 2)?);
    }
    let mut select = connection.prepare_cached(
        "SELECT m.id, m.name, v.wit_track, s.host, s.wit, s.modules FROM modules m
         JOIN module_versions v ON v.module_id = m.id AND v.active = 1
         LEFT JOIN surroundings s ON s.module_id = m.id",
    )?;
    let mut found = select.query(())?;
    let mut drifts = Drifts::new();
    while let Some(row) = found.next()? {
        let now = Surroundings {
            host: HOST.parse().map_err(unsound)?,
            wit: track(&row.get::<_, String>(2)?)?,
            modules: depends.remove(&row.get(0)?).unwrap_or_default(),
        };
        let before = before(row)?;
        if before.as_ref() != Some(&now) {
            let changes = before.map_or_else(Vec::new, |before| now.changes_since(&before));
            drifts.insert(rows::parsed(row, 1)?, Arc::new(Drift::new(changes)));
        }
    }
    Ok(drifts)
}

fn before(row: &Row<'_>) -> rusqlite::Result<Option<Surroundings>> {
    let Some(host) = row.get::<_, Option<String>>(3)? else { return Ok(None) };
    let modules: BTreeMap<String, Version> = rows::json(row, 5)?;
    Ok(Some(Surroundings {
        host: host.parse().map_err(unsound)?,
        wit: track(&row.get::<_, String>(4)?)?,
        modules,
    }))
}

/// `0.1` as 0.1.0.
fn track(text: &str) -> rusqlite::Result<Version> {
    Version::parse(text).or_else(|_| Version::parse(&format!("{text}.0"))).map_err(unsound)
}

/// Whether these promise to do the same: <https://semver.org>, items 4 and 8.
fn compatible(one: &Version, other: &Version) -> bool {
    one.major == other.major && (one.major > 0 || one.minor == other.minor)
}

impl Surroundings {
    /// Large changes, a sentence each.
    fn changes_since(&self, before: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        let mut compare = |what: String, was: &Version, is: &Version| {
            if !compatible(was, is) {
                changes.push(format!("since it last worked, {what} went from {was} to {is}"));
            }
        };
        compare("this host".to_owned(), &before.host, &self.host);
        compare("the contract it was built for".to_owned(), &before.wit, &self.wit);
        for (name, is) in &self.modules {
            if let Some(was) = before.modules.get(name) {
                compare(format!("plugin `{name}`, which it depends on,"), was, is);
            }
        }
        for name in before.modules.keys().filter(|name| !self.modules.contains_key(*name)) {
            changes.push(format!("since it last worked, plugin `{name}`, which it depended on, is gone"));
        }
        changes
    }
}

impl Registry {
    /// Records that a plugin works in its present surroundings, soon: nobody waits for it.
    pub(crate) fn note_worked(&self, plugin: &Plugin) {
        let snapshot = self.snapshot();
        if !snapshot.drift(&plugin.name).is_some_and(|drift| drift.settle()) {
            return;
        }
        let (name, blake3, now) = (plugin.name.to_string(), plugin.blake3, self.now());
        let noted = self.writer.submit(
            "noting what a plugin works with",
            move |connection| {
                // Of the very bytes that worked: others may be active by now.
                let mut upsert = connection.prepare_cached(
                    "INSERT INTO surroundings (module_id, host, wit, modules, at)
                     SELECT m.id, ?3, v.wit_track, (
                        SELECT json_group_object(d.name, other.version) FROM dependencies d
                        JOIN modules o ON o.name = d.name
                        JOIN module_versions other ON other.module_id = o.id AND other.active = 1
                        WHERE d.version_id = v.id AND d.dependency_type = 'module'), ?4
                     FROM modules m JOIN module_versions v ON v.module_id = m.id AND v.active = 1
                     WHERE m.name = ?1 AND v.blake3 = ?2
                     ON CONFLICT (module_id) DO UPDATE SET host = excluded.host, wit = excluded.wit,
                        modules = excluded.modules, at = excluded.at",
                )?;
                upsert.execute((name, blake3.as_bytes(), HOST, int(now)))?;
                Ok(())
            },
            |result: Result<(), _>| {
                if let Err(error) = result {
                    tracing::warn!(%error, "what a plugin works with could not be noted");
                }
            },
        );
        if let Err(error) = noted {
            tracing::warn!(%error, "what a plugin works with could not be noted");
        }
    }
}
