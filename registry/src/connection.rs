//! Connections and their settings: the only file that says how SQLite is used.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{Doing, RegistryError};

/// How long a statement waits for another process before it says so.
const BUSY: Duration = Duration::from_secs(10);
/// How many prepared statements one connection keeps.
const STATEMENTS: usize = 64;
/// A write-ahead log of so many bytes is read by the next process within a millisecond.
const LOG_ENOUGH: u64 = 1 << 20;

/// Opens the database for the one writer; makes the file if there is none.
///
/// Commits reach the disk before they return (`synchronous=FULL`). What need not wait for that
/// goes through the spool instead, so there is no weaker setting anywhere.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, RegistryError> {
    open(path, OpenFlags::SQLITE_OPEN_CREATE)
}

/// Opens the database for reading.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, RegistryError> {
    let connection = open(path, OpenFlags::empty())?;
    connection.pragma_update(None, "query_only", true).doing(path, "opening the database")?;
    Ok(connection)
}

fn open(path: &Path, further: OpenFlags) -> Result<Connection, RegistryError> {
    // No URI names: a path that begins with `file:` is a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | further;
    let connection = Connection::open_with_flags(path, flags).doing(path, "opening the database")?;
    settings(&connection).doing(path, "setting up the database")?;
    Ok(connection)
}

fn settings(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // Bringing the log into the file takes longer than most commands; `into_file` says when.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "synchronous", "FULL")
}

/// Turns on the write-ahead log, which stays on for the file. Called once the file is known to be
/// ours.
pub(crate) fn write_ahead(connection: &Connection, path: &Path) -> Result<(), RegistryError> {
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0))
        .doing(path, "turning on the write-ahead log")?;
    if mode == "wal" {
        return Ok(());
    }
    let why = format!("SQLite keeps the journal mode `{mode}`; the file system cannot share memory");
    Err(RegistryError::Unwritable { path: path.to_owned(), source: why.into() })
}

/// Brings the write-ahead log into the file and empties it, unless another process uses it just now.
pub(crate) fn into_file(connection: &Connection, path: &Path) -> Result<(), RegistryError> {
    let emptied = || -> rusqlite::Result<()> {
        connection.busy_timeout(Duration::ZERO)?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
    };
    emptied().doing(path, "bringing the write-ahead log into the database")
}

/// Whether the write-ahead log has become so long that the next process would notice.
pub(crate) fn is_long(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs_err::metadata(log).is_ok_and(|log| log.len() > LOG_ENOUGH)
}
