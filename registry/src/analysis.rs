//! What an analysis of the whole installation reads: few questions, each over a bounded number of the
//! newest rows, so that a large journal takes no longer than a small one.

use std::collections::{BTreeMap, BTreeSet};

use ares_kernel::PluginName;
use ares_kernel::facts::Access;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::error::RegistryError;
use crate::pinned::Pinned;
use crate::registry::Registry;
use crate::rows;

/// How many of the newest invocations are looked at.
pub const CALLS_MAX: u32 = 20_000;
/// Of how many of them the verdicts are counted.
pub const VERDICTS_MAX: u32 = 1_000;
/// How many of the newest events are looked at.
pub const EVENTS_MAX: u32 = 10_000;

/// One call whose guest ran, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallCost {
    /// Who ran.
    pub plugin: String,
    /// What.
    pub capability: String,
    /// How long, in microseconds.
    pub wall_us: u64,
    /// The fuel it used.
    pub fuel: u64,
    /// The most memory it had, in bytes.
    pub peak_memory_bytes: u64,
    /// Requests over HTTP.
    pub http_requests: u64,
    /// Whether it wrote into files or made some.
    pub wrote_files: bool,
}

/// Calls from one plugin to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallEdge {
    /// Whose call.
    pub from: String,
    /// Who ran; nothing for calls that reached nobody.
    pub to: Option<String>,
    /// What was called.
    pub capability: String,
    /// How often.
    pub calls: u64,
}

/// How often something was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionCount {
    /// Who would have run; nothing where nobody was found.
    pub plugin: Option<String>,
    /// What was asked for.
    pub capability: String,
    /// The decision's word.
    pub decision: String,
    /// How often.
    pub calls: u64,
}

/// A scope one plugin asks for or was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScopeStanding {
    /// Its active version asks for it.
    pub asked: bool,
    /// It was granted.
    pub granted: bool,
    /// For folders: granted to be changed.
    pub writable: bool,
}

/// What is known of one plugin beside its row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PluginFacts {
    /// The size of its manifest, in bytes.
    pub manifest_bytes: u64,
    /// How many values of its configuration were set by an operator.
    pub set_values: u64,
    /// How many keys its store holds.
    pub stored_keys: u64,
    /// Scopes, by their text.
    pub scopes: BTreeMap<String, ScopeStanding>,
    /// Plugins it cannot do without.
    pub requires: BTreeSet<String>,
}

/// What waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// How many calls.
    pub calls: u64,
    /// Since when the first, in milliseconds since the Unix epoch.
    pub since_ms: Option<u64>,
}

/// Everything of one moment.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    /// The newest calls whose guest ran, among the newest [`CALLS_MAX`] invocations.
    pub costs: Vec<CallCost>,
    /// How many invocations were looked at.
    pub looked_at: u64,
    /// When the oldest of them came in, in milliseconds since the Unix epoch.
    pub since_ms: Option<u64>,
    /// Who called whom among them.
    pub edges: Vec<CallEdge>,
    /// What was decided of the newest [`VERDICTS_MAX`].
    pub decisions: Vec<DecisionCount>,
    /// How often each type is among the newest [`EVENTS_MAX`] events.
    pub events: BTreeMap<String, u64>,
    /// Topics that were published and that were delivered among them, with the plugin.
    pub topics: BTreeSet<(String, String)>,
    /// By plugin.
    pub plugins: BTreeMap<PluginName, PluginFacts>,
    /// Calls that wait for a person.
    pub waiting: Waiting,
}

impl Registry {
    /// Reads all of it, at one moment.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn analysis(&self) -> Result<Analysis, RegistryError> {
        self.flush()?;
        let now = rows::int(self.now());
        self.readers.read("reading what is analysed", |connection| {
            let (looked_at, since_ms) = window(connection)?;
            Ok(Analysis {
                costs: costs(connection)?,
                looked_at,
                since_ms,
                edges: edges(connection)?,
                decisions: decisions(connection)?,
                events: events(connection)?,
                topics: topics(connection)?,
                plugins: plugins(connection)?,
                waiting: waiting(connection, now)?,
            })
        })
    }
}

fn window(connection: &Connection) -> rusqlite::Result<(u64, Option<u64>)> {
    let mut select = connection.prepare_cached(
        "SELECT count(*), min(at) FROM (SELECT at FROM invocations ORDER BY seq DESC LIMIT ?1)",
    )?;
    select.query_row([CALLS_MAX], |row| Ok((rows::count(row, 0)?, rows::count_or_none(row, 1)?)))
}

fn costs(connection: &Connection) -> rusqlite::Result<Vec<CallCost>> {
    let mut select = connection.prepare_cached(
        "SELECT plugin, capability, coalesce(wall_us, 0), coalesce(fuel, 0), coalesce(peak_memory_bytes, 0),
            coalesce(http_requests, 0),
            coalesce(file_bytes_written, 0) > 0 OR coalesce(files_made, 0) > 0
         FROM (SELECT * FROM invocations ORDER BY seq DESC LIMIT ?1)
         WHERE plugin IS NOT NULL AND status IN ('ok', 'failed', 'fault') AND coalesce(cached, 0) = 0
            AND rehearsal IS NOT 1",
    )?;
    let cost = |row: &Row<'_>| {
        Ok(CallCost {
            plugin: row.get(0)?,
            capability: row.get(1)?,
            wall_us: rows::count(row, 2)?,
            fuel: rows::count(row, 3)?,
            peak_memory_bytes: rows::count(row, 4)?,
            http_requests: rows::count(row, 5)?,
            wrote_files: row.get(6)?,
        })
    };
    select.query_map([CALLS_MAX], cost)?.collect()
}

fn edges(connection: &Connection) -> rusqlite::Result<Vec<CallEdge>> {
    let mut select = connection.prepare_cached(
        "SELECT p.plugin, c.plugin, c.capability, count(*)
         FROM (SELECT parent, plugin, capability, caller_kind, rehearsal FROM invocations ORDER BY seq DESC LIMIT ?1) c
         JOIN invocations p ON p.id = c.parent
         WHERE c.parent IS NOT NULL AND c.caller_kind = 'plugin' AND p.plugin IS NOT NULL
            AND c.rehearsal IS NOT 1
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )?;
    let edge = |row: &Row<'_>| {
        let calls = rows::count(row, 3)?;
        Ok(CallEdge { from: row.get(0)?, to: row.get(1)?, capability: row.get(2)?, calls })
    };
    select.query_map([CALLS_MAX], edge)?.collect()
}

fn decisions(connection: &Connection) -> rusqlite::Result<Vec<DecisionCount>> {
    let mut select = connection.prepare_cached(
        "SELECT plugin, capability, verdict ->> '$.decision' AS decision, count(*)
         FROM (SELECT plugin, capability, verdict FROM invocations ORDER BY seq DESC LIMIT ?1)
         WHERE json_valid(verdict) AND decision IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )?;
    let counted = |row: &Row<'_>| {
        let (plugin, capability, decision) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(DecisionCount { plugin, capability, decision, calls: rows::count(row, 3)? })
    };
    select.query_map([VERDICTS_MAX], counted)?.collect()
}

fn events(connection: &Connection) -> rusqlite::Result<BTreeMap<String, u64>> {
    let mut select = connection.prepare_cached(
        "SELECT event_type, count(*) FROM (SELECT event_type FROM events ORDER BY id DESC LIMIT ?1) GROUP BY 1",
    )?;
    select.query_map([EVENTS_MAX], |row| Ok((row.get(0)?, rows::count(row, 1)?)))?.collect()
}

/// Pairs of a plugin and the scope a topic it published, or was called with, falls under.
fn topics(connection: &Connection) -> rusqlite::Result<BTreeSet<(String, String)>> {
    let mut select = connection.prepare_cached(
        "SELECT DISTINCT subject, iif(event_type = 'published', 'publish:', 'subscribe:') || (event_data ->> '$.topic')
         FROM (SELECT subject, event_type, event_data FROM events ORDER BY id DESC LIMIT ?1)
         WHERE event_type IN ('published', 'delivered', 'undelivered') AND subject IS NOT NULL
            AND event_data ->> '$.topic' IS NOT NULL",
    )?;
    select.query_map([EVENTS_MAX], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn plugins(connection: &Connection) -> rusqlite::Result<BTreeMap<PluginName, PluginFacts>> {
    let mut found = BTreeMap::new();
    let mut select = connection.prepare_cached(
        "SELECT m.name, length(CAST(v.manifest AS BLOB)), v.pinned,
            (SELECT count(*) FROM configurations c WHERE c.module_id = m.id),
            coalesce((SELECT keys FROM kv_total k WHERE k.module_id = m.id), 0),
            (SELECT json_group_array(json_array(g.scope, g.access)) FROM grants g WHERE g.module_id = m.id),
            (SELECT json_group_array(d.name) FROM dependencies d
             WHERE d.version_id = v.id AND d.dependency_type = 'module' AND d.required = 1)
         FROM modules m JOIN module_versions v ON v.module_id = m.id AND v.active = 1",
    )?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let pinned: Pinned = rows::json(row, 2)?;
        let granted: Vec<(String, Option<Access>)> = rows::json(row, 5)?;
        let mut scopes: BTreeMap<String, ScopeStanding> = BTreeMap::new();
        for ask in pinned.asks {
            scopes.entry(ask.scope).or_default().asked = true;
        }
        for (scope, access) in granted {
            let standing = scopes.entry(scope).or_default();
            (standing.granted, standing.writable) = (true, access == Some(Access::Write));
        }
        let facts = PluginFacts {
            manifest_bytes: rows::count(row, 1)?,
            set_values: rows::count(row, 3)?,
            stored_keys: rows::count(row, 4)?,
            scopes,
            requires: rows::json(row, 6)?,
        };
        found.insert(rows::parsed(row, 0)?, facts);
    }
    Ok(found)
}

fn waiting(connection: &Connection, now: i64) -> rusqlite::Result<Waiting> {
    let mut select = connection.prepare_cached(
        "SELECT count(*), min(asked_at) FROM approvals WHERE state = 'pending' AND expires_at > ?1",
    )?;
    let found = select
        .query_row([now], |row| {
            Ok(Waiting { calls: rows::count(row, 0)?, since_ms: rows::count_or_none(row, 1)? })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}
