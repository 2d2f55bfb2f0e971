//! Is the answer small enough to look at?

use super::{Answer, OutputCheck};
use crate::report::{Fault, FaultKind, LimitHit};

/// Refuses answers over the limit of the call.
pub(super) struct Size;

impl OutputCheck for Size {
    fn check(&self, answer: &mut Answer<'_>) -> Result<(), Fault> {
        let (size, most) = (answer.text.len() as u64, answer.limits.output_bytes);
        if size <= most {
            return Ok(());
        }
        let message =
            format!("the answer of `{}` has {size} bytes; the most is {most}", answer.capability.id);
        let limit = LimitHit::of_plugin("output_bytes", most, Some("limits.output_bytes"));
        Err(Fault::over(FaultKind::OutputTooLarge, &message, limit))
    }
}
