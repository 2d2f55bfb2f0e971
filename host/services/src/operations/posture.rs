//! How freely the whole host works: its mode, and the emergency stop.

use ares_kernel::Caller;
use ares_kernel::facts::Mode;
use ares_kernel::text::{is_visible, quoted};
use ares_registry::LockoutChange;
use serde_json::json;

use super::{Answer, Operations, json as to_json};
use crate::operation::Problem;

impl Operations {
    pub(super) async fn mode(&self, caller: Caller, mode: Option<String>) -> Answer {
        let Some(word) = mode else {
            return Ok(json!({ "mode": self.0.book.registry().mode() }));
        };
        let mode = Mode::ALL.into_iter().find(|mode| mode.as_str() == word).ok_or_else(|| {
            let modes = Mode::ALL.map(Mode::as_str).join(", ");
            Problem::invalid("no-such-mode", format!("{} is no mode; there are {modes}", quoted(&word, 80)))
        })?;
        let was = self.0.book.with(move |registry| registry.set_mode(mode, &caller)).await?;
        Ok(json!({ "mode": mode, "was": was }))
    }

    pub(super) async fn lockout(&self) -> Answer {
        to_json(&self.0.book.with(|registry| registry.lockout()).await?)
    }

    pub(super) async fn lockout_change(&self, caller: Caller, change: LockoutChange) -> Answer {
        // A stop takes effect whatever is said; who lifts one says why.
        if let LockoutChange::Acknowledge(note) | LockoutChange::Off(note) = &change
            && !is_visible(note)
        {
            return Err(Problem::invalid("no-note", "say what was found: --note TEXT"));
        }
        to_json(&self.0.book.with(move |registry| registry.change_lockout(change, &caller)).await?)
    }
}
