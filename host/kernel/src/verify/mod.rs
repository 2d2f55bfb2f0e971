//! What an answer must be before anybody sees it.

mod guard;
mod schema;
mod size;

use ares_guard::Severity;
use serde::Serialize;
use serde_json::Value;

use crate::facts::{Capability, Limits};
use crate::report::{Fault, FaultKind};

/// An answer under examination.
pub struct Answer<'a> {
    text: &'a str,
    value: Option<Value>,
    capability: &'a Capability,
    limits: &'a Limits,
    flags: Vec<Flag>,
}

/// Something in an answer that could harm whoever reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flag {
    /// The guard's rule.
    pub rule: &'static str,
    /// What sort of thing it is, in one word.
    pub group: &'static str,
    /// How bad it would be.
    pub severity: &'static str,
    /// What stands there, escaped and cut.
    pub excerpt: String,
}

impl Flag {
    /// The rule of an answer too long to be looked at whole.
    pub(crate) const UNSEEN: &'static str = "too-long";

    pub(crate) fn of(finding: ares_guard::Finding) -> Self {
        let (rule, group, severity) = (finding.rule, finding.group.as_str(), finding.severity.as_str());
        Self { rule, group, severity, excerpt: finding.excerpt }
    }

    pub(crate) fn unseen() -> Self {
        let severity = Severity::Info.as_str();
        Self { rule: Self::UNSEEN, group: "unseen", severity, excerpt: String::new() }
    }
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
const CHECKS: &[&dyn OutputCheck] = &[&size::Size, &schema::Schema, &guard::Guard];

/// Holds the checks. Verifying is in `flow/verified.rs`, with the state it makes.
pub struct Verifier(());

impl Verifier {
    /// The verifier with every check. There is no other.
    #[must_use]
    pub fn standard() -> Self {
        Self(())
    }

    pub(crate) fn check(
        &self,
        text: &str,
        capability: &Capability,
        limits: &Limits,
    ) -> Result<Vec<Flag>, Fault> {
        let mut answer = Answer { text, value: None, capability, limits, flags: Vec::new() };
        CHECKS.iter().try_for_each(|check| check.check(&mut answer))?;
        Ok(answer.flags)
    }
}

fn invalid(capability: &Capability, what: &str) -> Fault {
    Fault::new(FaultKind::OutputInvalid, &format!("the answer of `{}` {what}", capability.id))
}
