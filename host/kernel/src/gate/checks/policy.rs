//! Do the operator's rules forbid this, whatever the arguments are?

use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};
use crate::ports::{Ruling, Stance};

/// Refuses what a rule forbids without looking at arguments: before anything is said of them.
pub(super) struct Policy;

impl Check for Policy {
    fn name(&self) -> &'static str {
        "policy"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let ruling = draft.ask_rules(None)?;
        // That no rule permits it is not said yet: one may once the arguments are known.
        if ruling.rule.is_none() && ruling.stance == Stance::Never {
            return Ok(());
        }
        permitted(self.name(), &ruling).inspect_err(|_| draft.stop(&ruling))
    }
}

/// The refusal of what the rules forbid.
pub(super) fn permitted(check: &'static str, ruling: &Ruling) -> Result<(), Refusal> {
    let code = match ruling.stance {
        Stance::Auto | Stance::Ask => return Ok(()),
        Stance::Never => "denied",
        Stance::Catastrophic => "catastrophic",
    };
    let message = match (&ruling.rule, ruling.stance) {
        (Some(rule), Stance::Catastrophic) => {
            format!("rule `{rule}` forbids it and no approval changes that: {}", ruling.reason)
        }
        (Some(rule), _) => {
            format!("rule `{rule}` forbids it: {}; `ares-host policy list` shows all rules", ruling.reason)
        }
        // Whoever keeps the rules says what to do about it: a rule to write, or a file to put right.
        (None, _) => ruling.reason.to_string(),
    };
    Err(Refusal { check, code, kind: Kind::Forbidden, message })
}
