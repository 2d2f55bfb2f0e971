//! `Refused`: a request the gate turned away.

use super::Draft;
use crate::gate::{Refusal, Verdict};

/// A refusal with the verdict that led to it.
#[must_use = "a refusal must be recorded"]
#[derive(Debug)]
pub struct Refused {
    pub(super) draft: Draft,
    pub(super) refusal: Refusal,
    pub(super) verdict: Verdict,
}

impl Refused {
    pub(super) fn new(draft: Draft, refusal: Refusal, verdict: Verdict) -> Self {
        Self { draft, refusal, verdict }
    }
}
