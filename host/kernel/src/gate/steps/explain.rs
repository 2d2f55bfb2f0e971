//! Can it be said plainly who will do what? Whether every part of that sentence is there was looked at
//! when the plugin was loaded.

use super::{Case, Mark, Step};
use crate::gate::Judgement;

pub(super) struct Explain;

impl Step for Explain {
    fn name(&self) -> &'static str {
        "explain"
    }

    fn letter(&self) -> &'static [char] {
        &[]
    }

    fn examine(&self, case: &Case<'_>, judgement: &mut Judgement) {
        judgement.unexplained.clone_from(&case.route.capability.about.unexplained);
    }

    fn conclude(&self, judgement: &Judgement) -> (Mark, String) {
        if judgement.unexplained.is_empty() {
            return (
                Mark::Yes,
                "it is said what it does, takes, may change, and how that is undone".to_owned(),
            );
        }
        (Mark::Caveat, format!("its manifest says nothing of: {}", judgement.unexplained.join(", ")))
    }
}
