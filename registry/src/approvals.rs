//! The table `approvals`: calls that wait for a person, and what the person said.

use ares_kernel::facts::{Approval, ApprovalState, Binding, Effect};
use ares_kernel::ports::{ApprovalGone, Held};
use ares_kernel::text::escaped;
use ares_kernel::{Blake3, Caller, InvocationId};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde::Serialize;
use serde_json::json;

use crate::error::RegistryError;
use crate::events::{self, Entry};
use crate::journal::record::Opened;
use crate::registry::Registry;
use crate::rows::{self, int, word_of};
use crate::tasks;
use crate::writer::Abort;

/// How long a question waits for an answer, in milliseconds: a day.
const QUESTION_MS: u64 = 24 * 60 * 60 * 1000;
/// How many questions wait at most. Older ones go: whoever asks without end drowns only themselves.
const PENDING_MAX: u32 = 1000;
/// The most that is kept of the arguments, in bytes.
const ARGUMENTS_MAX: usize = 16 * 1024;

/// A question on its way into the table.
pub(crate) struct Question {
    held: Held,
    effect: Option<Effect>,
}

impl Question {
    /// Of a call that is held.
    pub(crate) fn of(held: &Held, effect: Option<Effect>) -> Self {
        Self { held: held.clone(), effect }
    }

    /// Asks it, in the transaction of the call's record.
    pub(crate) fn ask(&self, connection: &Connection, opened: &Opened<'_>) -> rusqlite::Result<()> {
        let Held { binding, arguments, reason, pauses } = &self.held;
        let mut insert = connection.prepare_cached(
            "INSERT INTO approvals (id, asked_at, expires_at, state, capability, plugin, blake3,
                arguments_blake3, revision, caller_kind, caller, effect, arguments, reason)
             VALUES (:id, :asked_at, :expires_at, 'pending', :capability, :plugin, :blake3,
                :arguments_blake3, :revision, :caller_kind, :caller, :effect, :arguments, :reason)",
        )?;
        insert.execute(named_params! {
            ":id": opened.id, ":asked_at": int(opened.at), ":expires_at": int(opened.at + QUESTION_MS),
            ":capability": binding.capability.as_str(), ":plugin": binding.plugin.as_str(),
            ":blake3": binding.blake3.as_bytes(), ":arguments_blake3": binding.arguments.as_bytes(),
            ":revision": int(binding.revision), ":caller_kind": binding.caller.kind(),
            ":caller": binding.caller.name(), ":effect": self.effect.map_or("", Effect::as_str),
            ":arguments": escaped(arguments, ARGUMENTS_MAX), ":reason": reason,
        })?;
        if let Some(task) = opened.task.as_deref().filter(|_| *pauses) {
            tasks::pause(connection, task, reason, opened.at)?;
        }
        let mut prune = connection.prepare_cached(
            "DELETE FROM approvals WHERE state = 'pending' AND id NOT IN (
                 SELECT id FROM approvals WHERE state = 'pending' ORDER BY asked_at DESC, id DESC LIMIT ?1)",
        )?;
        prune.execute([PENDING_MAX])?;
        Ok(())
    }
}

/// Uses an approval up, in the transaction of the opening record of the call it is for.
pub(crate) fn spend(connection: &Connection, id: InvocationId, opened: &Opened<'_>) -> Result<(), Abort> {
    let mut update = connection.prepare_cached(
        "UPDATE approvals SET state = 'used', used_by = ?2, used_at = ?3
         WHERE id = ?1 AND state = 'approved' AND expires_at > ?3",
    )?;
    match update.execute((id.as_bytes(), opened.id, int(opened.at)))? {
        1 => Ok(()),
        _ => Err(Abort::Registry(RegistryError::ApprovalGone(ApprovalGone(id)))),
    }
}

/// A question and what became of it, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApprovalView {
    /// The invocation that was held; the approval has the same id.
    pub id: InvocationId,
    /// `pending`, `approved`, `denied`, `used`, or `expired` for the first two past their time.
    pub state: String,
    /// The capability.
    pub capability: String,
    /// Its plugin.
    pub plugin: String,
    /// Hash of the component it is bound to.
    pub blake3: Blake3,
    /// What the call may do.
    pub effect: String,
    /// Who asked: kind and name.
    pub caller: String,
    /// The arguments, canonical, without secrets, escaped and cut.
    pub arguments: String,
    /// Hash of the arguments it is bound to.
    pub arguments_blake3: Blake3,
    /// Why it waits.
    pub reason: String,
    /// The operator's rules it is bound to.
    pub revision: u64,
    /// When it was asked, in milliseconds since the Unix epoch.
    pub asked_at_ms: u64,
    /// When the question, or the yes, ends.
    pub expires_at_ms: u64,
    /// When somebody said something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at_ms: Option<u64>,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// In which words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The call that was made with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_by: Option<InvocationId>,
}

/// A person's word on a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Yes or no.
    pub yes: bool,
    /// Why, in their words.
    pub note: Option<String>,
    /// How long a yes holds, in milliseconds.
    pub holds_ms: u64,
    /// The rules it holds under, where they are others than when it was asked.
    pub revision: Option<u64>,
}

impl Registry {
    /// The approval of this id, for the gate.
    pub(crate) async fn approval_now(&self, id: InvocationId) -> Result<Option<Approval>, RegistryError> {
        let read = self.threads.read("reading an approval", move |connection| {
            let mut select = connection.prepare_cached("SELECT * FROM approvals WHERE id = ?1")?;
            select.query_row([id.as_bytes()], approval).optional()
        });
        read.await
    }

    /// Questions and what became of them, oldest first: those that wait, or all of the last.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn approvals(&self, all: bool, limit: u32) -> Result<Vec<ApprovalView>, RegistryError> {
        self.flush()?;
        let now = self.now();
        let sql = if all {
            "SELECT * FROM approvals WHERE ?1 IS NOT NULL ORDER BY asked_at DESC, id DESC LIMIT ?2"
        } else {
            "SELECT * FROM approvals WHERE state = 'pending' AND expires_at > ?1
             ORDER BY asked_at DESC, id DESC LIMIT ?2"
        };
        self.readers.read("reading approvals", |connection| {
            let mut select = connection.prepare_cached(sql)?;
            let found = select.query_map((int(now), limit), |row| view(row, now))?;
            let mut views: Vec<ApprovalView> = found.collect::<rusqlite::Result<_>>()?;
            views.reverse();
            Ok(views)
        })
    }

    /// One of them.
    ///
    /// # Errors
    /// When the registry cannot be read, and [`RegistryError::NoSuchApproval`].
    pub fn approval(&self, id: InvocationId) -> Result<ApprovalView, RegistryError> {
        self.flush()?;
        let now = self.now();
        let found = self.readers.read("reading an approval", |connection| one(connection, id, now))?;
        found.ok_or(RegistryError::NoSuchApproval { id })
    }

    /// The yes that was said to the very same call as this held one, and was not used. The new question
    /// goes: it is answered.
    ///
    /// # Errors
    /// When the registry cannot be read or written.
    pub fn said_before(&self, held: InvocationId) -> Result<Option<InvocationId>, RegistryError> {
        let now = self.now();
        let found = self.readers.read("looking for an approval", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT a.id FROM approvals a JOIN approvals q ON q.id = ?1 AND a.id <> q.id
                     AND a.capability = q.capability AND a.plugin = q.plugin AND a.blake3 = q.blake3
                     AND a.arguments_blake3 = q.arguments_blake3 AND a.revision = q.revision
                     AND a.caller_kind = q.caller_kind AND a.caller = q.caller
                 WHERE a.state = 'approved' AND a.expires_at > ?2 ORDER BY a.expires_at LIMIT 1",
            )?;
            let id = |row: &Row<'_>| Ok(InvocationId::from_bytes(row.get(0)?));
            select.query_row((held.as_bytes(), int(now)), id).optional()
        })?;
        if found.is_some() {
            self.change("taking back a question", move |connection| {
                let mut delete =
                    connection.prepare_cached("DELETE FROM approvals WHERE id = ?1 AND state = 'pending'")?;
                Ok(delete.execute([held.as_bytes()])?)
            })?;
        }
        Ok(found)
    }

    /// Says yes or no to a question that waits. A yes that was not used may be taken back.
    ///
    /// # Errors
    /// When it does not wait any more, and when the registry cannot be written.
    pub fn decide(
        &self,
        id: InvocationId,
        word: Word,
        actor: &Caller,
    ) -> Result<ApprovalView, RegistryError> {
        self.flush()?;
        let (now, actor) = (self.now(), actor.to_string());
        self.change("deciding an approval", move |connection| {
            let Some(was) = one(connection, id, now)? else {
                return Err(Abort::Registry(RegistryError::NoSuchApproval { id }));
            };
            let open = was.state == "pending" || (was.state == "approved" && !word.yes);
            if !open {
                let state = was.state;
                return Err(Abort::Registry(RegistryError::ApprovalClosed { id, state }));
            }
            let revision = word.revision.unwrap_or(was.revision);
            let state = if word.yes { "approved" } else { "denied" };
            let expires = if word.yes { now.saturating_add(word.holds_ms) } else { was.expires_at_ms };
            connection.execute(
                "UPDATE approvals SET state = ?2, decided_at = ?3, decided_by = ?4, note = ?5, expires_at = ?6,
                    revision = ?7 WHERE id = ?1",
                (id.as_bytes(), state, int(now), &actor, &word.note, int(expires), int(revision)),
            )?;
            let data = json!({
                "approval": id, "capability": was.capability, "arguments": was.arguments_blake3,
                "caller": was.caller, "note": word.note, "expires_at_ms": expires,
            });
            let kind = if word.yes { "approved" } else { "denied" };
            let subject = Some(was.plugin.as_str());
            let entry = Entry { module: None, subject, actor: Some(actor), kind, data, at: now };
            events::insert(connection, &entry)?;
            one(connection, id, now)?.ok_or(Abort::Registry(RegistryError::NoSuchApproval { id }))
        })
    }
}

fn one(connection: &Connection, id: InvocationId, now: u64) -> rusqlite::Result<Option<ApprovalView>> {
    let mut select = connection.prepare_cached("SELECT * FROM approvals WHERE id = ?1")?;
    select.query_row([id.as_bytes()], |row| view(row, now)).optional()
}

fn caller(row: &Row<'_>) -> rusqlite::Result<Caller> {
    let name: String = row.get("caller")?;
    Ok(match row.get_ref("caller_kind")?.as_str()? {
        "human" => Caller::Human(name),
        "plugin" => Caller::Plugin(rows::parsed(row, "caller")?),
        _ => Caller::Agent(name),
    })
}

fn approval(row: &Row<'_>) -> rusqlite::Result<Approval> {
    Ok(Approval {
        id: InvocationId::from_bytes(row.get("id")?),
        binding: Binding {
            capability: rows::parsed(row, "capability")?,
            plugin: rows::parsed(row, "plugin")?,
            blake3: rows::blake3(row, "blake3")?,
            arguments: rows::blake3(row, "arguments_blake3")?,
            revision: rows::count(row, "revision")?,
            caller: caller(row)?,
        },
        state: rows::word(row, "state")?,
        expires_ms: rows::count(row, "expires_at")?,
    })
}

fn view(row: &Row<'_>, now: u64) -> rusqlite::Result<ApprovalView> {
    let state: ApprovalState = rows::word(row, "state")?;
    let expires_at_ms = rows::count(row, "expires_at")?;
    let open = matches!(state, ApprovalState::Pending | ApprovalState::Approved);
    let over = open && expires_at_ms <= now;
    Ok(ApprovalView {
        id: InvocationId::from_bytes(row.get("id")?),
        state: if over { "expired".to_owned() } else { word_of(&state) },
        capability: row.get("capability")?,
        plugin: row.get("plugin")?,
        blake3: rows::blake3(row, "blake3")?,
        effect: row.get("effect")?,
        caller: caller(row)?.to_string(),
        arguments: row.get("arguments")?,
        arguments_blake3: rows::blake3(row, "arguments_blake3")?,
        reason: row.get("reason")?,
        revision: rows::count(row, "revision")?,
        asked_at_ms: rows::count(row, "asked_at")?,
        expires_at_ms,
        decided_at_ms: rows::count_or_none(row, "decided_at")?,
        decided_by: row.get("decided_by")?,
        note: row.get("note")?,
        used_by: rows::invocation_or_none(row, "used_by")?,
    })
}
