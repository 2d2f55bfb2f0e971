//! One invocation as it is written down: in the spool as bytes, in the database as a row.

use std::borrow::Cow;

use ares_kernel::facts::{FileLimit, Money, Use};
use ares_kernel::ports::{Begun, Closing, Opening};
use rusqlite::{Connection, OptionalExtension as _, named_params, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::rows::{int, json_of};

/// What is known when a call comes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Opened<'a> {
    pub(crate) id: [u8; 16],
    pub(crate) at: u64,
    pub(crate) caller_kind: Cow<'a, str>,
    pub(crate) caller: Cow<'a, str>,
    pub(crate) capability: Cow<'a, str>,
    pub(crate) parent: Option<[u8; 16]>,
    pub(crate) depth: u32,
    pub(crate) task: Option<Cow<'a, str>>,
    pub(crate) input_blake3: [u8; 32],
    pub(crate) input_bytes: u64,
    /// The spool is for calls that may keep what they do.
    #[serde(skip)]
    pub(crate) rehearsal: bool,
}

/// Who runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Runner<'a> {
    pub(crate) plugin: Cow<'a, str>,
    pub(crate) version: Cow<'a, str>,
    pub(crate) blake3: [u8; 32],
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Closed<'a> {
    pub(crate) ended: u64,
    pub(crate) status: Cow<'a, str>,
    pub(crate) runner: Option<Runner<'a>>,
    pub(crate) effect: Option<Cow<'a, str>>,
    pub(crate) code: Option<Cow<'a, str>>,
    pub(crate) message: Option<Cow<'a, str>>,
    pub(crate) output: Option<([u8; 32], u64)>,
    pub(crate) fuel: u64,
    pub(crate) peak_memory_bytes: u64,
    pub(crate) wall_us: u64,
    pub(crate) host_calls: u64,
    pub(crate) log_lines_dropped: u64,
    pub(crate) cached: bool,
    pub(crate) verdict: String,
    /// The spool is for calls that reach no network.
    #[serde(skip)]
    pub(crate) http: Http,
    /// Stands behind the rest in the spool: files of before there was such a number end without it.
    #[serde(skip)]
    pub(crate) denied: u64,
    /// Stands behind that.
    #[serde(skip)]
    pub(crate) used: Option<Use>,
    /// Stands behind that: JSON, or nothing.
    #[serde(skip)]
    pub(crate) flags: Option<String>,
    /// What reads changes no file.
    #[serde(skip)]
    pub(crate) files: Files,
    /// The spool is for calls that cost nothing. In millionths.
    #[serde(skip)]
    pub(crate) cost: Option<u64>,
}

/// What a call wrote into files, and the limit it met.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Files {
    bytes_written: u64,
    made: u64,
    limit: Option<&'static str>,
}

/// What a call sent and received.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Http {
    requests: u64,
    sent_bytes: u64,
    received_bytes: u64,
}

/// The record as the spool holds it.
pub(crate) fn to_bytes(opened: &Opened<'_>, closed: &Closed<'_>) -> postcard::Result<Vec<u8>> {
    postcard::to_stdvec(&(opened, closed, closed.denied, closed.used, &closed.flags))
}

/// The record from the spool.
pub(crate) fn from_bytes(bytes: &[u8]) -> postcard::Result<(Opened<'_>, Closed<'_>)> {
    let ((opened, mut closed), rest) = postcard::take_from_bytes::<(Opened<'_>, Closed<'_>)>(bytes)?;
    if !rest.is_empty() {
        let rest = {
            let (denied, rest) = postcard::take_from_bytes(rest)?;
            closed.denied = denied;
            rest
        };
        if !rest.is_empty() {
            let (used, rest) = postcard::take_from_bytes(rest)?;
            closed.used = used;
            if !rest.is_empty() {
                closed.flags = postcard::from_bytes(rest)?;
            }
        }
    }
    Ok((opened, closed))
}

impl<'a> Opened<'a> {
    /// Of an opening.
    pub(crate) fn of(opening: &'a Opening) -> Self {
        Self {
            id: *opening.id.as_bytes(),
            at: opening.at_ms,
            caller_kind: opening.caller.kind().into(),
            caller: opening.caller.name().into(),
            capability: opening.capability.as_str().into(),
            parent: opening.parent.map(|id| *id.as_bytes()),
            depth: opening.depth,
            task: opening.task.as_deref().map(Cow::from),
            input_blake3: *opening.input_blake3.as_bytes(),
            input_bytes: opening.input_bytes,
            rehearsal: opening.rehearsal,
        }
    }

    /// The same, keeping its texts.
    pub(crate) fn kept(self) -> Opened<'static> {
        Opened {
            id: self.id,
            at: self.at,
            caller_kind: keep(self.caller_kind),
            caller: keep(self.caller),
            capability: keep(self.capability),
            parent: self.parent,
            depth: self.depth,
            task: self.task.map(keep),
            input_blake3: self.input_blake3,
            input_bytes: self.input_bytes,
            rehearsal: self.rehearsal,
        }
    }
}

impl<'a> Runner<'a> {
    fn of(plugin: &'a ares_kernel::facts::Plugin) -> Self {
        Self {
            plugin: plugin.name.as_str().into(),
            version: plugin.version.to_string().into(),
            blake3: *plugin.blake3.as_bytes(),
        }
    }

    fn kept(self) -> Runner<'static> {
        Runner { plugin: keep(self.plugin), version: keep(self.version), blake3: self.blake3 }
    }
}

impl<'a> Closed<'a> {
    /// Of a closing.
    pub(crate) fn of(closing: &Closing<'a>) -> Self {
        Self {
            ended: closing.ended_ms,
            status: closing.status.into(),
            runner: closing.plugin.map(Runner::of),
            effect: closing.effect.map(|effect| effect.as_str().into()),
            code: closing.code.map(Cow::from),
            message: closing.message.map(Cow::from),
            output: closing.output.map(|(blake3, bytes)| (*blake3.as_bytes(), bytes)),
            fuel: closing.usage.fuel,
            peak_memory_bytes: closing.usage.peak_memory_bytes,
            wall_us: closing.usage.wall_us,
            host_calls: closing.usage.host_calls,
            log_lines_dropped: closing.usage.log_lines_dropped,
            cached: closing.usage.cached,
            verdict: json_of(closing.verdict),
            http: Http {
                requests: closing.usage.http_requests,
                sent_bytes: closing.usage.http_sent_bytes,
                received_bytes: closing.usage.http_received_bytes,
            },
            files: Files {
                bytes_written: closing.usage.file_bytes_written,
                made: closing.usage.files_made,
                limit: closing.usage.file_limit.map(FileLimit::as_str),
            },
            denied: closing.usage.denied,
            used: closing.used,
            flags: (!closing.flags.is_empty()).then(|| json_of(&closing.flags)),
            cost: closing.cost.map(Money::millionths),
        }
    }

    /// The same, keeping its texts.
    pub(crate) fn kept(self) -> Closed<'static> {
        Closed {
            ended: self.ended,
            status: keep(self.status),
            runner: self.runner.map(Runner::kept),
            effect: self.effect.map(keep),
            code: self.code.map(keep),
            message: self.message.map(keep),
            output: self.output,
            fuel: self.fuel,
            peak_memory_bytes: self.peak_memory_bytes,
            wall_us: self.wall_us,
            host_calls: self.host_calls,
            log_lines_dropped: self.log_lines_dropped,
            cached: self.cached,
            verdict: self.verdict,
            http: self.http,
            files: self.files,
            denied: self.denied,
            used: self.used,
            flags: self.flags,
            cost: self.cost,
        }
    }
}

fn keep(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

/// Writes the row of a call that is about to run.
pub(crate) fn begin(
    connection: &Connection,
    owner: Uuid,
    opened: &Opened<'_>,
    runner: &Runner<'_>,
    effect: &str,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO invocations (id, owner, at, status, caller_kind, caller, capability, parent, depth, task,
            plugin, version, blake3, effect, input_blake3, input_bytes, rehearsal)
         VALUES (:id, :owner, :at, 'running', :caller_kind, :caller, :capability, :parent, :depth, :task,
            :plugin, :version, :blake3, :effect, :input_blake3, :input_bytes, :rehearsal)",
    )?;
    insert.execute(named_params! {
        ":id": opened.id, ":owner": owner.as_bytes(), ":at": int(opened.at),
        ":caller_kind": opened.caller_kind, ":caller": opened.caller, ":capability": opened.capability,
        ":parent": opened.parent, ":depth": opened.depth, ":task": opened.task,
        ":plugin": runner.plugin, ":version": runner.version, ":blake3": runner.blake3, ":effect": effect,
        ":input_blake3": opened.input_blake3, ":input_bytes": int(opened.input_bytes),
        ":rehearsal": opened.rehearsal,
    })?;
    Ok(())
}

/// Closes the row of a call that ran. Answers whether it was open.
pub(crate) fn end(connection: &Connection, id: &[u8; 16], closed: &Closed<'_>) -> rusqlite::Result<bool> {
    let mut update = connection.prepare_cached(
        "UPDATE invocations SET ended_at = :ended_at, status = :status, code = :code, message = :message,
            output_blake3 = :output_blake3, output_bytes = :output_bytes, fuel = :fuel,
            peak_memory_bytes = :peak_memory_bytes, wall_us = :wall_us, host_calls = :host_calls,
            log_lines_dropped = :log_lines_dropped, cached = :cached, verdict = :verdict,
            http_requests = :http_requests, http_sent_bytes = :http_sent_bytes,
            http_received_bytes = :http_received_bytes,
            file_bytes_written = :file_bytes_written, files_made = :files_made, file_limit = :file_limit,
            denied = :denied, flags = :flags, cost = :cost
         WHERE id = :id AND status = 'running'",
    )?;
    let changed = update.execute(named_params! {
        ":id": id, ":ended_at": int(closed.ended), ":status": closed.status, ":code": closed.code,
        ":message": closed.message, ":output_blake3": closed.output.map(|(blake3, _)| blake3),
        ":output_bytes": closed.output.map(|(_, bytes)| int(bytes)), ":fuel": int(closed.fuel),
        ":peak_memory_bytes": int(closed.peak_memory_bytes), ":wall_us": int(closed.wall_us),
        ":host_calls": int(closed.host_calls), ":log_lines_dropped": int(closed.log_lines_dropped),
        ":cached": closed.cached, ":verdict": closed.verdict, ":http_requests": int(closed.http.requests),
        ":http_sent_bytes": int(closed.http.sent_bytes), ":http_received_bytes": int(closed.http.received_bytes),
        ":file_bytes_written": int(closed.files.bytes_written), ":files_made": int(closed.files.made),
        ":file_limit": closed.files.limit,
        ":denied": int(closed.denied), ":flags": closed.flags,
        ":cost": closed.cost.map(int),
    })?;
    Ok(changed == 1)
}

/// Writes the whole row of a call that has ended. Does nothing when the row is there already, so a
/// spool can be folded twice; answers whether it was not. Folding is a loop over this: by position, since finding 29 names costs
/// more than writing the row.
pub(crate) fn whole(
    connection: &Connection,
    owner: Uuid,
    opened: &Opened<'_>,
    closed: &Closed<'_>,
) -> rusqlite::Result<bool> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO invocations (id, owner, at, ended_at, status, caller_kind, caller, capability, parent,
            depth, task, plugin, version, blake3, effect, code, message, input_blake3, input_bytes,
            output_blake3, output_bytes, fuel, peak_memory_bytes, wall_us, host_calls, log_lines_dropped,
            cached, verdict, denied, flags, rehearsal)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO NOTHING",
    )?;
    let runner = closed.runner.as_ref();
    let written = insert.execute(params![
        opened.id,
        owner.as_bytes(),
        int(opened.at),
        int(closed.ended),
        closed.status,
        opened.caller_kind,
        opened.caller,
        opened.capability,
        opened.parent,
        opened.depth,
        opened.task,
        runner.map(|runner| &runner.plugin),
        runner.map(|runner| &runner.version),
        runner.map(|runner| runner.blake3),
        closed.effect,
        closed.code,
        closed.message,
        opened.input_blake3,
        int(opened.input_bytes),
        closed.output.map(|(blake3, _)| blake3),
        closed.output.map(|(_, bytes)| int(bytes)),
        int(closed.fuel),
        int(closed.peak_memory_bytes),
        int(closed.wall_us),
        int(closed.host_calls),
        int(closed.log_lines_dropped),
        closed.cached,
        closed.verdict,
        int(closed.denied),
        closed.flags,
        opened.rehearsal,
    ])?;
    Ok(written == 1)
}

/// Closes every call that a dead process left running. Answers how many.
pub(crate) fn lost(connection: &Connection, owner: Uuid, now: u64) -> rusqlite::Result<usize> {
    let mut update = connection.prepare_cached(
        "UPDATE invocations SET status = 'lost', ended_at = ?2, code = 'lost',
            message = 'the host ended before this call did; ' || CASE WHEN rehearsal = 1
                THEN 'it was a rehearsal and changed nothing'
                ELSE 'what the call changed outside the store is unknown' END
         WHERE owner = ?1 AND status = 'running'",
    )?;
    update.execute((owner.as_bytes(), int(now)))
}

/// The plugin's row, as long as these bytes are registered under its name.
pub(crate) fn module(
    connection: &Connection,
    plugin: &str,
    blake3: &[u8; 32],
) -> rusqlite::Result<Option<i64>> {
    let mut select = connection.prepare_cached(
        "SELECT m.id FROM modules m JOIN module_versions v ON v.module_id = m.id
         WHERE m.name = ?1 AND v.blake3 = ?2 LIMIT 1",
    )?;
    select.query_row((plugin, blake3), |row| row.get(0)).optional()
}

/// Who is about to run.
pub(crate) fn runner(begun: Begun<'_>) -> Runner<'static> {
    Runner::of(begun.plugin).kept()
}
