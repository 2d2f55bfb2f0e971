//! The gate: hard checks in a fixed order, each able to say no, none able to widen anything.

pub mod checks;
mod refusal;
mod verdict;

pub use refusal::{Kind, Refusal};
pub use verdict::Verdict;

use crate::flow::Draft;

/// One yes or no. The first no ends the gate.
pub trait Check: Send + Sync {
    /// Its name in verdicts and refusals.
    fn name(&self) -> &'static str;

    /// Looks at the draft and may narrow it.
    ///
    /// # Errors
    /// The refusal.
    fn check(&self, draft: &mut Draft) -> Result<(), Refusal>;
}

/// Holds the checks. Judging is in `flow/admitted.rs`, with the state it makes.
pub struct Gate {
    checks: &'static [&'static dyn Check],
}

impl Gate {
    /// The gate with every check, in order. There is no other.
    #[must_use]
    pub fn standard() -> Self {
        Self { checks: checks::CHECKS }
    }

    pub(crate) fn checks(&self) -> &'static [&'static dyn Check] {
        self.checks
    }
}
