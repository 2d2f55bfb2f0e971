//! `Weighed`: a request that passed every check, with what speaks for and against it.

use serde_json::Value;

use super::Draft;
use super::scrubbed::hide;
use crate::facts::Extent;
use crate::gate::Judgement;
use crate::ports::{Route, Secrets};

/// A request that no check refused, before anything is decided.
#[must_use = "a weighed request must reach an outcome"]
pub struct Weighed {
    pub(super) draft: Draft,
    pub(super) route: Route,
    pub(super) judgement: Box<Judgement>,
    pub(super) arguments: Value,
}

impl Weighed {
    /// How it was judged so far.
    #[must_use]
    pub fn judgement(&self) -> &Judgement {
        &self.judgement
    }

    /// The request and what it would get.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Who would answer.
    #[must_use]
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// What it is given.
    #[must_use]
    pub fn arguments(&self) -> &Value {
        &self.arguments
    }

    /// Hides stored values in what was noted, which may quote the arguments: it is kept and shown, and
    /// skeptics are told of it.
    pub(crate) fn scrub(&mut self, secrets: &dyn Secrets) {
        for finding in &mut self.judgement.findings {
            hide(&mut finding.text, secrets);
        }
    }

    /// Takes in how much lies where its arguments point. It can only speak against it.
    pub(crate) fn reaches(&mut self, extent: Extent) {
        self.judgement.reaches(extent, &self.route);
    }

    /// Takes in what a skeptic said. It can only speak against it.
    pub fn hear(&mut self, review: crate::gate::Review) {
        self.judgement.hear(review);
    }
}
