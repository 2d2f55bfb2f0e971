//! Brings a database to the schema this host knows, step by step, or says why it cannot.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::connection;
use crate::error::{Doing, RegistryError};

/// The steps, in order. A step that was released is never edited.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_init.sql"),
    include_str!("../migrations/0002_journal.sql"),
    include_str!("../migrations/0003_net.sql"),
    include_str!("../migrations/0004_secrets.sql"),
    include_str!("../migrations/0005_topics.sql"),
    include_str!("../migrations/0006_file_usage.sql"),
    include_str!("../migrations/0007_kv_total.sql"),
    include_str!("../migrations/0008_policies.sql"),
    include_str!("../migrations/0009_gate.sql"),
    include_str!("../migrations/0010_rehearsal.sql"),
    include_str!("../migrations/0011_patterns.sql"),
    include_str!("../migrations/0012_budgets.sql"),
    include_str!("../migrations/0013_tasks.sql"),
    include_str!("../migrations/0014_surroundings.sql"),
    include_str!("../migrations/0015_snapshots.sql"),
    include_str!("../migrations/0016_oversight.sql"),
    include_str!("../migrations/0017_postcheck.sql"),
];

/// The schema version this host writes: the number of migrations.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// `ARES` in ASCII, in the file's header: whose database it is.
const APPLICATION: i64 = 0x4152_4553;

/// Brings the database to [`SCHEMA_VERSION`]. Nothing is written to a file that is not ours.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), RegistryError> {
    recognise(connection, path)?;
    connection::write_ahead(connection, path)?;
    for (version, sql) in (1..).zip(MIGRATIONS) {
        step(connection, version, sql).doing(path, "migrating the database")?;
    }
    Ok(())
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

fn recognise(connection: &Connection, path: &Path) -> Result<(), RegistryError> {
    let read = || -> rusqlite::Result<(i64, i64, i64)> {
        let objects = connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
        Ok((pragma(connection, "application_id")?, pragma(connection, "user_version")?, objects))
    };
    let (application, found, objects) = read().doing(path, "reading the database")?;
    let empty = application == 0 && found == 0 && objects == 0;
    if !empty && application != APPLICATION {
        return Err(RegistryError::Foreign { path: path.to_owned() });
    }
    if found > SCHEMA_VERSION {
        return Err(RegistryError::Newer { path: path.to_owned(), found, known: SCHEMA_VERSION });
    }
    Ok(())
}

fn step(connection: &mut Connection, version: i64, sql: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if pragma(&transaction, "user_version")? < version {
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    transaction.commit()
}
