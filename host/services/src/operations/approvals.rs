//! Calls that wait for a person.

use ares_kernel::text::escaped;
use ares_kernel::{Caller, InvocationId};
use ares_registry::{ApprovalView, OverrideWish, RegistryError, Word};
use serde_json::Value;

use super::{Answer, Operations, invocation, json};
use crate::operation::{Problem, Standing};
use crate::rules::RuleWish;

/// The most rows one answer holds.
const ROWS_MAX: u32 = 10_000;
/// The most that is kept of a person's words, in bytes.
const NOTE_MAX: usize = 1000;

/// How somebody says yes. See [`crate::operation::Operation::Approve`].
pub(super) struct Yes {
    pub(super) note: Option<String>,
    pub(super) standing: Option<Standing>,
    pub(super) is_final: bool,
}

impl Operations {
    pub(super) async fn approvals(&self, all: bool, limit: u32) -> Answer {
        json(&self.0.book.with(move |registry| registry.approvals(all, limit.min(ROWS_MAX))).await?)
    }

    pub(super) async fn approval(&self, id: &str) -> Answer {
        let id = invocation(id)?;
        json(&self.0.book.with(move |registry| registry.approval(id)).await?)
    }

    pub(super) async fn approve(&self, caller: Caller, id: &str, yes: Yes) -> Answer {
        let id = invocation(id)?;
        let Yes { note, standing, is_final } = yes;
        let Some(standing) = standing else {
            let word = self.word(true, note);
            return json(&self.decide(&caller, id, Word { is_final, ..word }).await?);
        };
        let held = self.0.book.with(move |registry| registry.approval(id)).await?;
        if held.forbidden {
            let why = "a rule that permits lifts none that forbids: an override is for one call; change the rule that forbids, `ares-host policy list`";
            return Err(Problem::invalid("not-standing", why));
        }
        if let Some(rule) = &held.overrides {
            let why = format!(
                "rule `{rule}` still asks each time, whatever is permitted; without --always the call runs once: `ares-host approvals approve {id}`"
            );
            return Err(Problem::invalid("not-standing", why));
        }
        if held.state != "pending" {
            return Err(RegistryError::ApprovalClosed { id, state: held.state }.into());
        }
        let wish = RuleWish::Allow {
            pattern: standing.pattern.unwrap_or_else(|| format!("{}/{}", held.plugin, held.capability)),
            callers: None,
            only: Some(held.asked_by),
            until: standing.until,
            reason: note.clone().or_else(|| Some(format!("approved with {id}"))),
        };
        let rule = self.policy(caller.clone(), wish).await?;
        // The rule is of the same word: the yes holds under the rules it has just made.
        let revision = self.0.rules.revision();
        let word = Word { revision: Some(revision), is_final, ..self.word(true, note) };
        let decided = self.decide(&caller, id, word).await?;
        let mut answer = json(&decided)?;
        if let Value::Object(answer) = &mut answer {
            answer.insert("rule".to_owned(), rule);
        }
        Ok(answer)
    }

    pub(super) async fn deny(&self, caller: Caller, id: &str, note: Option<String>) -> Answer {
        let id = invocation(id)?;
        let word = self.word(false, note);
        json(&self.decide(&caller, id, word).await?)
    }

    pub(super) async fn request_override(&self, caller: Caller, id: &str, reason: &str) -> Answer {
        let id = invocation(id)?;
        if reason.trim().is_empty() {
            return Err(Problem::invalid("no-reason", "an override needs a reason: --reason TEXT"));
        }
        let (reason, revision) = (escaped(reason, NOTE_MAX), self.0.rules.revision());
        let wish = OverrideWish { id, reason, revision };
        json(&self.0.book.with(move |registry| registry.request_override(wish, &caller)).await?)
    }

    /// A plain word.
    fn word(&self, yes: bool, note: Option<String>) -> Word {
        let holds_ms = u64::try_from(self.0.approval.as_millis()).unwrap_or(u64::MAX);
        let note = note.map(|note| escaped(&note, NOTE_MAX));
        Word { yes, note, holds_ms, revision: None, is_final: false }
    }

    async fn decide(&self, caller: &Caller, id: InvocationId, word: Word) -> Result<ApprovalView, Problem> {
        let caller = caller.clone();
        Ok(self.0.book.with(move |registry| registry.decide(id, word, &caller)).await?)
    }
}
