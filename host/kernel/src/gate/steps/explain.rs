//! Can it be said plainly who will do what? Whether every part of that sentence is there was looked at
//! when the plugin was loaded.

use super::{Case, Mark, Step};
use crate::facts::{Budget, Money};
use crate::flow::Draft;
use crate::gate::{Evidence, Finding, Judgement};
use crate::ports::Route;

/// What it may cost, and who pays.
pub(in crate::gate) const COST: &str = "E1";

pub(super) struct Explain;

impl Step for Explain {
    fn name(&self) -> &'static str {
        "explain"
    }

    fn letter(&self) -> &'static [char] {
        &['E']
    }

    fn examine(&self, case: &Case<'_>, judgement: &mut Judgement) {
        judgement.unexplained.clone_from(&case.route.capability.about.unexplained);
        judgement.findings.extend(charged(case));
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

/// The most it may cost; nothing where it costs nothing.
pub(in crate::gate) fn cost(draft: &Draft, route: &Route) -> Option<Money> {
    let cost = route.capability.cost?;
    Some(cost.most(draft.limits()))
}

/// E1: what may it cost, and is there a budget for it?
fn charged(case: &Case<'_>) -> Option<Finding> {
    let most = cost(case.draft, case.route)?;
    let budgets = case.draft.budgets();
    if budgets.is_empty() {
        let text = format!(
            "it may cost {most}, and no budget covers it: `ares-host budget set NAME --most {most}` makes one"
        );
        return Some(Finding::note(COST, text, Vec::new()));
    }
    let left = |budget: &Budget| format!("{} of {} in `{}`", budget.left(), budget.most, budget.name);
    let left: Vec<String> = budgets.iter().map(left).collect();
    let rows = budgets.iter().map(|budget| Evidence::row("budgets", budget.name.as_str())).collect();
    Some(Finding::note(COST, format!("it may cost {most}; left for it: {}", left.join(", ")), rows))
}
