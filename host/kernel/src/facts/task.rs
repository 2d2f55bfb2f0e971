//! A task that was planned: what is to be called for it, and how long it should take.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::name::CapabilityId;

/// What a person planned for a task. What callers count under a name nobody planned is no task of this sort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its name: what callers give as `task`.
    pub name: String,
    /// What may be called for it, by callers from outside; what plugins call for themselves is bounded by
    /// their grants.
    pub capabilities: BTreeSet<CapabilityId>,
    /// How long it should take, in milliseconds, where somebody said so.
    pub estimate_ms: Option<u64>,
    /// When it was planned, or resumed, in milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// Why it is paused, if it is. Escaped.
    pub paused: Option<String>,
}

/// Over so many times its estimate something is not as it was thought to be.
const LATE: u64 = 2;

impl Task {
    /// What speaks against a call for it, in one sentence: it is paused, this was not planned, or it takes
    /// twice as long as was thought.
    #[must_use]
    pub fn objection(&self, capability: &CapabilityId, now_ms: u64) -> Option<String> {
        let name = crate::text::escaped(&self.name, 128);
        if let Some(why) = &self.paused {
            return Some(format!(
                "task `{name}` is paused: {why}; `ares-host tasks resume {name}` lets it go on"
            ));
        }
        if !self.capabilities.contains(capability) {
            return Some(format!("`{capability}` is not in the plan of task `{name}`"));
        }
        let elapsed = now_ms.saturating_sub(self.since_ms);
        let estimate = self.estimate_ms.filter(|estimate| elapsed > estimate.saturating_mul(LATE))?;
        Some(format!(
            "task `{name}` should take {} min and has taken {} min",
            estimate / 60_000,
            elapsed / 60_000
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_planned_what_is_late_and_what_is_paused_is_said() {
        let id = |text: &str| -> CapabilityId { text.parse().unwrap() };
        let task = Task {
            name: "trip".to_owned(),
            capabilities: BTreeSet::from([id("book")]),
            estimate_ms: Some(60_000),
            since_ms: 1_000,
            paused: None,
        };
        assert_eq!(task.objection(&id("book"), 121_000), None);
        assert!(task.objection(&id("book"), 121_001).unwrap().contains("should take 1 min and has taken 2"));
        assert!(task.objection(&id("pay"), 1_000).unwrap().contains("not in the plan"));
        let paused = Task { paused: Some("it paid".to_owned()), ..task };
        assert!(paused.objection(&id("book"), 1_000).unwrap().contains("paused: it paid"));
    }
}
