//! The table `stops`: calls that a rule of the operator's held or refused, and what became of them.

use ares_kernel::facts::{ApprovalState, Effect};
use ares_kernel::ports::{Closing, Stance, Stopped};
use ares_kernel::text::escaped;
use ares_kernel::{Blake3, InvocationId, PluginName};
use rusqlite::{Connection, Row, named_params};
use serde::Serialize;

use crate::approvals::ARGUMENTS_MAX;
use crate::error::RegistryError;
use crate::journal::record::Opened;
use crate::registry::Registry;
use crate::rows::{self, int, word_of};

/// How far back stops, overrides and objections are counted, in milliseconds: 30 days.
pub(crate) const WINDOW_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// How many stops of each stance are kept at most, as of the last count; older ones go. Each has its own, so that
/// whoever is held again and again pushes out nothing that was forbidden. The journal keeps every call in any case.
const STOPS_MAX: i64 = if cfg!(test) { 100 } else { 100_000 };
/// After how many stops they are counted again.
const COUNT_EACH: i64 = if cfg!(test) { 10 } else { 1000 };

/// A stop on its way into the table.
pub(crate) struct Stop {
    stopped: Stopped,
    plugin: PluginName,
    blake3: Blake3,
    effect: Effect,
}

impl Stop {
    /// Of a call that ends so.
    pub(crate) fn of(closing: &Closing<'_>) -> Option<Self> {
        let (stopped, plugin) = (closing.stopped?.clone(), closing.plugin?);
        Some(Self { stopped, plugin: plugin.name.clone(), blake3: plugin.blake3, effect: closing.effect? })
    }

    /// Writes it down, in the transaction of the call's record.
    pub(crate) fn keep(&self, connection: &Connection, opened: &Opened<'_>) -> rusqlite::Result<()> {
        let Stopped { rule, reason, stance, firm, question } = &self.stopped;
        let mut insert = connection.prepare_cached(
            "INSERT INTO stops (id, at, caller_kind, caller, capability, plugin, blake3, effect, rule, reason,
                stance, firm, arguments_blake3, arguments, revision)
             VALUES (:id, :at, :caller_kind, :caller, :capability, :plugin, :blake3, :effect, :rule, :reason,
                :stance, :firm, :arguments_blake3, :arguments, :revision)",
        )?;
        insert.execute(named_params! {
            ":id": opened.id, ":at": int(opened.at), ":caller_kind": opened.caller_kind,
            ":caller": opened.caller, ":capability": opened.capability, ":plugin": self.plugin.as_str(),
            ":blake3": self.blake3.as_bytes(), ":effect": self.effect.as_str(), ":rule": rule,
            ":reason": reason, ":stance": word_of(stance), ":firm": firm,
            ":arguments_blake3": question.as_ref().map(|held| *held.binding.arguments.as_bytes()),
            ":arguments": question.as_ref().map(|held| escaped(&held.arguments, ARGUMENTS_MAX)),
            ":revision": question.as_ref().map(|held| int(held.binding.revision)),
        })?;
        let number = connection.last_insert_rowid();
        let mut old = connection.prepare_cached("DELETE FROM stops WHERE at < ?1")?;
        old.execute([int(opened.at.saturating_sub(WINDOW_MS))])?;
        if number % COUNT_EACH == 0 {
            let mut surplus = connection.prepare_cached(
                "DELETE FROM stops WHERE number IN (SELECT number FROM (
                     SELECT number, row_number() OVER (PARTITION BY stance ORDER BY number DESC) AS place FROM stops)
                 WHERE place > ?1)",
            )?;
            surplus.execute([STOPS_MAX])?;
        }
        Ok(())
    }
}

/// A call that a rule stopped, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StopView {
    /// The invocation.
    pub id: InvocationId,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Who asked: kind and name.
    pub caller: String,
    /// For what.
    pub capability: String,
    /// Of whom.
    pub plugin: String,
    /// What the call may do.
    pub effect: String,
    /// The rule.
    pub rule: String,
    /// Why, in its words.
    pub reason: String,
    /// What it said: `ask`, `never` or `catastrophic`.
    pub stance: Stance,
    /// What became of it: `refused`, `waiting`, `approved`, `denied` or `expired`.
    pub became: &'static str,
    /// Whether it was approved against a mandate or a rule that forbids: an override.
    pub overridden: bool,
    /// Whether a person can be asked to override the rule for it.
    pub overridable: bool,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// In which words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a plugin's calls were stopped for in the last 30 days: all that its score is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ViolationsView {
    /// Calls of it in all, rehearsals not counted.
    pub calls: u64,
    /// Calls that nothing lifts.
    pub catastrophic: u64,
    /// Calls that a rule forbade, overridden or not.
    pub forbidden: u64,
    /// Calls that a mandate had a person asked about, and that nobody approved.
    pub not_approved: u64,
}

/// Stops with what became of their questions.
const STOPS: &str = "SELECT s.*, a.state, a.expires_at, a.decided_by, a.note, a.overrides
    FROM stops s LEFT JOIN approvals a ON a.id = s.id";

impl Registry {
    /// The newest calls that a rule stopped, oldest first; those of one plugin, where one is named.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn stops(&self, plugin: Option<&PluginName>, limit: u32) -> Result<Vec<StopView>, RegistryError> {
        let now = self.now();
        self.readers.read("reading what rules stopped", |connection| {
            let mut select = connection.prepare_cached(&format!(
                "{STOPS} WHERE ?1 IS NULL OR s.plugin = ?1 ORDER BY s.number DESC LIMIT ?2"
            ))?;
            let found = select.query_map((plugin.map(PluginName::as_str), limit), |row| view(row, now))?;
            let mut views: Vec<StopView> = found.collect::<rusqlite::Result<_>>()?;
            views.reverse();
            Ok(views)
        })
    }

    /// How many calls each rule stopped in the last 30 days.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn stop_counts(&self) -> Result<Vec<(String, u64)>, RegistryError> {
        let since = self.now().saturating_sub(WINDOW_MS);
        self.readers.read("counting what rules stopped", |connection| {
            let mut select =
                connection.prepare_cached("SELECT rule, count(*) FROM stops WHERE at >= ?1 GROUP BY rule")?;
            select.query_map([int(since)], |row| Ok((row.get(0)?, rows::count(row, 1)?)))?.collect()
        })
    }

    /// What a plugin's calls of the last 30 days were stopped for.
    ///
    /// # Errors
    /// When no such plugin is registered, and when the registry cannot be read.
    pub fn violations(&self, plugin: &PluginName) -> Result<ViolationsView, RegistryError> {
        if !self.is_registered(plugin) {
            return Err(RegistryError::NoSuchPlugin { name: plugin.clone() });
        }
        self.flush()?;
        let since = int(self.now().saturating_sub(WINDOW_MS));
        self.readers.read("counting violations", |connection| {
            let calls = connection
                .prepare_cached(
                    "SELECT count(*) FROM invocations WHERE plugin = ?1 AND at >= ?2 AND rehearsal IS NOT 1",
                )?
                .query_row((plugin.as_str(), since), |row| rows::count(row, 0))?;
            let mut select = connection.prepare_cached(
                "SELECT count(*) FILTER (WHERE s.stance = 'catastrophic'),
                        count(*) FILTER (WHERE s.stance = 'never'),
                        count(*) FILTER (WHERE s.stance = 'ask' AND s.firm
                            AND coalesce(a.state, 'gone') NOT IN ('approved', 'used'))
                 FROM stops s LEFT JOIN approvals a ON a.id = s.id WHERE s.plugin = ?1 AND s.at >= ?2",
            )?;
            select.query_row((plugin.as_str(), since), |row| {
                Ok(ViolationsView {
                    calls,
                    catastrophic: rows::count(row, 0)?,
                    forbidden: rows::count(row, 1)?,
                    not_approved: rows::count(row, 2)?,
                })
            })
        })
    }
}

fn view(row: &Row<'_>, now: u64) -> rusqlite::Result<StopView> {
    let stance: Stance = rows::word(row, "stance")?;
    let asked: Option<String> = row.get("state")?;
    let state: Option<ApprovalState> = asked.map(|_| rows::word(row, "state")).transpose()?;
    let over = rows::count_or_none(row, "expires_at")?.is_none_or(|until| until <= now);
    let became = match state {
        None if stance == Stance::Ask => "expired",
        None => "refused",
        Some(ApprovalState::Pending) if over => "expired",
        Some(ApprovalState::Pending) => "waiting",
        Some(ApprovalState::Denied) => "denied",
        Some(ApprovalState::Approved | ApprovalState::Used) => "approved",
    };
    let overrides: Option<String> = row.get("overrides")?;
    let bound = rows::count_or_none(row, "revision")?.is_some();
    Ok(StopView {
        id: InvocationId::from_bytes(row.get("id")?),
        at_ms: rows::count(row, "at")?,
        caller: format!("{}:{}", row.get::<_, String>("caller_kind")?, row.get::<_, String>("caller")?),
        capability: row.get("capability")?,
        plugin: row.get("plugin")?,
        effect: row.get("effect")?,
        rule: row.get("rule")?,
        reason: row.get("reason")?,
        stance,
        became,
        overridden: became == "approved" && overrides.is_some(),
        overridable: bound && state.is_none(),
        decided_by: row.get("decided_by")?,
        note: row.get("note")?,
    })
}
