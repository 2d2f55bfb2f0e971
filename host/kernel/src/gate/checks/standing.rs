//! Is the plugin well, and has it not just failed at this again and again?

use crate::flow::Draft;
use crate::gate::{Check, Evidence, Finding, Kind, Refusal};
use crate::ports::Health;

/// Refuses a plugin that says it is unwell, and calls like those that have just ended in the same fault
/// again and again, until some time has passed; then one is let through to see.
pub(super) struct Standing;

impl Check for Standing {
    fn name(&self) -> &'static str {
        "standing"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let refusal = |code, message| Refusal { check: "standing", code, kind: Kind::Unavailable, message };
        let breaker = draft.breaker();
        let route = draft.route()?;
        let (plugin, capability) = (&route.plugin, &route.capability);
        if route.health == Some(Health::Unhealthy) {
            let message = format!(
                "plugin `{0}` says that it is unwell; `ares-host health {0}` asks it again, `ares-host start {0}` after `stop` begins anew",
                plugin.name
            );
            return Err(refusal("unhealthy", message));
        }
        let Some(streak) = capability.track.streak(draft.shape()) else { return Ok(()) };
        if streak.faults < breaker.faults {
            return Ok(());
        }
        let cool_ms = u64::try_from(breaker.cool.as_millis()).unwrap_or(u64::MAX);
        let now_ms = draft.received_ms();
        let open_until = streak.last_ms.saturating_add(cool_ms);
        // A rehearsal takes nobody's turn: what comes of it says nothing of real calls.
        let before = draft.took().probe;
        let probes =
            || draft.request().rehearse || before || capability.track.probe(draft.shape(), now_ms, cool_ms);
        if now_ms < open_until || !probes() {
            let message = format!(
                "the last {} calls of `{}` with arguments of this kind ended in `{}`; it is tried again in {} s. Look at them with `ares-host invocations --capability {}`, give it other arguments, or use another provider",
                streak.faults,
                capability.id,
                streak.kind.as_str(),
                open_until.saturating_sub(now_ms).div_ceil(1000).max(1),
                capability.id
            );
            return Err(refusal("breaker-open", message));
        }
        let text = format!(
            "the last {} calls like this ended in `{}`; this one is to see",
            streak.faults,
            streak.kind.as_str()
        );
        let row = Evidence::row("history", format!("{}/{}", plugin.blake3, capability.id));
        draft.take_probe();
        draft.note(Finding::warning("C3", text, vec![row]));
        Ok(())
    }
}
