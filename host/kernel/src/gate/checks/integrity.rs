//! Are the plugin's bytes the registered ones?

use crate::facts;
use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};

/// Refuses a plugin whose component is not, byte for byte, what was registered.
pub(super) struct Integrity;

impl Check for Integrity {
    fn name(&self) -> &'static str {
        "integrity"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let route = draft.route()?;
        let name = &route.plugin.name;
        let (code, what) = match &route.integrity {
            facts::Integrity::Intact => return Ok(()),
            facts::Integrity::Changed(what) => ("changed", what),
            facts::Integrity::Missing(what) => ("missing", what),
        };
        let message = format!(
            "plugin `{name}` {}: {what}; restore the file, or register the plugin again to accept the new one",
            route.plugin.version
        );
        Err(Refusal { check: "integrity", code, kind: Kind::Integrity, message })
    }
}
