//! The gate: hard checks in a fixed order, each able to say no, none able to widen anything; then five
//! steps that weigh the evidence; then a decision, the strictest of what evidence, effect and the
//! operator's rules ask for.

mod by_record;
pub mod checks;
mod decision;
mod explained;
mod finding;
mod judgement;
mod others;
mod patience;
mod prefer;
mod reach;
mod refusal;
mod review;
mod score;
pub mod steps;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

pub use by_record::{by_record, simpler};
pub use decision::{Decision, Grounds};
pub use explained::{Explained, Judged, StepOut, Sum};
pub use finding::{Evidence, Finding};
pub use judgement::{Alternative, Depth, Judgement};
pub use patience::Patience;
pub(crate) use prefer::prefer_simpler;
pub(crate) use reach::spots;
pub use refusal::{Kind, Refusal};
pub use review::{Answer, Objection, Review, Reviewed, Severity};
pub use score::{Bounds, Level, Tier, Weights};
pub use verdict::{Summary, Verdict};

use crate::facts::Effect;
use crate::flow::Draft;
use crate::ports::{Machine, Policy, Route, Ruling};
use crate::snapshot::When;
use steps::{Case, STEPS};

/// One yes or no. The first no ends the gate.
pub trait Check: Send + Sync {
    /// Its name in verdicts and refusals.
    fn name(&self) -> &'static str;

    /// Looks at the draft and may narrow it.
    ///
    /// # Errors
    /// The refusal.
    fn check(&self, draft: &mut Draft) -> Result<(), Refusal>;
}

/// What of the gate is the operator's to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What weighs how much.
    pub weights: Weights,
    /// Whether a person is asked before the first use of what may change something, where no rule asks.
    pub ask_untried: bool,
    /// When calls that break again and again are not made for a while.
    pub breaker: Breaker,
    /// How much memory of the machine stays free whatever is called, in bytes.
    pub headroom: u64,
    /// Whether, where the caller names none, the simpler of several providers is taken.
    pub prefer_simpler: bool,
    /// When a snapshot is taken of what a call may change.
    pub snapshots: When,
    /// How much the guard may warn of before a person looks.
    pub patience: Patience,
}

/// When calls that break again and again are not made for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// After so many faults of one kind with one sort of arguments, one after another.
    pub faults: u32,
    /// For how long; then one is let through to see.
    pub cool: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { faults: 3, cool: Duration::from_secs(30) }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            weights: Weights::default(),
            ask_untried: true,
            breaker: Breaker::default(),
            headroom: 0,
            prefer_simpler: false,
            snapshots: When::default(),
            patience: Patience::default(),
        }
    }
}

/// Holds the checks and the steps. Judging is in `flow/admitted.rs`, with the state it makes.
pub struct Gate {
    checks: &'static [&'static dyn Check],
    settings: Settings,
    policy: Arc<dyn Policy>,
    machine: Arc<dyn Machine>,
}

impl Gate {
    /// The gate with every check and step, in order. There is no other.
    #[must_use]
    pub fn standard(settings: Settings, policy: Arc<dyn Policy>, machine: Arc<dyn Machine>) -> Self {
        Self { checks: checks::CHECKS, settings, policy, machine }
    }

    pub(crate) fn checks(&self) -> &'static [&'static dyn Check] {
        self.checks
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn policy(&self) -> &Arc<dyn Policy> {
        &self.policy
    }

    /// Memory that is available and what of it is to stay so, in bytes, where both are known.
    pub(crate) fn memory(&self) -> Option<(u64, u64)> {
        let headroom = self.settings.headroom;
        if headroom == 0 {
            return None;
        }
        self.machine.memory_available().map(|available| (available, headroom))
    }

    /// The machine.
    pub(crate) fn machine(&self) -> &Arc<dyn Machine> {
        &self.machine
    }

    /// Weighs the evidence for a request that passed every check.
    pub(crate) fn judge(&self, draft: &Draft, route: &Route, ruling: Ruling) -> Box<Judgement> {
        let history = route.capability.track.history(draft.input_mark(), draft.received_ms());
        let (depth, why) = depth(draft, route, Tier::of(&history), history.recent_bad);
        let mut judgement = Box::new(Judgement {
            depth,
            why: why.into(),
            history,
            before: None,
            points: 0,
            unexplained: Vec::new(),
            findings: draft.findings().to_vec(),
            others: 0,
            alternatives: Vec::new(),
            tier: Tier::Third,
            weights: None,
            score: 0,
            level: Level::Low,
            ruling,
            skeptics: Vec::new(),
            blocked: false,
            repeated: draft.is_warned_too_often(),
            patience: Some(self.settings.patience).filter(|patience| *patience != Patience::default()),
        });
        let case = Case { draft, route, weights: &self.settings.weights };
        for step in STEPS {
            step.examine(&case, &mut judgement);
        }
        judgement
    }
}

/// How closely to look, and why.
fn depth(draft: &Draft, route: &Route, tier: Tier, recent_bad: u32) -> (Depth, &'static str) {
    if draft.request().thorough {
        return (Depth::Ultra, "it was asked for");
    }
    if route.capability.effect <= Effect::Read && tier == Tier::First && recent_bad == 0 {
        return (Depth::Quick, "it changes nothing, is proven, and nothing went wrong lately");
    }
    match (route.capability.effect.changes(), tier) {
        (true, _) => (Depth::Full, "it may change something"),
        (false, Tier::First) => (Depth::Full, "something went wrong lately"),
        (false, _) => (Depth::Full, "it is not proven"),
    }
}
