//! The table `guard_warnings`: what the guard warned of before changes in the last day, for the next process.

use ares_kernel::facts::{WARNING_MS_MAX, Warnings};
use ares_kernel::ports::Warned;
use ares_kernel::{Caller, InvocationId};
use rusqlite::Connection;

use crate::error::RegistryError;
use crate::journal::record::Opened;
use crate::readers::Readers;
use crate::rows::{self, int};

/// How many rows are kept at most. Older ones go.
const ROWS_MAX: i64 = 100_000;

/// Writes down what one call was warned of, in the transaction of its record.
pub(crate) fn keep(connection: &Connection, warned: &Warned, opened: &Opened<'_>) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO guard_warnings (at, invocation, caller_kind, caller, rule) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for rule in &warned.rules {
        insert.execute((int(opened.at), opened.id, warned.by.kind(), warned.by.name(), rule))?;
    }
    let mut prune = connection.prepare_cached(
        "DELETE FROM guard_warnings WHERE at < ?1 OR id <= (SELECT max(id) FROM guard_warnings) - ?2",
    )?;
    prune.execute((int(opened.at.saturating_sub(WARNING_MS_MAX)), ROWS_MAX))?;
    Ok(())
}

/// What earlier processes kept. From then on memory is fed as calls are judged.
pub(crate) fn load(readers: &Readers, warnings: &Warnings, now: u64) -> Result<(), RegistryError> {
    readers.read("reading the guard's warnings", |connection| {
        let mut select = connection.prepare_cached(
            "SELECT at, invocation, caller_kind, caller, rule FROM guard_warnings WHERE at >= ?1 ORDER BY id",
        )?;
        let mut found = select.query([int(now.saturating_sub(WARNING_MS_MAX))])?;
        while let Some(row) = found.next()? {
            let id = InvocationId::from_bytes(row.get(1)?);
            let by: Caller = rows::caller(row)?;
            warnings.add(&by, row.get_ref(4)?.as_str()?, (rows::count(row, 0)?, id));
        }
        Ok(())
    })
}
