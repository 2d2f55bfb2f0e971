//! Does the host's mode allow what the capability does?

use crate::facts::Mode as HostMode;
use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};

/// Refuses what may change something in the modes in which nothing may change. In mode `plan` it can be
/// rehearsed, since nothing lasts then.
pub(super) struct Mode;

impl Check for Mode {
    fn name(&self) -> &'static str {
        "mode"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let mode = draft.posture().mode;
        match mode {
            HostMode::Ask => {}
            HostMode::Plan if !draft.request().rehearse => {}
            HostMode::Plan | HostMode::Build | HostMode::Auto => return Ok(()),
        }
        // Who answers is the next check's question.
        let Ok(route) = draft.route() else { return Ok(()) };
        if !route.capability.effect.changes() {
            return Ok(());
        }
        let rehearse = if mode == HostMode::Plan {
            format!("`ares-host rehearse {}` shows what it would do; ", route.capability.id)
        } else {
            String::new()
        };
        let message = format!(
            "`{}` is of class {}, and in mode `{}` nothing may change; {rehearse}a person can choose another with `ares-host mode build`",
            route.capability.id,
            route.capability.effect,
            mode.as_str()
        );
        Err(Refusal { check: "mode", code: "mode", kind: Kind::Forbidden, message })
    }
}
