//! How deep are calls of calls, do they run in a circle, is there time left?

use std::time::Instant;

use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};

/// How many plugins may stand between the first caller and a call.
const DEPTH_MAX: u32 = 8;

/// Refuses calls nested too deep, circles and calls without time; cuts the deadline to the
/// caller's and the calling call's own.
pub(super) struct Depth;

impl Check for Depth {
    fn name(&self) -> &'static str {
        "depth"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let refusal = |code, kind, message| Err(Refusal { check: "depth", code, kind, message });
        if let Some(duration) = draft.request().deadline {
            draft.cap_duration(duration);
        }
        if let Some(parent) = draft.parent() {
            let route = draft.route()?;
            let here = (&route.plugin.name, &route.capability.id);
            if parent.depth() > DEPTH_MAX {
                let message = format!(
                    "`{}` would be nested {} calls deep; the most is {DEPTH_MAX}",
                    here.1,
                    parent.depth()
                );
                return refusal("too-deep", Kind::Forbidden, message);
            }
            if parent.chain().iter().any(|(plugin, capability)| (plugin, capability) == here) {
                let chain: Vec<&str> =
                    parent.chain().iter().map(|(_, capability)| capability.as_str()).collect();
                let message = format!(
                    "`{}` is already running above this call ({} → {}); calls must not run in a circle",
                    here.1,
                    chain.join(" → "),
                    here.1
                );
                return refusal("cycle", Kind::Forbidden, message);
            }
            if let Some(deadline) = parent.deadline() {
                draft.cap_deadline(deadline);
            }
        }
        if draft.deadline() <= Instant::now() {
            return refusal(
                "no-time",
                Kind::Invalid,
                "no time is left for this call; give it a longer deadline".to_owned(),
            );
        }
        Ok(())
    }
}
