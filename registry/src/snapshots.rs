//! The table `snapshots`: copies of folders that calls may change, and what became of them. The copies
//! themselves are files; here stands which there are.

use ares_kernel::{Caller, InvocationId};
use rusqlite::{OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::RegistryError;
use crate::events::{self, Entry};
use crate::registry::Registry;
use crate::rows::{self, int, json_of};

/// How many calls before one are looked at for some that ran at the same time.
const AROUND: u32 = 10_000;
/// The most rows one question answers.
const ROWS_MAX: u32 = 10_000;
/// The most snapshots that are kept, however small: the oldest go first.
const KEPT_MAX: usize = 1000;

/// A folder of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotFolder {
    /// The name of its grant.
    pub name: String,
    /// Where it is on this machine.
    pub path: String,
}

/// How much several snapshots hold together, or may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SnapshotsHold {
    /// Bytes on the disk.
    pub bytes: u64,
    /// Files, folders and links.
    pub objects: u64,
}

impl SnapshotsHold {
    fn add(&mut self, more: Self) {
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.objects = self.objects.saturating_add(more.objects);
    }

    /// Whether it is more than this in either.
    #[must_use]
    pub fn is_beyond(&self, most: Self) -> bool {
        self.bytes > most.bytes || self.objects > most.objects
    }
}

/// How a snapshot ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotEnd {
    /// Its folders were put back when the call did not go well. It is gone.
    Restored,
    /// Something could not be put back. It is still there.
    Partly,
    /// Nothing was put back, though the call did not go well. It is still there.
    Withheld,
    /// A person put it back. It is gone.
    Returned,
    /// It was removed, or never whole.
    Gone,
}

impl SnapshotEnd {
    fn as_str(self) -> &'static str {
        match self {
            Self::Restored => "restored",
            Self::Partly => "partly",
            Self::Withheld => "withheld",
            Self::Returned => "returned",
            Self::Gone => "gone",
        }
    }
}

/// A snapshot, for people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SnapshotView {
    /// The invocation it was taken for.
    pub id: InvocationId,
    /// `running`, `kept` (the call went well), `interrupted` (the call never closed), `partly`,
    /// `withheld`, `restored`, `returned`, `gone` or `not-taken` (it never was whole).
    pub state: String,
    /// The capability.
    pub capability: Option<String>,
    /// Its plugin.
    pub plugin: Option<String>,
    /// When it was taken, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// What it is of.
    pub folders: Vec<SnapshotFolder>,
    /// Files, folders and links in it.
    pub objects: Option<u64>,
    /// Bytes it takes on the disk.
    pub bytes: Option<u64>,
    /// What putting it back did, or why nothing was put back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Value>,
    /// When it ended so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at_ms: Option<u64>,
    /// Calls of the same plugin since then that may have changed something: they are taken back, too.
    /// Counted for one snapshot, not for a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub later: Option<u64>,
}

impl SnapshotView {
    /// Whether it can be put back, now or when its call has ended.
    #[must_use]
    pub fn is_there(&self) -> bool {
        matches!(self.state.as_str(), "running" | "kept" | "interrupted" | "partly" | "withheld")
    }

    /// Whether its call has not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == "running"
    }
}

const VIEW: &str =
    "SELECT s.id, s.at, s.folders, s.objects, s.bytes, s.told, s.ended_at, i.capability, i.plugin,
    CASE WHEN s.state = 'gone' AND s.objects IS NULL THEN 'not-taken' WHEN s.state <> 'open' THEN s.state WHEN i.status = 'running' THEN 'running'
         WHEN i.status = 'ok' THEN 'kept' ELSE 'interrupted' END AS state";
const OF: &str = "FROM snapshots s LEFT JOIN invocations i ON i.id = s.id";
const LATER: &str = "(SELECT count(*) FROM invocations l WHERE l.seq > i.seq AND l.plugin = i.plugin
    AND l.effect IN ('write', 'network', 'message', 'destructive') AND l.status <> 'refused'
    AND coalesce(l.rehearsal, 0) = 0) AS later";
const THERE: &str = "s.state IN ('open', 'partly', 'withheld')";

impl Registry {
    /// A snapshot is about to be taken for a recorded call.
    ///
    /// # Errors
    /// When the registry cannot be written.
    pub fn snapshot_begun(&self, id: InvocationId, folders: &[SnapshotFolder]) -> Result<(), RegistryError> {
        let (now, folders) = (self.now(), json_of(&folders));
        self.change("beginning a snapshot", move |connection| {
            let sql = "INSERT INTO snapshots (id, at, state, folders) VALUES (?1, ?2, 'open', ?3)";
            connection.execute(sql, (id.as_bytes(), int(now), folders))?;
            Ok(())
        })
    }

    /// It is whole and holds so many objects and bytes.
    ///
    /// # Errors
    /// When the registry cannot be written.
    pub fn snapshot_whole(&self, id: InvocationId, objects: u64, bytes: u64) -> Result<(), RegistryError> {
        self.change("keeping a snapshot", move |connection| {
            let sql = "UPDATE snapshots SET objects = ?2, bytes = ?3 WHERE id = ?1";
            connection.execute(sql, (id.as_bytes(), int(objects), int(bytes)))?;
            Ok(())
        })
    }

    /// It ended so. Where something was put back, that is an event.
    ///
    /// # Errors
    /// When the registry cannot be written.
    pub fn snapshot_ended(
        &self,
        id: InvocationId,
        end: SnapshotEnd,
        told: Option<Value>,
        actor: Option<&Caller>,
    ) -> Result<(), RegistryError> {
        let (now, actor) = (self.now(), actor.map(ToString::to_string));
        self.change("ending a snapshot", move |connection| {
            let sql =
                "UPDATE snapshots SET state = ?2, told = coalesce(?3, told), ended_at = ?4 WHERE id = ?1";
            let text = told.as_ref().map(Value::to_string);
            connection.execute(sql, (id.as_bytes(), end.as_str(), text, int(now)))?;
            let kind = match end {
                SnapshotEnd::Gone if actor.is_none() => return Ok(()),
                SnapshotEnd::Restored if told.as_ref().is_some_and(touched_nothing) => return Ok(()),
                SnapshotEnd::Gone => "snapshot_removed",
                SnapshotEnd::Withheld => "snapshot_withheld",
                SnapshotEnd::Restored | SnapshotEnd::Partly | SnapshotEnd::Returned => "snapshot_restored",
            };
            let sql = "SELECT plugin FROM invocations WHERE id = ?1";
            let plugin: Option<String> =
                connection.query_row(sql, [id.as_bytes()], |row| row.get(0)).optional()?.flatten();
            let data = json!({ "invocation": id, "state": end.as_str(), "told": told });
            let entry = Entry { module: None, subject: plugin.as_deref(), actor, kind, data, at: now };
            Ok(events::insert(connection, &entry)?)
        })
    }

    /// Snapshots that are there, oldest first, or all of the last.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn kept_snapshots(&self, all: bool, limit: u32) -> Result<Vec<SnapshotView>, RegistryError> {
        let limit = limit.min(ROWS_MAX);
        self.readers.read("reading snapshots", |connection| {
            let which = if all { "1" } else { THERE };
            let sql =
                format!("{VIEW}, NULL AS later {OF} WHERE {which} ORDER BY s.at DESC, s.id DESC LIMIT ?1");
            let mut select = connection.prepare_cached(&sql)?;
            let mut views: Vec<SnapshotView> =
                select.query_map([limit], view)?.collect::<rusqlite::Result<_>>()?;
            views.reverse();
            Ok(views)
        })
    }

    /// One of them.
    ///
    /// # Errors
    /// When the registry cannot be read, and [`RegistryError::NoSuchSnapshot`].
    pub fn kept_snapshot(&self, id: InvocationId) -> Result<SnapshotView, RegistryError> {
        let found = self.readers.read("reading a snapshot", |connection| {
            let mut select = connection.prepare_cached(&format!("{VIEW}, {LATER} {OF} WHERE s.id = ?1"))?;
            select.query_row([id.as_bytes()], view).optional()
        })?;
        found.ok_or(RegistryError::NoSuchSnapshot { id })
    }

    /// Of which calls there are snapshots, and whether the call runs.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn snapshots_there(&self) -> Result<Vec<(InvocationId, bool)>, RegistryError> {
        self.readers.read("reading snapshots", |connection| {
            let sql = format!("SELECT s.id, coalesce(i.status, '') = 'running' {OF} WHERE {THERE}");
            let mut select = connection.prepare_cached(&sql)?;
            let row = |row: &Row<'_>| Ok((InvocationId::from_bytes(row.get(0)?), row.get(1)?));
            select.query_map((), row)?.collect()
        })
    }

    /// Those that are to go: older than `keep_ms`, beyond `most` together or more than a thousand, the oldest first. One whose
    /// call runs is counted and stays.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn snapshots_due(
        &self,
        keep_ms: u64,
        most: SnapshotsHold,
    ) -> Result<Vec<InvocationId>, RegistryError> {
        let oldest = self.now().saturating_sub(keep_ms);
        self.readers.read("looking for old snapshots", |connection| {
            let sql = format!(
                "SELECT s.id, s.at, coalesce(s.bytes, 0), coalesce(s.objects, 0), coalesce(i.status, '') = 'running'
                 {OF} WHERE {THERE}
                 ORDER BY s.at DESC, s.id DESC"
            );
            let mut select = connection.prepare_cached(&sql)?;
            let row = |row: &Row<'_>| {
                let id = InvocationId::from_bytes(row.get(0)?);
                let held = SnapshotsHold { bytes: rows::count(row, 2)?, objects: rows::count(row, 3)? };
                Ok((id, rows::count(row, 1)?, held, row.get::<_, bool>(4)?))
            };
            let found: Vec<_> = select.query_map((), row)?.collect::<rusqlite::Result<_>>()?;
            let (mut due, mut together) = (Vec::new(), SnapshotsHold::default());
            found.iter().filter(|(.., running)| *running).for_each(|(_, _, held, _)| together.add(*held));
            for (place, (id, at, held, _)) in found.into_iter().enumerate().filter(|(_, (.., running))| !running) {
                together.add(held);
                if at < oldest || together.is_beyond(most) || place >= KEPT_MAX {
                    due.push(id);
                }
            }
            due.reverse();
            Ok(due)
        })
    }

    /// How much those hold whose calls run, and so cannot go.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn snapshots_running(&self) -> Result<SnapshotsHold, RegistryError> {
        self.readers.read("looking how much snapshots hold", |connection| {
            let sql = format!(
                "SELECT coalesce(sum(s.bytes), 0), coalesce(sum(s.objects), 0) {OF} WHERE {THERE} AND i.status = 'running'"
            );
            let row = |row: &Row<'_>| {
                Ok(SnapshotsHold { bytes: rows::count(row, 0)?, objects: rows::count(row, 1)? })
            };
            connection.prepare_cached(&sql)?.query_row((), row)
        })
    }

    /// A call of one of these plugins that may have changed something while the call of this snapshot
    /// ran, in words.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn snapshot_disturbed(
        &self,
        id: InvocationId,
        plugins: &[String],
    ) -> Result<Option<String>, RegistryError> {
        let plugins = json_of(&plugins);
        self.readers.read("looking for calls at the same time", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT o.capability, o.plugin, o.id FROM invocations o, invocations me, snapshots s
                 WHERE me.id = ?1 AND s.id = ?1 AND o.id <> ?1
                   AND o.plugin IN (SELECT value FROM json_each(?2))
                   AND o.effect IN ('write', 'network', 'message', 'destructive')
                   AND o.status <> 'refused' AND coalesce(o.rehearsal, 0) = 0
                   AND (o.ended_at >= s.at AND o.seq > me.seq - ?3 OR o.status = 'running') LIMIT 1",
            )?;
            let words = |row: &Row<'_>| {
                let id = InvocationId::from_bytes(row.get(2)?);
                let (capability, plugin): (String, String) = (row.get(0)?, row.get(1)?);
                Ok(format!("`{capability}` of {plugin} ({id})"))
            };
            select.query_row((id.as_bytes(), plugins, AROUND), words).optional()
        })
    }

    /// How many calls of these plugins run that may change something, and how many began since the call the snapshot
    /// is of.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn snapshot_others(&self, id: InvocationId, plugins: &[String]) -> Result<(u64, u64), RegistryError> {
        let plugins = json_of(&plugins);
        self.readers.read("counting other calls", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT count(*) FILTER (WHERE o.status = 'running'), count(*) FILTER (WHERE o.seq > me.seq)
                 FROM invocations me LEFT JOIN invocations o ON o.id <> me.id AND (o.seq > me.seq OR o.status = 'running')
                   AND o.plugin IN (SELECT value FROM json_each(?2))
                   AND o.effect IN ('write', 'network', 'message', 'destructive')
                   AND o.status <> 'refused' AND coalesce(o.rehearsal, 0) = 0
                 WHERE me.id = ?1",
            )?;
            select.query_row((id.as_bytes(), plugins), |row| Ok((rows::count(row, 0)?, rows::count(row, 1)?)))
        })
    }
}

/// Whether putting it back found everything as it was.
fn touched_nothing(told: &Value) -> bool {
    let none = |at: &str| told.get(at).and_then(Value::as_u64) == Some(0);
    none("put_back") && none("removed")
}

fn view(row: &Row<'_>) -> rusqlite::Result<SnapshotView> {
    Ok(SnapshotView {
        id: InvocationId::from_bytes(row.get("id")?),
        state: row.get("state")?,
        capability: row.get("capability")?,
        plugin: row.get("plugin")?,
        at_ms: rows::count(row, "at")?,
        folders: rows::json(row, "folders")?,
        objects: rows::count_or_none(row, "objects")?,
        bytes: rows::count_or_none(row, "bytes")?,
        told: rows::json_or_none(row, "told")?,
        ended_at_ms: rows::count_or_none(row, "ended_at")?,
        later: rows::count_or_none(row, "later")?,
    })
}
