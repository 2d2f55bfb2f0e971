//! Is there an enabled plugin that provides this, in the way it is asked for?

use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};
use crate::rehearsal;

/// Refuses what nobody provides, `no-provider`, `not-registered`, `not-exported`, `disabled`, and a
/// plugin that does not take its configuration, `misconfigured`, or cannot be rehearsed:
/// `not-rehearsable`.
pub(super) struct Provider;

impl Check for Provider {
    fn name(&self) -> &'static str {
        "provider"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let route = draft.route()?;
        let plugin = &route.plugin;
        let Some(why) = &plugin.misconfigured else {
            return rehearsal::possible(draft.request(), route);
        };
        let message = format!("`{}` does not take its configuration and does not run: {why}", plugin.name);
        Err(Refusal { check: "provider", code: "misconfigured", kind: Kind::Unavailable, message })
    }
}
