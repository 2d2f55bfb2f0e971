//! Is the answer what the capability promised?

use super::{Answer, OutputCheck, invalid};
use crate::json;
use crate::report::Fault;

/// Refuses answers that are not strict JSON or do not match the pinned output schema.
pub(super) struct Schema;

impl OutputCheck for Schema {
    fn check(&self, answer: &mut Answer<'_>) -> Result<(), Fault> {
        let value = json::parse(answer.text)
            .map_err(|e| invalid(answer.capability, &format!("is not acceptable JSON: {e}")))?;
        let value = answer.value.insert(value);
        let matched = answer.capability.output.check(value, false);
        matched.map_err(|e| invalid(answer.capability, &format!("does not match its schema: {e}")))
    }
}
