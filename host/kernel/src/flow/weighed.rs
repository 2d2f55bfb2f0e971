//! `Weighed`: a request that passed every check, with what speaks for and against it.

use serde_json::Value;

use super::Draft;
use super::scrubbed::{hide_pieces, pieces};
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
    /// skeptics are told of it. What is left of a value that was cut is looked for where the guard quoted
    /// something, or something was cut.
    pub(crate) fn scrub(&mut self, secrets: &dyn Secrets) {
        let request = self.draft.request();
        let findings = &mut self.judgement.findings;
        let quotes = !self.draft.guarded().is_empty() || findings.iter().any(|one| one.text.contains('…'));
        let pieces = quotes.then(|| pieces(request, secrets)).flatten();
        for finding in findings {
            hide_pieces(&mut finding.text, pieces.as_deref(), secrets);
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
