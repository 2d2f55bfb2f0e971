//! What led to an open breaker, for whoever has to decide how it goes on: the attempts, what they have in
//! common, and what else could be done.

use ares_registry::{InvocationQuery, InvocationView};
use serde_json::{Value, json};

use super::Operations;
use crate::operation::Problem;

/// How far back attempts are looked for, in calls of the capability.
const CALLS: u32 = 200;
/// The most attempts that are shown.
const SHOWN: usize = 5;

/// Whether this is a call that was not made because calls like it broke again and again.
pub(super) fn is_stopped(found: &InvocationView) -> bool {
    found.code.as_deref() == Some("breaker-open")
}

impl Operations {
    /// The faults before a call that an open breaker refused, oldest first, and what can be done instead.
    pub(super) async fn attempts(&self, found: &InvocationView) -> Result<(Value, Value), Problem> {
        let query = InvocationQuery { capability: found.capability.parse().ok(), parent: None, limit: CALLS };
        let calls = self.0.book.with(move |registry| registry.invocations(&query)).await?;
        let before = |call: &&InvocationView| {
            call.status == "fault" && call.id < found.id && call.blake3 == found.blake3
        };
        let last = calls.iter().rev().find(before).and_then(|call| call.code.clone());
        // The same fault, as the breaker counts them; of which sort the arguments were the journal does not keep.
        let mut same: Vec<&InvocationView> =
            calls.iter().rev().filter(before).take_while(|call| call.code == last).take(SHOWN).collect();
        same.reverse();
        let attempt = |call: &&InvocationView| {
            json!({
                "id": call.id, "at_ms": call.at_ms, "code": call.code, "message": call.message,
                "input_blake3": call.input_blake3,
            })
        };
        let capability = &found.capability;
        let plugin = found.plugin.as_deref().unwrap_or("its plugin");
        let options = json!([
            "A: wait: after the pause one call is let through to see",
            format!(
                "B: look at what went wrong: `ares-host explain` with the ids above, and the log of `{plugin}`; then mend it, or give other arguments"
            ),
            format!(
                "C: use another: `ares-host capabilities {capability}` shows who else provides it; `ares-host disable {plugin}` takes it out"
            ),
        ]);
        Ok((same.iter().map(attempt).collect(), options))
    }
}
