//! Is there an enabled plugin that provides this?

use crate::flow::Draft;
use crate::gate::{Check, Refusal};

/// Refuses what nobody provides: `no-provider`, `not-registered`, `not-exported`, `disabled`.
pub(super) struct Provider;

impl Check for Provider {
    fn name(&self) -> &'static str {
        "provider"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        draft.route().map(drop)
    }
}
