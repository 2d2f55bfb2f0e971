//! The table `approvals`: calls that wait for a person, and what the person said.

use ares_kernel::facts::{Approval, ApprovalState, Binding, Effect};
use ares_kernel::ports::{ApprovalGone, Closing, Held};
use ares_kernel::text::{escaped, is_visible};
use ares_kernel::{Blake3, Caller, InvocationId};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde::Serialize;
use serde_json::json;

use crate::error::RegistryError;
use crate::events::{self, Entry};
use crate::journal::record::Opened;
use crate::objections;
use crate::overrides::{EARLIER, FINAL_FROM};
use crate::registry::Registry;
use crate::rows::{self, int, word_of};
use crate::stops::WINDOW_MS;
use crate::tasks;
use crate::writer::Abort;

/// How long a question waits for an answer, in milliseconds: a day.
pub(crate) const QUESTION_MS: u64 = 24 * 60 * 60 * 1000;
/// How many questions of one caller wait at most. Its own older ones go, except those of people: whoever asks without
/// end drowns only themselves.
const PENDING_EACH: u32 = 100;
/// How many questions wait at most. Names cost nothing, so beyond that a further question of anybody but a person is
/// not asked; its call is held as ever.
const PENDING_MAX: u32 = 1000;
/// How long a question nobody answered is kept after its time, in milliseconds: a week.
const FORGOTTEN_MS: u64 = 7 * QUESTION_MS;
/// The most that is kept of the arguments, in bytes.
pub(crate) const ARGUMENTS_MAX: usize = 16 * 1024;

/// A question on its way into the table.
pub(crate) struct Question {
    held: Held,
    effect: Option<Effect>,
    /// The mandate a yes would override.
    overrides: Option<String>,
}

impl Question {
    /// Of a call that is held.
    pub(crate) fn of(held: &Held, closing: &Closing<'_>) -> Self {
        let mandate = closing.stopped.filter(|stopped| stopped.firm);
        let overrides = mandate.map(|stopped| stopped.rule.to_string());
        Self { held: held.clone(), effect: closing.effect, overrides }
    }

    /// Of one that no rule stopped.
    #[cfg(test)]
    pub(crate) fn plain(held: &Held) -> Self {
        Self { held: held.clone(), effect: None, overrides: None }
    }

    /// Asks it, in the transaction of the call's record.
    pub(crate) fn ask(&self, connection: &Connection, opened: &Opened<'_>) -> rusqlite::Result<()> {
        let Held { binding, arguments, reason, pauses } = &self.held;
        let mut insert = connection.prepare_cached(
            "INSERT INTO approvals (id, asked_at, expires_at, state, capability, plugin, blake3,
                arguments_blake3, revision, caller_kind, caller, effect, arguments, reason, overrides)
             VALUES (:id, :asked_at, :expires_at, 'pending', :capability, :plugin, :blake3,
                :arguments_blake3, :revision, :caller_kind, :caller, :effect, :arguments, :reason, :overrides)",
        )?;
        insert.execute(named_params! {
            ":id": opened.id, ":asked_at": int(opened.at), ":expires_at": int(opened.at + QUESTION_MS),
            ":capability": binding.capability.as_str(), ":plugin": binding.plugin.as_str(),
            ":blake3": binding.blake3.as_bytes(), ":arguments_blake3": binding.arguments.as_bytes(),
            ":revision": int(binding.revision), ":caller_kind": binding.caller.kind(),
            ":caller": binding.caller.name(), ":effect": self.effect.map_or("", Effect::as_str),
            ":arguments": escaped(arguments, ARGUMENTS_MAX), ":reason": reason, ":overrides": self.overrides,
        })?;
        if let Some(task) = opened.task.as_deref().filter(|_| *pauses) {
            tasks::pause(connection, task, reason, opened.at)?;
        }
        if opened.caller_kind == "human" {
            return Ok(());
        }
        let mut prune = connection.prepare_cached(
            "DELETE FROM approvals WHERE state = 'pending' AND forbidden = 0 AND caller_kind = ?1 AND caller = ?2 AND id NOT IN (
                 SELECT id FROM approvals WHERE state = 'pending' AND caller_kind = ?1 AND caller = ?2
                 ORDER BY asked_at DESC, id DESC LIMIT ?3)",
        )?;
        prune.execute((binding.caller.kind(), binding.caller.name(), PENDING_EACH))?;
        let mut forgotten = connection.prepare_cached(
            "DELETE FROM approvals WHERE state = 'pending' AND forbidden = 0 AND expires_at < ?1",
        )?;
        forgotten.execute([int(opened.at.saturating_sub(FORGOTTEN_MS))])?;
        let mut last = connection.prepare_cached(
            "DELETE FROM approvals WHERE id = ?1 AND (
                 SELECT count(*) FROM approvals WHERE state = 'pending' AND expires_at > ?2) > ?3",
        )?;
        last.execute((opened.id, int(opened.at), PENDING_MAX))?;
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
    /// Who asked, as it is: no text for people.
    #[serde(skip)]
    pub asked_by: Caller,
    /// The arguments, canonical, without secrets, escaped and cut.
    pub arguments: String,
    /// Hash of the arguments it is bound to.
    pub arguments_blake3: Blake3,
    /// Why it waits.
    pub reason: String,
    /// The operator's rules it is bound to.
    pub revision: u64,
    /// The rule a yes overrides: a mandate that asks whatever is permitted, or a rule that forbids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<String>,
    /// Whether that rule forbids, and a person asked to be let through nevertheless.
    pub forbidden: bool,
    /// Earlier overrides of that rule for this plugin, in the 30 days before it was decided, or before now.
    pub earlier: u64,
    /// Whether it was approved as final, see [`crate::FINAL_FROM`].
    #[serde(rename = "final")]
    pub is_final: bool,
    /// Who asked for the override.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_for: Option<String>,
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
    /// Whether it is final, see [`crate::FINAL_FROM`]. Only an override can be.
    pub is_final: bool,
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
        let which = if all { "" } else { "WHERE a.state = 'pending' AND a.expires_at > :now" };
        let sql = format!(
            "SELECT a.*, {EARLIER} FROM approvals a {which} ORDER BY a.asked_at DESC, a.id DESC LIMIT :limit"
        );
        self.readers.read("reading approvals", |connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let named = named_params! { ":now": int(now), ":window": int(WINDOW_MS), ":limit": limit };
            let found = select.query_map(named, |row| view(row, now))?;
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

    /// The yes to the very call that this binding is of, which was not used; for a call that a rule forbids, the
    /// override of that rule.
    pub(crate) async fn answer_to(
        &self,
        asked: &Binding,
        forbidden_by: Option<&str>,
    ) -> Result<Option<InvocationId>, RegistryError> {
        let (asked, rule, now) = (asked.clone(), forbidden_by.map(ToOwned::to_owned), self.now());
        let read = self.threads.read("looking for an approval", move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT id FROM approvals
                 WHERE state = 'approved' AND expires_at > :now AND arguments_blake3 = :arguments
                     AND capability = :capability AND plugin = :plugin AND blake3 = :blake3
                     AND revision = :revision AND caller_kind = :caller_kind AND caller = :caller
                     AND (:rule IS NULL OR (forbidden = 1 AND overrides = :rule))
                 ORDER BY expires_at LIMIT 1",
            )?;
            let named = named_params! {
                ":now": int(now), ":arguments": asked.arguments.as_bytes(), ":capability": asked.capability.as_str(),
                ":plugin": asked.plugin.as_str(), ":blake3": asked.blake3.as_bytes(),
                ":revision": int(asked.revision), ":caller_kind": asked.caller.kind(),
                ":caller": asked.caller.name(), ":rule": rule,
            };
            select.query_row(named, |row| Ok(InvocationId::from_bytes(row.get(0)?))).optional()
        });
        read.await
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
            last_word(&was, &word).map_err(Abort::Registry)?;
            let revision = word.revision.unwrap_or(was.revision);
            let state = if word.yes { "approved" } else { "denied" };
            let expires = if word.yes { now.saturating_add(word.holds_ms) } else { was.expires_at_ms };
            connection.execute(
                "UPDATE approvals SET state = ?2, decided_at = ?3, decided_by = ?4, note = ?5, expires_at = ?6,
                    revision = ?7, final = ?8 WHERE id = ?1",
                (id.as_bytes(), state, int(now), &actor, &word.note, int(expires), int(revision), word.is_final),
            )?;
            let data = json!({
                "approval": id, "capability": was.capability, "arguments": was.arguments_blake3,
                "caller": was.caller, "note": word.note, "expires_at_ms": expires,
                "overrides": was.overrides, "earlier": was.earlier, "final": word.is_final,
            });
            if !word.yes {
                objections::denied(connection, id)?;
            }
            let kind = if word.yes { "approved" } else { "denied" };
            let subject = Some(was.plugin.as_str());
            let entry = Entry { module: None, subject, actor: Some(actor), kind, data, at: now };
            events::insert(connection, &entry)?;
            one(connection, id, now)?.ok_or(Abort::Registry(RegistryError::NoSuchApproval { id }))
        })
    }
}

/// The question of this id.
pub(crate) fn one(
    connection: &Connection,
    id: InvocationId,
    now: u64,
) -> rusqlite::Result<Option<ApprovalView>> {
    let mut select =
        connection.prepare_cached(&format!("SELECT a.*, {EARLIER} FROM approvals a WHERE a.id = :id"))?;
    let named = named_params! { ":now": int(now), ":window": int(WINDOW_MS), ":id": id.as_bytes() };
    select.query_row(named, |row| view(row, now)).optional()
}

/// Whether this word is enough for this question: what forbids is not overridden again and again without
/// somebody saying that they mean it, and why.
fn last_word(was: &ApprovalView, word: &Word) -> Result<(), RegistryError> {
    let Some(rule) = was.overrides.as_ref().filter(|_| was.forbidden) else {
        let why = "only the override of a rule that forbids is final; leave `final` out";
        return if word.is_final { Err(RegistryError::Invalid(why.to_owned())) } else { Ok(()) };
    };
    let reasoned = word.note.as_ref().is_some_and(|note| is_visible(note));
    if !word.yes || was.earlier < FINAL_FROM || (word.is_final && reasoned) {
        return Ok(());
    }
    let (id, rule, plugin, earlier) = (was.id, rule.clone(), was.plugin.clone(), was.earlier);
    Err(RegistryError::FinalNeeded { id, rule, plugin, earlier })
}

fn approval(row: &Row<'_>) -> rusqlite::Result<Approval> {
    // A yes to what a mandate asks about is like any other.
    let forbidden: bool = row.get("forbidden")?;
    Ok(Approval {
        id: InvocationId::from_bytes(row.get("id")?),
        binding: Binding {
            capability: rows::parsed(row, "capability")?,
            plugin: rows::parsed(row, "plugin")?,
            blake3: rows::blake3(row, "blake3")?,
            arguments: rows::blake3(row, "arguments_blake3")?,
            revision: rows::count(row, "revision")?,
            caller: rows::caller(row)?,
        },
        state: rows::word(row, "state")?,
        expires_ms: rows::count(row, "expires_at")?,
        overrides: row.get::<_, Option<String>>("overrides")?.filter(|_| forbidden),
    })
}

/// A row with its `earlier`, for people.
pub(crate) fn view(row: &Row<'_>, now: u64) -> rusqlite::Result<ApprovalView> {
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
        caller: rows::caller(row)?.to_string(),
        asked_by: rows::caller(row)?,
        arguments: row.get("arguments")?,
        arguments_blake3: rows::blake3(row, "arguments_blake3")?,
        reason: row.get("reason")?,
        revision: rows::count(row, "revision")?,
        overrides: row.get("overrides")?,
        forbidden: row.get("forbidden")?,
        earlier: rows::count(row, "earlier")?,
        is_final: row.get("final")?,
        requested_by: row.get("requested_by")?,
        requested_for: row.get("requested_for")?,
        asked_at_ms: rows::count(row, "asked_at")?,
        expires_at_ms,
        decided_at_ms: rows::count_or_none(row, "decided_at")?,
        decided_by: row.get("decided_by")?,
        note: row.get("note")?,
        used_by: rows::invocation_or_none(row, "used_by")?,
    })
}
