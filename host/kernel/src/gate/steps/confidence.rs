//! How sure is the gate? The sum of what the other steps found.

use super::{Case, Mark, Step};
use crate::gate::{Judgement, Level, Weights};

pub(super) struct Confidence;

impl Step for Confidence {
    fn name(&self) -> &'static str {
        "confidence"
    }

    fn letter(&self) -> &'static [char] {
        &[]
    }

    fn examine(&self, case: &Case<'_>, judgement: &mut Judgement) {
        judgement.weights = (*case.weights != Weights::default()).then_some(*case.weights);
        judgement.score = judgement.score_again();
        judgement.level = case.weights.level(judgement.score);
    }

    fn conclude(&self, judgement: &Judgement) -> (Mark, String) {
        let mark = match judgement.level {
            Level::High => Mark::Yes,
            Level::Medium => Mark::Caveat,
            Level::Low => Mark::Unknown,
        };
        (mark, format!("{}: {}", judgement.level.as_str(), judgement.sum()))
    }
}
