//! Looking the database over, and showing its schema.

use ares_kernel::Blake3;
use rusqlite::Connection;
use serde::Serialize;

use crate::error::RegistryError;
use crate::pinned::Pinned;
use crate::registry::Registry;
use crate::rows;

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check found it.
    pub check: &'static str,
    /// What it is about and what is wrong.
    pub message: String,
}

/// The schema as the database has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchemaView {
    /// Its version.
    pub version: i64,
    /// The text that makes it: tables, indexes, triggers.
    pub sql: String,
    /// The indexes that have names of their own.
    pub indexes: Vec<IndexView>,
}

/// One index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexView {
    /// Its name.
    pub name: String,
    /// Its table.
    pub table: String,
    /// The text that makes it.
    pub sql: String,
}

/// Rows that contradict one another: each query answers one line for each.
const RULES: &[(&str, &str)] = &[
    (
        "one-active-version",
        "SELECT '`' || m.name || '` has ' || count(v.id) || ' active versions' FROM modules m
         LEFT JOIN module_versions v ON v.module_id = m.id AND v.active = 1
         GROUP BY m.id HAVING count(v.id) <> 1",
    ),
    (
        "active-version-shown",
        "SELECT '`' || m.name || '` shows version ' || m.version || ', active is ' || v.version FROM modules m
         JOIN module_versions v ON v.module_id = m.id AND v.active = 1 WHERE v.version <> m.version",
    ),
    (
        "version-has-capabilities",
        "SELECT '`' || m.name || '` ' || v.version || ' has no capabilities' FROM module_versions v
         JOIN modules m ON m.id = v.module_id
         WHERE NOT EXISTS (SELECT 1 FROM capabilities c WHERE c.version_id = v.id)",
    ),
];

impl Registry {
    /// Looks the whole database over: its pages, its references, and its rows against one another.
    /// Also names spool files that were found damaged and kept. Nothing found is an empty list.
    ///
    /// # Errors
    /// When the database cannot even be read.
    pub fn check(&self) -> Result<Vec<Finding>, RegistryError> {
        self.flush()?;
        let mut findings = self.readers.read("checking the registry", |connection| {
            let mut findings = pages(connection)?;
            findings.extend(references(connection)?);
            for (check, sql) in RULES {
                let mut select = connection.prepare(sql)?;
                for message in select.query_map((), |row| row.get(0))? {
                    findings.push(Finding { check, message: message? });
                }
            }
            findings.extend(versions(connection)?);
            Ok(findings)
        })?;
        findings.extend(self.damaged_spools()?);
        Ok(findings)
    }

    /// The live schema.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn schema(&self) -> Result<SchemaView, RegistryError> {
        self.readers.read("reading the schema", |connection| {
            let mut select = connection.prepare(
                "SELECT type, name, tbl_name, sql FROM sqlite_schema
                 WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY rowid",
            )?;
            let (mut sql, mut indexes) = (String::new(), Vec::new());
            let mut found = select.query(())?;
            while let Some(row) = found.next()? {
                let text: String = row.get(3)?;
                sql.push_str(&text);
                sql.push_str(";\n");
                if row.get::<_, String>(0)? == "index" {
                    indexes.push(IndexView { name: row.get(1)?, table: row.get(2)?, sql: text });
                }
            }
            indexes.sort_by(|a, b| a.name.cmp(&b.name));
            let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            Ok(SchemaView { version, sql, indexes })
        })
    }

    fn damaged_spools(&self) -> Result<Vec<Finding>, RegistryError> {
        let folder = self.path.parent().unwrap_or(std::path::Path::new(".")).join("spool");
        let doing = |source| RegistryError::io("looking at the spool", source);
        let mut findings = Vec::new();
        for entry in fs_err::read_dir(folder).map_err(doing)? {
            let path = entry.map_err(doing)?.path();
            if path.extension().is_some_and(|extension| extension == "damaged") {
                let message = format!(
                    "{} holds journal records that cannot be read; the rest of it is in the registry",
                    path.display()
                );
                findings.push(Finding { check: "spool", message });
            }
        }
        Ok(findings)
    }
}

fn pages(connection: &Connection) -> rusqlite::Result<Vec<Finding>> {
    let mut check = connection.prepare("PRAGMA quick_check(20)")?;
    let lines: Vec<String> = check.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let wrong = lines.into_iter().filter(|line| line != "ok");
    Ok(wrong.map(|message| Finding { check: "quick-check", message }).collect())
}

fn references(connection: &Connection) -> rusqlite::Result<Vec<Finding>> {
    let mut check = connection.prepare("PRAGMA foreign_key_check")?;
    let found = check.query_map((), |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        let row: Option<i64> = row.get(1)?;
        let row = row.map_or_else(|| "a row".to_owned(), |row| format!("row {row}"));
        Ok(Finding {
            check: "foreign-keys",
            message: format!("{row} of `{table}` refers to nothing in `{parent}`"),
        })
    })?;
    found.collect()
}

/// Versions whose manifest is not the text that was hashed, or whose pinned facts cannot be read.
fn versions(connection: &Connection) -> rusqlite::Result<Vec<Finding>> {
    let mut select = connection.prepare(
        "SELECT '`' || m.name || '` ' || v.version, v.manifest, v.manifest_blake3, v.pinned
         FROM module_versions v JOIN modules m ON m.id = v.module_id ORDER BY m.name",
    )?;
    let mut found = select.query(())?;
    let mut findings = Vec::new();
    while let Some(row) = found.next()? {
        let (who, manifest): (String, String) = (row.get(0)?, row.get(1)?);
        if Blake3::of(manifest.as_bytes()) != rows::blake3(row, 2)? {
            let message = format!("the manifest of {who} is not the one that was registered");
            findings.push(Finding { check: "manifest-hash", message });
        }
        if let Err(error) = rows::json::<Pinned>(row, 3) {
            findings.push(Finding { check: "pinned-facts", message: format!("{who}: {error}") });
        }
    }
    Ok(findings)
}
