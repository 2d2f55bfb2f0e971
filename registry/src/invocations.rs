//! The table `invocations`, for reading; `journal` writes it.

use ares_kernel::facts::Money;
use ares_kernel::{CapabilityId, InvocationId};
use rusqlite::{OptionalExtension as _, Row};

use crate::error::RegistryError;
use crate::events;
use crate::registry::Registry;
use crate::rows;
use crate::views::{InvocationQuery, InvocationView, UsageView};

/// The most invocations one question answers.
const MOST: u32 = 10_000;

impl Registry {
    /// The newest invocations, oldest first. Ids sort by time, so their order is that of coming in.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn invocations(&self, query: &InvocationQuery) -> Result<Vec<InvocationView>, RegistryError> {
        self.flush()?;
        let parent = query.parent.map(|id| *id.as_bytes());
        let capability = query.capability.as_ref().map(CapabilityId::as_str);
        // One statement for each question, so that each can use its index.
        let sql = match (capability, parent) {
            (None, None) => {
                "SELECT * FROM invocations WHERE ?1 IS NULL AND ?2 IS NULL ORDER BY id DESC LIMIT ?3"
            }
            (Some(_), None) => {
                "SELECT * FROM invocations WHERE capability = ?1 AND ?2 IS NULL ORDER BY id DESC LIMIT ?3"
            }
            (_, Some(_)) => {
                "SELECT * FROM invocations WHERE parent = ?2 AND (?1 IS NULL OR capability = ?1)
                 ORDER BY id DESC LIMIT ?3"
            }
        };
        self.readers.read("reading invocations", |connection| {
            let mut select = connection.prepare_cached(sql)?;
            let found = select.query_map((capability, parent, query.limit.min(MOST)), view)?;
            let mut views: Vec<InvocationView> = found.collect::<rusqlite::Result<_>>()?;
            views.reverse();
            Ok(views)
        })
    }

    /// What was called well in a task, in order, each call once. What was only rehearsed was not called.
    pub(crate) async fn done_in(&self, task: String) -> Result<Vec<CapabilityId>, RegistryError> {
        if self.spool.unfolded() > 0 {
            self.writer.folded().await?;
        }
        let read = self.threads.read("reading a task", move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT capability FROM (SELECT seq, capability FROM invocations
                     WHERE task = ?1 AND status = 'ok' AND rehearsal IS NOT 1 ORDER BY seq DESC LIMIT 1000) ORDER BY seq",
            )?;
            let found = select.query_map([task], |row| rows::parsed(row, 0))?;
            found.collect()
        });
        read.await
    }

    /// One invocation, if the journal holds it.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn invocation(&self, id: InvocationId) -> Result<Option<InvocationView>, RegistryError> {
        self.flush()?;
        self.readers.read("reading an invocation", |connection| {
            let mut select = connection.prepare_cached("SELECT * FROM invocations WHERE id = ?1")?;
            let found = select.query_row([id.as_bytes()], view).optional()?;
            let Some(found) = found else { return Ok(None) };
            Ok(Some(InvocationView { events: events::of_invocation(connection, id)?, ..found }))
        })
    }
}

fn view(row: &Row<'_>) -> rusqlite::Result<InvocationView> {
    Ok(InvocationView {
        id: InvocationId::from_bytes(row.get("id")?),
        at_ms: rows::count(row, "at")?,
        ended_ms: rows::count_or_none(row, "ended_at")?,
        status: row.get("status")?,
        capability: row.get("capability")?,
        caller_kind: row.get("caller_kind")?,
        caller: row.get("caller")?,
        parent: rows::invocation_or_none(row, "parent")?,
        depth: row.get("depth")?,
        task: row.get("task")?,
        plugin: row.get("plugin")?,
        version: row.get("version")?,
        blake3: rows::blake3_or_none(row, "blake3")?,
        effect: row.get("effect")?,
        code: row.get("code")?,
        message: row.get("message")?,
        input_blake3: rows::blake3(row, "input_blake3")?,
        input_bytes: rows::count(row, "input_bytes")?,
        output_blake3: rows::blake3_or_none(row, "output_blake3")?,
        output_bytes: rows::count_or_none(row, "output_bytes")?,
        usage: usage(row)?,
        cost: rows::count_or_none(row, "cost")?.map(Money::of_millionths),
        flags: rows::json_or_none(row, "flags")?,
        verdict: rows::json_or_none(row, "verdict")?,
        rehearsal: row.get::<_, Option<bool>>("rehearsal")?.unwrap_or(false),
        events: Vec::new(),
    })
}

fn usage(row: &Row<'_>) -> rusqlite::Result<Option<UsageView>> {
    let Some(fuel) = rows::count_or_none(row, "fuel")? else { return Ok(None) };
    Ok(Some(UsageView {
        fuel,
        peak_memory_bytes: rows::count(row, "peak_memory_bytes")?,
        wall_us: rows::count(row, "wall_us")?,
        host_calls: rows::count(row, "host_calls")?,
        log_lines_dropped: rows::count(row, "log_lines_dropped")?,
        // Nothing stands there for calls that could not have sent any.
        http_requests: rows::count_or_none(row, "http_requests")?.unwrap_or(0),
        http_sent_bytes: rows::count_or_none(row, "http_sent_bytes")?.unwrap_or(0),
        http_received_bytes: rows::count_or_none(row, "http_received_bytes")?.unwrap_or(0),
        denied: rows::count_or_none(row, "denied")?.unwrap_or(0),
        cached: row.get("cached")?,
        // Calls from before there were limits on files have no such figures.
        file_bytes_written: rows::count_or_none(row, "file_bytes_written")?.unwrap_or(0),
        files_made: rows::count_or_none(row, "files_made")?.unwrap_or(0),
        file_limit: row.get("file_limit")?,
    }))
}
