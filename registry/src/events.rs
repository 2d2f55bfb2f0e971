//! The table `events`: what happened, to whom, by whom.

use ares_kernel::{Caller, InvocationId, PluginName};
use rusqlite::{Connection, Row};
use serde_json::Value;
use uuid::Uuid;

use crate::error::RegistryError;
use crate::registry::Registry;
use crate::rows::{self, int};
use crate::views::{EventQuery, EventView};

/// The most events one question answers.
const MOST: u32 = 10_000;

/// One event to be written.
pub(crate) struct Entry<'a> {
    /// The plugin's row.
    pub(crate) module: Option<i64>,
    /// The plugin's name.
    pub(crate) subject: Option<&'a str>,
    /// Who did it.
    pub(crate) actor: Option<String>,
    /// Its type.
    pub(crate) kind: &'a str,
    /// What there is to say.
    pub(crate) data: Value,
    /// When.
    pub(crate) at: u64,
}

impl<'a> Entry<'a> {
    /// Something about the host itself.
    pub(crate) fn host(kind: &'a str, data: Value, at: u64) -> Self {
        Self { module: None, subject: None, actor: None, kind, data, at }
    }
}

/// Writes an event about the host as a whole: what somebody did, and when.
pub(crate) fn tell(
    connection: &Connection,
    kind: &str,
    data: Value,
    (actor, at): (String, u64),
) -> rusqlite::Result<()> {
    insert(connection, &Entry { module: None, subject: None, actor: Some(actor), kind, data, at })
}

/// Writes an event into the transaction of what it tells of.
pub(crate) fn insert(connection: &Connection, entry: &Entry<'_>) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO events (public_id, module_id, subject, actor, event_type, event_data, timestamp)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let data = entry.data.to_string();
    let id = Uuid::now_v7();
    insert.execute((
        id.as_bytes(),
        entry.module,
        entry.subject,
        &entry.actor,
        entry.kind,
        data,
        int(entry.at),
    ))?;
    Ok(())
}

/// How events name who did something.
pub(crate) fn actor(by: &Caller) -> String {
    by.to_string()
}

impl Registry {
    /// Writes an event of a type of your own, about a plugin or about the host.
    ///
    /// # Errors
    /// When the plugin is not registered or the registry cannot be written.
    pub fn add_event(
        &self,
        plugin: Option<&PluginName>,
        kind: &str,
        data: Value,
    ) -> Result<(), RegistryError> {
        let (plugin, kind, at) = (plugin.cloned(), kind.to_owned(), self.now());
        self.change("writing an event", move |connection| {
            let module = plugin.as_ref().map(|plugin| crate::modules::id(connection, plugin)).transpose()?;
            let subject = plugin.as_ref().map(PluginName::as_str);
            Ok(insert(connection, &Entry { module, subject, actor: None, kind: &kind, data, at })?)
        })
    }

    /// The newest events, oldest first.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn events(&self, query: &EventQuery) -> Result<Vec<EventView>, RegistryError> {
        self.flush()?;
        let types = (!query.types.is_empty()).then(|| rows::json_of(&query.types));
        self.readers.read("reading events", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT e.public_id, e.timestamp, e.event_type, e.subject, m.public_id, e.actor, e.event_data
                 FROM events e LEFT JOIN modules m ON m.id = e.module_id
                 WHERE (?1 IS NULL OR e.event_type IN (SELECT value FROM json_each(?1)))
                   AND (?2 IS NULL OR e.subject = ?2)
                 ORDER BY e.id DESC LIMIT ?3",
            )?;
            let found = select.query_map((types, &query.plugin, query.limit.min(MOST)), view)?;
            let mut events: Vec<EventView> = found.collect::<rusqlite::Result<_>>()?;
            events.reverse();
            Ok(events)
        })
    }
}

/// The events one invocation published, and what became of the one it was called with, oldest first.
pub(crate) fn of_invocation(connection: &Connection, id: InvocationId) -> rusqlite::Result<Vec<EventView>> {
    let mut select = connection.prepare_cached(
        "SELECT e.public_id, e.timestamp, e.event_type, e.subject, m.public_id, e.actor, e.event_data
         FROM events e LEFT JOIN modules m ON m.id = e.module_id
         WHERE e.event_type IN ('published', 'delivered', 'undelivered')
           AND json_extract(e.event_data, '$.invocation') = ?1
         ORDER BY e.id LIMIT ?2",
    )?;
    let found = select.query_map((id.to_string(), MOST), view)?;
    found.collect()
}

fn view(row: &Row<'_>) -> rusqlite::Result<EventView> {
    Ok(EventView {
        id: rows::uuid(row, 0)?,
        at_ms: rows::count(row, 1)?,
        kind: row.get(2)?,
        plugin: row.get(3)?,
        module: rows::uuid_or_none(row, 4)?,
        actor: row.get(5)?,
        data: rows::json(row, 6)?,
    })
}
