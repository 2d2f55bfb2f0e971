//! The table `secrets`, row by row.

use ares_kernel::SecretName;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::vault::{Sealed, Stamp};
use crate::rows::{count, parsed};

/// One row.
pub(super) type Stored = (Stamp, Sealed);

/// Every row, by name.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<Stored>> {
    let mut select = connection.prepare_cached(
        "SELECT name, created_at, rotated_at, revision, nonce, ciphertext FROM secrets ORDER BY name",
    )?;
    let rows = select
        .query_map((), |row| Ok((stamp(row)?, Sealed { nonce: row.get(4)?, ciphertext: row.get(5)? })))?;
    rows.collect()
}

/// What stands beside every value, by name.
pub(super) fn stamps(connection: &Connection) -> rusqlite::Result<Vec<Stamp>> {
    let mut select = connection
        .prepare_cached("SELECT name, created_at, rotated_at, revision FROM secrets ORDER BY name")?;
    select.query_map((), stamp)?.collect()
}

/// What stands beside one value.
pub(super) fn find(connection: &Connection, name: &SecretName) -> rusqlite::Result<Option<Stamp>> {
    connection
        .prepare_cached("SELECT name, created_at, rotated_at, revision FROM secrets WHERE name = ?1")?
        .query_row([name.as_str()], stamp)
        .optional()
}

/// How many secrets there are but for this one, and how many bytes they have together.
pub(super) fn others(connection: &Connection, name: &SecretName) -> rusqlite::Result<(u64, u64)> {
    connection
        .prepare_cached(
            "SELECT count(*), coalesce(sum(length(ciphertext)), 0) FROM secrets WHERE name <> ?1",
        )?
        .query_row([name.as_str()], |row| Ok((count(row, 0)?, count(row, 1)?)))
}

/// Writes a row, over an earlier one of the same name.
pub(super) fn put(connection: &Connection, stamp: &Stamp, sealed: &Sealed) -> rusqlite::Result<()> {
    let Stamp { name, created_at, rotated_at, revision } = stamp;
    connection
        .prepare_cached(
            "INSERT INTO secrets (name, nonce, ciphertext, created_at, rotated_at, revision)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (name) DO UPDATE SET nonce = excluded.nonce, ciphertext = excluded.ciphertext,
                rotated_at = excluded.rotated_at, revision = excluded.revision",
        )?
        .execute((name.as_str(), sealed.nonce, &sealed.ciphertext, created_at, rotated_at, revision))?;
    Ok(())
}

/// Removes a row. Answers whether it was there.
pub(super) fn remove(connection: &Connection, name: &SecretName) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("DELETE FROM secrets WHERE name = ?1")?
        .execute([name.as_str()])
        .map(|gone| gone > 0)
}

fn stamp(row: &Row<'_>) -> rusqlite::Result<Stamp> {
    Ok(Stamp {
        name: parsed(row, 0)?,
        created_at: row.get(1)?,
        rotated_at: row.get(2)?,
        revision: row.get(3)?,
    })
}
