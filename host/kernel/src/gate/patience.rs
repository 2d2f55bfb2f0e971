//! When the guard's warnings add up to a question, though each of them alone is only a warning.

use serde::{Deserialize, Serialize};

use super::{Evidence, Finding};
use crate::facts::Warnings;
use crate::name::InvocationId;
use crate::ports::Warned;

/// The most earlier calls that are named as evidence.
const NAMED_MAX: usize = 10;

/// How much the guard may warn of before a person looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patience {
    /// So many calls of one caller with the same warning, this one included,
    pub same: u32,
    /// within so many seconds.
    pub within_s: u32,
    /// So many findings in one call.
    pub one_call: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { same: 5, within_s: 3600, one_call: 3 }
    }
}

impl Patience {
    /// Whether the warnings of this call, made at this time, are too many: `found` of them in it, and those
    /// before. Takes them in.
    pub(crate) fn spent(
        &self,
        warned: &Warned,
        (found, earlier): (usize, Option<&Warnings>),
        (at_ms, id): (u64, InvocationId),
    ) -> Option<Finding> {
        let mut spent = None;
        if found >= usize::try_from(self.one_call).unwrap_or(usize::MAX) {
            let text = format!("the guard warns of {found} things in this one call");
            let rows = warned.rules.iter().map(|rule| Evidence::row("guard", *rule));
            spent = Some(Finding::note("C12", text, rows.take(NAMED_MAX).collect()));
        }
        let Some(earlier) = earlier else { return spent };
        let since = at_ms.saturating_sub(u64::from(self.within_s).saturating_mul(1000));
        for rule in &warned.rules {
            let mut calls = earlier.since(&warned.by, rule, since);
            // One that is judged again under a yes was taken in the first time.
            if !calls.contains(&id) {
                earlier.add(&warned.by, rule, (at_ms, id));
            }
            calls.retain(|call| *call != id);
            let times = calls.len().saturating_add(1);
            if spent.is_none() && times >= usize::try_from(self.same).unwrap_or(usize::MAX) {
                let text = format!(
                    "the guard has warned of `{rule}` in {times} calls that {} began within {} s",
                    warned.by, self.within_s
                );
                let mut rows = vec![Evidence::row("guard", *rule)];
                let last = calls.iter().rev().take(NAMED_MAX);
                rows.extend(last.map(|id| Evidence::row("invocations", id.to_string())));
                spent = Some(Finding::note("C12", text, rows));
            }
        }
        spent
    }
}
