//! Calls that wait for a person.

use ares_kernel::Caller;
use ares_kernel::text::escaped;
use ares_registry::Word;

use super::{Answer, Operations, invocation, json};

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

    pub(super) async fn decide(&self, caller: Caller, id: &str, yes: bool, note: Option<String>) -> Answer {
        let id = invocation(id)?;
        let holds_ms = u64::try_from(self.0.approval.as_millis()).unwrap_or(u64::MAX);
        let word = Word { yes, note: note.map(|note| escaped(&note, NOTE_MAX)), holds_ms };
        json(&self.0.book.with(move |registry| registry.decide(id, word, &caller)).await?)
    }
}
