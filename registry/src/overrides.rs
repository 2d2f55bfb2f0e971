//! Overrides: a person's yes against a mandate or against a rule that forbids, asked for, counted and listed.

use ares_kernel::ports::Stance;
use ares_kernel::{Caller, InvocationId};
use rusqlite::{Connection, OptionalExtension as _, named_params};
use serde_json::json;

use crate::approvals::{self, ApprovalView, QUESTION_MS};
use crate::error::RegistryError;
use crate::events::{self, Entry};
use crate::registry::Registry;
use crate::rows::{self, int};
use crate::stops::WINDOW_MS;
use crate::writer::Abort;

/// From so many earlier overrides of one rule for one plugin in 30 days on, one more is final: whoever
/// approves it says so, with a reason.
pub const FINAL_FROM: u64 = 2;

/// What a refused call is asked to be let through for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverrideWish {
    /// The refused invocation.
    pub id: InvocationId,
    /// Why, in the words of who asks.
    pub reason: String,
    /// The rules in force.
    pub revision: u64,
}

/// Earlier overrides of the rule of `a` for its plugin, in the 30 days before it was decided, or before
/// now. Takes the time now as `:now` and the window as `:window`.
pub(crate) const EARLIER: &str = "(SELECT count(*) FROM approvals o
    WHERE o.overrides = a.overrides AND o.plugin = a.plugin AND o.forbidden = a.forbidden AND o.id <> a.id
      AND o.state IN ('approved', 'used') AND o.decided_at <= coalesce(a.decided_at, :now)
      AND o.decided_at > coalesce(a.decided_at, :now) - :window) AS earlier";

impl Registry {
    /// Makes of a call that a rule refused a question to a person, under the same id. The event is
    /// `override_requested`.
    ///
    /// # Errors
    /// When no rule refused it, when nothing overrides that rule, when it was asked about before, when the
    /// rules have changed since, and when the registry cannot be written.
    pub fn request_override(
        &self,
        wish: OverrideWish,
        actor: &Caller,
    ) -> Result<ApprovalView, RegistryError> {
        self.flush()?;
        let (now, actor) = (self.now(), actor.to_string());
        self.change("asking for an override", move |connection| {
            let OverrideWish { id, reason, revision } = wish;
            let rule = overridable(connection, id, revision)?;
            if let Some(was) = approvals::one(connection, id, now)? {
                let state = was.state;
                return Err(Abort::Registry(RegistryError::ApprovalClosed { id, state }));
            }
            connection
                .prepare_cached(
                    "INSERT INTO approvals (id, asked_at, expires_at, state, capability, plugin, blake3,
                        arguments_blake3, revision, caller_kind, caller, effect, arguments, reason, overrides,
                        forbidden, requested_by, requested_for)
                     SELECT id, :now, :until, 'pending', capability, plugin, blake3, arguments_blake3,
                        revision, caller_kind, caller, effect, arguments, reason, rule, 1, :by, :why
                     FROM stops WHERE id = :id",
                )?
                .execute(named_params! {
                    ":id": id.as_bytes(), ":now": int(now), ":until": int(now + QUESTION_MS),
                    ":by": &actor, ":why": &reason,
                })?;
            let asked = approvals::one(connection, id, now)?
                .ok_or(Abort::Registry(RegistryError::NoSuchApproval { id }))?;
            let data = json!({ "approval": id, "rule": rule, "reason": reason, "earlier": asked.earlier });
            let (subject, actor) = (Some(asked.plugin.as_str()), Some(actor));
            let kind = "override_requested";
            events::insert(connection, &Entry { module: None, subject, actor, kind, data, at: now })?;
            Ok(asked)
        })
    }

    /// The latest overrides, oldest first: what was approved against a mandate or a rule that forbids.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn overrides(&self, limit: u32) -> Result<Vec<ApprovalView>, RegistryError> {
        let now = self.now();
        self.readers.read("reading overrides", |connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT a.*, {EARLIER} FROM approvals a
                 WHERE a.overrides IS NOT NULL AND a.state IN ('approved', 'used')
                 ORDER BY a.decided_at DESC, a.id DESC LIMIT :limit"
            ))?;
            let named = named_params! { ":now": int(now), ":window": int(WINDOW_MS), ":limit": limit };
            let found = select.query_map(named, |row| approvals::view(row, now))?;
            let mut views: Vec<ApprovalView> = found.collect::<rusqlite::Result<_>>()?;
            views.reverse();
            Ok(views)
        })
    }
}

/// The rule that refused this call, if a person can be asked to override it.
fn overridable(connection: &Connection, id: InvocationId, in_force: u64) -> Result<String, Abort> {
    let mut select = connection.prepare_cached("SELECT rule, stance, revision FROM stops WHERE id = ?1")?;
    let found = select.query_row([id.as_bytes()], |row| {
        let rule: String = row.get(0)?;
        Ok((rule, rows::word::<Stance>(row, 1)?, rows::count_or_none(row, 2)?))
    });
    let not = |rule: String, why: &'static str| {
        Err(Abort::Registry(RegistryError::NotOverridable { id, rule, why }))
    };
    match found.optional()? {
        None => Err(Abort::Registry(RegistryError::NotStopped { id })),
        Some((rule, Stance::Catastrophic, _)) => {
            Err(Abort::Registry(RegistryError::NothingOverrides { id, rule }))
        }
        Some((rule, Stance::Auto | Stance::Ask, _)) => {
            not(rule, "it asks and does not forbid: `ares-host approvals list` shows what waits")
        }
        Some((rule, Stance::Never, None)) => not(
            rule,
            "it forbids whatever the arguments are: change the rule itself, `ares-host policy list`",
        ),
        Some((rule, Stance::Never, Some(then))) if then != in_force => {
            not(rule, "the rules have changed since: make the call again")
        }
        Some((rule, Stance::Never, Some(_))) => Ok(rule),
    }
}
