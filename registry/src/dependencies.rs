//! The table `dependencies`: what a version cannot do without, and what it can.

use ares_kernel::PluginName;
use rusqlite::{Connection, Row};
use serde_json::{Map, Value};

use crate::error::RegistryError;
use crate::manifest::{Dependency, DependencyGroup};
use crate::registry::Registry;
use crate::rows;
use crate::views::DependencyView;

/// The word for a group in the table.
fn word(group: DependencyGroup) -> &'static str {
    match group {
        DependencyGroup::Modules => "module",
        DependencyGroup::System => "system",
        DependencyGroup::Python => "python",
        DependencyGroup::Apis => "api",
        DependencyGroup::Host => "host",
    }
}

/// Writes a version's dependencies.
pub(crate) fn put(
    connection: &Connection,
    module: i64,
    version: i64,
    dependencies: &[Dependency],
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO dependencies (module_id, version_id, dependency_type, name, version_constraint, required,
            detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for dependency in dependencies {
        let named = [("endpoint", &dependency.endpoint), ("auth", &dependency.auth)];
        let detail: Map<String, Value> = named
            .into_iter()
            .filter_map(|(key, text)| Some((key.to_owned(), text.clone()?.into())))
            .collect();
        let detail = (!detail.is_empty()).then(|| rows::json_of(&detail));
        let (kind, required) = (word(dependency.group), !dependency.optional);
        insert.execute((
            module,
            version,
            kind,
            &dependency.name,
            &dependency.requirement,
            required,
            detail,
        ))?;
    }
    Ok(())
}

impl Registry {
    /// What a plugin's active version depends on, in the manifest's order.
    ///
    /// # Errors
    /// When the plugin is not registered or the registry cannot be read.
    pub fn dependencies(&self, plugin: &PluginName) -> Result<Vec<DependencyView>, RegistryError> {
        self.module(plugin)?;
        self.readers.read("listing dependencies", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT d.dependency_type, d.name, d.version_constraint, d.required, d.detail
                 FROM dependencies d
                 JOIN modules m ON m.id = d.module_id
                 JOIN module_versions v ON v.id = d.version_id AND v.active = 1
                 WHERE m.name = ?1 ORDER BY d.id",
            )?;
            select.query_map([plugin.as_str()], view)?.collect()
        })
    }
}

fn view(row: &Row<'_>) -> rusqlite::Result<DependencyView> {
    Ok(DependencyView {
        kind: row.get(0)?,
        name: row.get(1)?,
        version_constraint: row.get(2)?,
        required: row.get(3)?,
        detail: rows::json_or_none(row, 4)?,
    })
}
