//! The five steps: what could go wrong, is there a simpler way, is there evidence, can it be said
//! plainly, how sure is the gate. A step notes what it finds; it cannot refuse.

pub(super) mod challenge;
mod confidence;
pub(in crate::gate) mod explain;
pub(super) mod simplify;
pub(super) mod validate;

use serde::Serialize;

use super::{Judgement, Weights};
use crate::flow::Draft;
use crate::ports::Route;

/// What a step looks at: facts alone.
pub struct Case<'a> {
    /// The request and what it would get.
    pub draft: &'a Draft,
    /// Who would answer.
    pub route: &'a Route,
    /// What weighs how much.
    pub weights: &'a Weights,
}

/// How a step came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Supported.
    Yes,
    /// With a caveat.
    Caveat,
    /// There is no evidence.
    Unknown,
}

impl Mark {
    /// The mark as people see it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "\u{2713}",
            Self::Caveat => "\u{26a0}",
            Self::Unknown => "?",
        }
    }
}

/// One of the five questions.
pub trait Step: Send + Sync {
    /// Its name in verdicts.
    fn name(&self) -> &'static str;

    /// The letters its findings begin with, where it has findings.
    fn letter(&self) -> &'static [char];

    /// Looks at the case and notes what it finds.
    fn examine(&self, case: &Case<'_>, judgement: &mut Judgement);

    /// How it came out, from what was noted alone.
    fn conclude(&self, judgement: &Judgement) -> (Mark, String);
}

/// All of them, in order.
pub const STEPS: &[&dyn Step] = &[
    &challenge::Challenge,
    &simplify::Simplify,
    &validate::Validate,
    &explain::Explain,
    &confidence::Confidence,
];

/// Whether any warning of this step was noted.
fn warned(step: &dyn Step, judgement: &Judgement) -> bool {
    let of = |id: &str| id.starts_with(step.letter());
    judgement.findings.iter().any(|finding| finding.warning && of(&finding.id))
}
