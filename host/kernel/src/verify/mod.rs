//! What an answer must be before anybody sees it.

mod schema;
mod size;

use serde_json::Value;

use crate::facts::{Capability, Limits};
use crate::report::{Fault, FaultKind};

/// An answer under examination.
pub struct Answer<'a> {
    text: &'a str,
    value: Option<Value>,
    capability: &'a Capability,
    limits: &'a Limits,
}

/// One check on an answer.
pub trait OutputCheck: Send + Sync {
    /// Looks at the answer.
    ///
    /// # Errors
    /// The fault of a guest that answered so.
    fn check(&self, answer: &mut Answer<'_>) -> Result<(), Fault>;
}

/// All checks on answers, in order: cheap ones first.
const CHECKS: &[&dyn OutputCheck] = &[&size::Size, &schema::Schema];

/// Holds the checks. Verifying is in `flow/verified.rs`, with the state it makes.
pub struct Verifier(());

impl Verifier {
    /// The verifier with every check. There is no other.
    #[must_use]
    pub fn standard() -> Self {
        Self(())
    }

    pub(crate) fn check(&self, text: &str, capability: &Capability, limits: &Limits) -> Result<(), Fault> {
        let mut answer = Answer { text, value: None, capability, limits };
        CHECKS.iter().try_for_each(|check| check.check(&mut answer))
    }
}

fn invalid(capability: &Capability, what: &str) -> Fault {
    Fault::new(FaultKind::OutputInvalid, &format!("the answer of `{}` {what}", capability.id))
}
