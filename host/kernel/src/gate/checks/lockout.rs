//! Is the host locked?

use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};
use crate::text::escaped;

/// Refuses everything while an emergency stop holds: before anything else is said.
pub(super) struct Lockout;

impl Check for Lockout {
    fn name(&self) -> &'static str {
        "lockout"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let Some(lockout) = draft.posture().lockout.as_ref() else { return Ok(()) };
        if !lockout.holds(draft.received_ms()) {
            return Ok(());
        }
        let message = format!(
            "this host is locked: {}; a person can look with `ares-host lockout status` and lift it",
            escaped(&lockout.reason, 300)
        );
        Err(Refusal { check: "lockout", code: "locked-out", kind: Kind::Unavailable, message })
    }
}
