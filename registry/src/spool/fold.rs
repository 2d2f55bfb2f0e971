//! From spool files into the database; and what dead processes left behind.

use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use fs_err::os::unix::fs::OpenOptionsExt as _;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use serde_json::json;
use uuid::Uuid;

use super::frame::{self, Records};
use super::owner::{Dead, turnstile};
use crate::error::{Doing, RegistryError};
use crate::events::{self, Entry};
use crate::history::{self, Gathered};
use crate::journal::record;
use crate::{budgets, objections, outbox, status};

/// Longer than any spool file grows: [`super::UNFOLDED_MAX`] slows callers down long before.
const FILE_BYTES_MAX: u64 = 8 * super::UNFOLDED_MAX;

/// Where to fold to, and when it is.
pub(crate) struct Folder<'a> {
    /// The writer's connection.
    pub(crate) connection: &'a Connection,
    /// The database.
    pub(crate) path: &'a Path,
    /// The time, in milliseconds since the Unix epoch.
    pub(crate) now: u64,
}

impl Folder<'_> {
    /// Folds a file in, in one transaction, and removes it. Answers how long it was.
    pub(crate) fn fold(&self, owner: Uuid, file: &Path) -> Result<u64, RegistryError> {
        let bytes = read(file).map_err(|source| RegistryError::io("reading the spool", source))?;
        let records = frame::records(&bytes);
        let folding = || -> rusqlite::Result<Option<String>> {
            let transaction = Transaction::new_unchecked(self.connection, TransactionBehavior::Immediate)?;
            let damage = fold_records(&transaction, owner, &records, self.now)?;
            if let Some(damage) = &damage {
                let data = json!({ "file": file.display().to_string(), "damage": damage });
                events::insert(&transaction, &Entry::host("journal_damaged", data, self.now))?;
            }
            transaction.commit()?;
            Ok(damage)
        };
        let damage = folding().doing(self.path, "folding the spool into the database")?;
        let done = match damage {
            None => fs_err::remove_file(file),
            Some(damage) => {
                tracing::error!(file = %file.display(), %damage, "the spool is damaged; the file is kept");
                fs_err::rename(file, file.with_extension("damaged"))
            }
        };
        done.map_err(|source| RegistryError::io("putting a folded spool file away", source))?;
        Ok(u64::try_from(bytes.len() - records.torn).unwrap_or(u64::MAX))
    }

    /// Clears up after processes that ended without closing: folds their spools, closes their open
    /// calls as `lost` and stops their plugins.
    pub(crate) fn sweep(&self, folder: &Path) -> Result<(), RegistryError> {
        let doing = |source| RegistryError::io("looking for processes that ended", source);
        for dead in Dead::find(folder).map_err(doing)? {
            for file in super::files_of(folder, dead.id).map_err(doing)? {
                self.fold(dead.id, &file)?;
            }
            self.lose(dead.id)?;
            dead.buried().map_err(doing)?;
        }
        Ok(())
    }

    /// Like [`Folder::sweep`], unless another process comes or sweeps just now.
    pub(crate) fn sweep_alone(&self, folder: &Path) -> Result<(), RegistryError> {
        match turnstile(folder, Duration::ZERO) {
            Ok(_alone) => self.sweep(folder),
            Err(RegistryError::Busy { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Closes what a process leaves open when it goes: its calls are lost, its plugins stopped.
    pub(crate) fn lose(&self, owner: Uuid) -> Result<(), RegistryError> {
        let losing = || -> rusqlite::Result<()> {
            let transaction = Transaction::new_unchecked(self.connection, TransactionBehavior::Immediate)?;
            history::lost(&transaction, owner, self.now)?;
            budgets::lost(&transaction, owner)?;
            let lost = record::lost(&transaction, owner, self.now)?;
            if lost > 0 {
                objections::lost(&transaction)?;
            }
            outbox::released(&transaction, owner)?;
            let stopped = status::orphaned(&transaction, owner, self.now)?;
            if lost + stopped > 0 {
                let data = json!({ "process": owner, "calls_lost": lost, "plugins_stopped": stopped });
                events::insert(&transaction, &Entry::host("host_ended", data, self.now))?;
            }
            transaction.commit()
        };
        losing().doing(self.path, "closing what a process left open")
    }
}

/// A spool file's bytes. What cannot be one is neither waited for nor read without end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = fs_err::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.len() > FILE_BYTES_MAX {
        let why = format!("{} is no spool file of this host; move it away", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes the rows; answers what could not be read, in words.
fn fold_records(
    connection: &Connection,
    owner: Uuid,
    records: &Records<'_>,
    now: u64,
) -> rusqlite::Result<Option<String>> {
    let mut gathered = Gathered::default();
    let mut damage =
        records.damage.as_ref().map(|damage| format!("record at byte {}: {}", damage.offset, damage.why));
    for bytes in &records.whole {
        let Ok((opened, closed)) = record::from_bytes(bytes) else {
            damage = Some("a record is not what this host writes".to_owned());
            continue;
        };
        match record::whole(connection, owner, &opened, &closed) {
            Ok(true) => {
                objections::keep(connection, &opened, &closed)?;
                if let Some((runner, used)) = closed.runner.as_ref().zip(closed.used) {
                    gathered.add(&runner.blake3, &opened.capability, used);
                }
            }
            Ok(false) => {}
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                damage = Some(format!("a record does not fit the journal: {error}"));
            }
            Err(error) => return Err(error),
        }
    }
    gathered.keep(connection, now)?;
    Ok(damage)
}
