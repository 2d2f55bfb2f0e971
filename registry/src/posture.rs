//! How freely the host works: the mode in `instance`, and the table `lockouts`.

use std::sync::Arc;

use ares_kernel::Caller;
use ares_kernel::facts::{Lockout, Mode, Posture};
use ares_kernel::text::escaped;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;
use serde_json::json;

use crate::error::RegistryError;
use crate::events::tell;
use crate::registry::Registry;
use crate::rows::{self, int};
use crate::tasks;
use crate::writer::Abort;

/// How long an acknowledged stop is lifted, in milliseconds: a day.
pub const ACKNOWLEDGED_MS: u64 = 24 * 60 * 60 * 1000;
/// The most that is kept of a reason, in bytes.
const REASON_MAX: usize = 1000;

/// An emergency stop, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LockoutView {
    /// Whether nothing runs now.
    pub locked: bool,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_at_ms: Option<u64>,
    /// Who stopped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Who acknowledged it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
    /// In which words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Until when it is lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifted_until_at_ms: Option<u64>,
}

/// What is done about an emergency stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockoutChange {
    /// Stop everything.
    On(String),
    /// It was seen: lift it for a day.
    Acknowledge(String),
    /// It is over.
    Off(String),
}

/// The posture as the database has it; nothing where it is the usual.
pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Option<Arc<Posture>>> {
    let mode: Mode =
        connection.prepare_cached("SELECT mode FROM instance")?.query_row((), |row| rows::word(row, 0))?;
    let mut select =
        connection.prepare_cached("SELECT reason, at, lifted_until FROM lockouts WHERE ended_at IS NULL")?;
    let lockout = select
        .query_row((), |row| {
            Ok(Lockout {
                reason: row.get(0)?,
                since_ms: rows::count(row, 1)?,
                lifted_until_ms: rows::count_or_none(row, 2)?,
            })
        })
        .optional()?;
    let posture = Posture { mode, lockout, tasks: tasks::read(connection)? };
    Ok((posture != Posture::default()).then(|| Arc::new(posture)))
}

impl Registry {
    /// The mode the host works in.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.snapshot().posture().map(|posture| posture.mode).unwrap_or_default()
    }

    /// Chooses another.
    ///
    /// # Errors
    /// When the registry cannot be written.
    pub fn set_mode(&self, mode: Mode, actor: &Caller) -> Result<Mode, RegistryError> {
        let (now, actor) = (self.now(), actor.to_string());
        self.change("choosing a mode", move |connection| {
            let was: Mode = connection
                .prepare_cached("SELECT mode FROM instance")?
                .query_row((), |row| rows::word(row, 0))?;
            connection.execute("UPDATE instance SET mode = ?1, revision = revision + 1", [mode.as_str()])?;
            let data = json!({ "mode": mode, "was": was });
            tell(connection, "mode_changed", data, (actor, now))?;
            Ok(was)
        })
    }

    /// The emergency stop that was not ended, if there is one.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn lockout(&self) -> Result<LockoutView, RegistryError> {
        let now = self.now();
        self.readers.read("reading the lock-out", |connection| view(connection, now))
    }

    /// Stops everything, or lifts a stop.
    ///
    /// # Errors
    /// When there is nothing to lift, and when the registry cannot be written.
    pub fn change_lockout(
        &self,
        change: LockoutChange,
        actor: &Caller,
    ) -> Result<LockoutView, RegistryError> {
        let (now, actor) = (self.now(), actor.to_string());
        self.change("changing the lock-out", move |connection| {
            let (kind, words) = match &change {
                LockoutChange::On(reason) => {
                    connection.execute(
                        "UPDATE lockouts SET ended_at = ?1, ended_by = ?2 WHERE ended_at IS NULL",
                        (int(now), &actor),
                    )?;
                    let reason = escaped(reason, REASON_MAX);
                    let insert = "INSERT INTO lockouts (at, by, reason) VALUES (?1, ?2, ?3)";
                    connection.execute(insert, (int(now), &actor, &reason))?;
                    ("locked", reason)
                }
                LockoutChange::Acknowledge(note) => {
                    let (note, until) = (escaped(note, REASON_MAX), now.saturating_add(ACKNOWLEDGED_MS));
                    let update = "UPDATE lockouts SET acknowledged_at = ?1, acknowledged_by = ?2, note = ?3,
                        lifted_until = ?4 WHERE ended_at IS NULL";
                    held(connection.execute(update, (int(now), &actor, &note, int(until)))?)?;
                    ("lock_acknowledged", note)
                }
                LockoutChange::Off(note) => {
                    let note = escaped(note, REASON_MAX);
                    let update =
                        "UPDATE lockouts SET ended_at = ?1, ended_by = ?2, note = ?3 WHERE ended_at IS NULL";
                    held(connection.execute(update, (int(now), &actor, &note))?)?;
                    ("unlocked", note)
                }
            };
            connection.execute("UPDATE instance SET revision = revision + 1", ())?;
            tell(connection, kind, json!({ "words": words }), (actor, now))?;
            Ok(view(connection, now)?)
        })
    }
}

/// Whether there was something to lift.
fn held(changed: usize) -> Result<(), Abort> {
    if changed > 0 {
        return Ok(());
    }
    Err(Abort::Registry(RegistryError::Invalid("the host is not locked".to_owned())))
}

fn view(connection: &Connection, now: u64) -> rusqlite::Result<LockoutView> {
    let mut select = connection.prepare_cached("SELECT * FROM lockouts WHERE ended_at IS NULL")?;
    let found = select
        .query_row((), |row| {
            let lifted_until_at_ms = rows::count_or_none(row, "lifted_until")?;
            Ok(LockoutView {
                locked: lifted_until_at_ms.is_none_or(|until| until <= now),
                reason: row.get("reason")?,
                since_at_ms: Some(rows::count(row, "at")?),
                by: row.get("by")?,
                acknowledged_by: row.get("acknowledged_by")?,
                note: row.get("note")?,
                lifted_until_at_ms,
            })
        })
        .optional()?;
    Ok(found.unwrap_or(LockoutView {
        locked: false,
        reason: None,
        since_at_ms: None,
        by: None,
        acknowledged_by: None,
        note: None,
        lifted_until_at_ms: None,
    }))
}
