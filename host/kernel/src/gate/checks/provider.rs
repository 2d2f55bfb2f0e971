//! Is there an enabled plugin that provides this?

use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};

/// Refuses what nobody provides, `no-provider`, `not-registered`, `not-exported`, `disabled`, and a
/// plugin that does not take its configuration: `misconfigured`.
pub(super) struct Provider;

impl Check for Provider {
    fn name(&self) -> &'static str {
        "provider"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let plugin = &draft.route()?.plugin;
        let Some(why) = &plugin.misconfigured else { return Ok(()) };
        let message = format!("`{}` does not take its configuration and does not run: {why}", plugin.name);
        Err(Refusal { check: "provider", code: "misconfigured", kind: Kind::Unavailable, message })
    }
}
