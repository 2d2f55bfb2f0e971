//! The table `policies`: every file of rules that was taken, by whom and why.

use ares_kernel::{Blake3, Caller};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::Serialize;
use serde_json::json;

use crate::error::RegistryError;
use crate::events::{self, Entry, actor};
use crate::registry::Registry;
use crate::rows::{self, int};

/// How rules came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyChange {
    /// Who changed them; nothing for an edit by hand that was found.
    pub by: Option<Caller>,
    /// `set`, `allow`, `deny`, `remove` or `edit`.
    pub action: &'static str,
    /// Why, in their words.
    pub reason: Option<String>,
}

/// Rules as they were taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyView {
    /// Its number, from 1.
    pub revision: u64,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Who, as `kind:name`; `file` for an edit by hand that was found.
    pub actor: String,
    /// `set`, `allow`, `deny`, `remove` or `edit`.
    pub action: String,
    /// Hash of the text.
    pub blake3: Blake3,
    /// Why, in their words.
    pub reason: Option<String>,
    /// The file, whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Registry {
    /// Keeps a file of rules that was taken, unless it is the one that was kept last. Answers its
    /// number. The event is `policy_changed`.
    ///
    /// # Errors
    /// When the registry cannot be written.
    pub fn policy_taken(&self, text: &str, change: PolicyChange) -> Result<u64, RegistryError> {
        let (text, at) = (text.to_owned(), self.now());
        self.change("keeping rules", move |connection| {
            let blake3 = Blake3::of(text.as_bytes());
            let last = newest(connection)?;
            if let Some((revision, _)) = last.as_ref().filter(|(_, kept)| *kept == blake3) {
                return Ok(*revision);
            }
            let revision = last.map_or(0, |(revision, _)| revision) + 1;
            let PolicyChange { by, action, reason } = change;
            let by = by.as_ref().map(actor);
            connection
                .prepare_cached(
                    "INSERT INTO policies (revision, at, actor, action, text, blake3, reason)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute((
                    int(revision),
                    int(at),
                    by.as_deref().unwrap_or("file"),
                    action,
                    &text,
                    blake3.as_bytes(),
                    &reason,
                ))?;
            let data = json!({ "revision": revision, "action": action, "reason": reason });
            events::insert(connection, &Entry { actor: by, ..Entry::host("policy_changed", data, at) })?;
            Ok(revision)
        })
    }

    /// Number and hash of the rules that were taken last.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn policy_newest(&self) -> Result<Option<(u64, Blake3)>, RegistryError> {
        self.readers.read("reading rules", newest)
    }

    /// Every file of rules that was taken, oldest first, without its text.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn policies(&self) -> Result<Vec<PolicyView>, RegistryError> {
        self.readers.read("reading rules", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT revision, at, actor, action, blake3, reason, NULL FROM policies ORDER BY revision",
            )?;
            select.query_map((), view)?.collect()
        })
    }

    /// One of them with its text.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn policy(&self, revision: u64) -> Result<Option<PolicyView>, RegistryError> {
        self.readers.read("reading rules", |connection| {
            connection
                .prepare_cached(
                    "SELECT revision, at, actor, action, blake3, reason, text FROM policies
                     WHERE revision = ?1",
                )?
                .query_row([int(revision)], view)
                .optional()
        })
    }
}

fn newest(connection: &Connection) -> rusqlite::Result<Option<(u64, Blake3)>> {
    connection
        .prepare_cached("SELECT revision, blake3 FROM policies ORDER BY revision DESC LIMIT 1")?
        .query_row((), |row| Ok((rows::count(row, 0)?, rows::blake3(row, 1)?)))
        .optional()
}

fn view(row: &Row<'_>) -> rusqlite::Result<PolicyView> {
    Ok(PolicyView {
        revision: rows::count(row, 0)?,
        at_ms: rows::count(row, 1)?,
        actor: row.get(2)?,
        action: row.get(3)?,
        blake3: rows::blake3(row, 4)?,
        reason: row.get(5)?,
        text: row.get(6)?,
    })
}
