//! Calls that wait for a person.

use ares_kernel::text::escaped;
use ares_kernel::{Caller, InvocationId};
use ares_registry::{ApprovalView, RegistryError, Word};
use serde_json::Value;

use super::{Answer, Operations, invocation, json};
use crate::operation::{Problem, Standing};
use crate::rules::RuleWish;

/// The most rows one answer holds.
const ROWS_MAX: u32 = 10_000;
/// The most that is kept of a person's words, in bytes.
const NOTE_MAX: usize = 1000;

impl Operations {
    pub(super) async fn approvals(&self, all: bool, limit: u32) -> Answer {
        json(&self.0.book.with(move |registry| registry.approvals(all, limit.min(ROWS_MAX))).await?)
    }

    pub(super) async fn approval(&self, id: &str) -> Answer {
        let id = invocation(id)?;
        json(&self.0.book.with(move |registry| registry.approval(id)).await?)
    }

    pub(super) async fn approve(
        &self,
        caller: Caller,
        id: &str,
        note: Option<String>,
        standing: Option<Standing>,
    ) -> Answer {
        let id = invocation(id)?;
        let Some(standing) = standing else {
            return json(&self.decide(&caller, id, (true, note, None)).await?);
        };
        let held = self.0.book.with(move |registry| registry.approval(id)).await?;
        if held.state != "pending" {
            return Err(RegistryError::ApprovalClosed { id, state: held.state }.into());
        }
        let wish = RuleWish::Allow {
            pattern: standing.pattern.unwrap_or_else(|| format!("{}/{}", held.plugin, held.capability)),
            callers: Some(held.caller),
            until: standing.until,
            reason: note.clone().or_else(|| Some(format!("approved with {id}"))),
        };
        let rule = self.policy(caller.clone(), wish).await?;
        // The rule is of the same word: the yes holds under the rules it has just made.
        let revision = self.0.rules.revision();
        let decided = self.decide(&caller, id, (true, note, Some(revision))).await?;
        let mut answer = json(&decided)?;
        if let Value::Object(answer) = &mut answer {
            answer.insert("rule".to_owned(), rule);
        }
        Ok(answer)
    }

    pub(super) async fn deny(&self, caller: Caller, id: &str, note: Option<String>) -> Answer {
        let id = invocation(id)?;
        json(&self.decide(&caller, id, (false, note, None)).await?)
    }

    async fn decide(
        &self,
        caller: &Caller,
        id: InvocationId,
        (yes, note, revision): (bool, Option<String>, Option<u64>),
    ) -> Result<ApprovalView, Problem> {
        let holds_ms = u64::try_from(self.0.approval.as_millis()).unwrap_or(u64::MAX);
        let word = Word { yes, note: note.map(|note| escaped(&note, NOTE_MAX)), holds_ms, revision };
        let caller = caller.clone();
        Ok(self.0.book.with(move |registry| registry.decide(id, word, &caller)).await?)
    }
}
