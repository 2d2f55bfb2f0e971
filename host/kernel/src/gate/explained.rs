//! A kept verdict in full: five steps with their findings, the sum, what could be done instead. Made
//! from what the journal holds alone, so that it is the same whenever it is asked for.

use serde::Serialize;

use super::steps::{Mark, STEPS};
use super::{Alternative, Decision, Depth, Finding, Judgement, Level, Patience, Reviewed, Verdict};
use crate::facts::History;
use crate::name::InvocationId;
use crate::ports::Ruling;
use crate::snapshot::Foreseen;

/// One of the five steps.
#[derive(Debug, Clone, Serialize)]
pub struct StepOut {
    /// Its name.
    pub name: &'static str,
    /// How it came out.
    pub mark: Mark,
    /// What it says.
    pub text: String,
    /// What it found.
    pub findings: Vec<Finding>,
}

/// The sum and its parts, in basis points.
#[derive(Debug, Clone, Serialize)]
pub struct Sum {
    /// Where it begins.
    pub base: u16,
    /// What the record adds or takes away.
    pub tier: i32,
    /// What plain words add.
    pub explained: u16,
    /// How many warnings.
    pub warnings: u32,
    /// What each takes away.
    pub warning: u16,
    /// The score.
    pub total: u16,
    /// The same as it is done by hand.
    pub text: String,
}

/// How it was judged, in full.
#[derive(Debug, Clone, Serialize)]
pub struct Judged {
    /// How closely.
    pub depth: Depth,
    /// Why so.
    pub depth_reason: String,
    /// The five steps.
    pub steps: Vec<StepOut>,
    /// The record it is based on.
    pub history: History,
    /// That of the version before, where it counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_before: Option<History>,
    /// What the record is worth.
    pub tier: super::Tier,
    /// The sum.
    pub score: Sum,
    /// How sure the gate was.
    pub level: Level,
    /// What the operator's rules said.
    pub policy: Ruling,
    /// What skeptics said.
    pub skeptics: Vec<Reviewed>,
    /// Providers it was compared with.
    pub alternatives: Vec<Alternative>,
    /// What lowered the score.
    pub warnings: Vec<String>,
    /// How much the guard may warn of, where it is not the usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<Patience>,
}

/// A verdict in full.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// What was decided.
    pub decision: Decision,
    /// The decision in one line.
    pub header: String,
    /// The checks that passed, in order.
    pub checks_passed: Vec<&'static str>,
    /// The check that said no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_by: Option<String>,
    /// How it was judged, if it passed the checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
    /// What can be done instead, where it did not run.
    pub options: Vec<String>,
    /// The approval that lifted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<InvocationId>,
    /// Whether what it changes in folders can be taken back, where anybody wants that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Foreseen>,
    /// The version of the host that judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_version: Option<String>,
}

impl Verdict {
    /// The verdict in full. `id` is the invocation's, for what can be done about it.
    #[must_use]
    pub fn explained(&self, id: &str) -> Explained {
        let judgement = self.judgement.as_deref();
        Explained {
            decision: self.decision,
            header: header(self.decision, judgement),
            checks_passed: self.passed(),
            refused_by: self.refused_by.as_ref().map(ToString::to_string),
            judged: judgement.map(judged),
            options: options(self.decision, judgement, id),
            approval: self.approval,
            snapshot: self.snapshot.clone(),
            host_version: self.host.as_ref().map(ToString::to_string),
        }
    }
}

fn judged(judgement: &Judgement) -> Judged {
    let weights = judgement.weighed();
    let step = |step: &&dyn super::steps::Step| {
        let (mark, text) = step.conclude(judgement);
        let of = |finding: &&Finding| finding.id.starts_with(step.letter());
        let findings = judgement.findings.iter().filter(of).cloned().collect();
        StepOut { name: step.name(), mark, text, findings }
    };
    let warnings = judgement.findings.iter().filter(|finding| finding.warning);
    Judged {
        depth: judgement.depth,
        depth_reason: judgement.why.to_string(),
        steps: STEPS.iter().map(step).collect(),
        history: judgement.history,
        history_before: judgement.before,
        tier: judgement.tier,
        score: Sum {
            base: weights.base,
            tier: weights.of_tier(judgement.tier),
            explained: if judgement.unexplained.is_empty() { weights.explained } else { 0 },
            warnings: judgement.warnings(),
            warning: weights.warning,
            total: judgement.score,
            text: judgement.sum(),
        },
        level: judgement.level,
        policy: judgement.ruling.clone(),
        skeptics: judgement.skeptics.clone(),
        alternatives: judgement.alternatives.clone(),
        warnings: warnings.map(|finding| finding.text.clone()).collect(),
        patience: judgement.patience,
    }
}

fn header(decision: Decision, judgement: Option<&Judgement>) -> String {
    let sure = judgement.map_or_else(String::new, |judgement| {
        format!(" ({} confidence, {} bp)", judgement.level.as_str(), judgement.score)
    });
    match decision {
        Decision::None => "NOT JUDGED".to_owned(),
        Decision::Execute => format!("EXECUTING{sure}"),
        Decision::Caveats => format!("PROCEEDING WITH CAVEATS{sure}"),
        Decision::Ask => format!("APPROVAL REQUIRED{sure}"),
        Decision::Escalate => format!("ESCALATION REQUIRED{sure}"),
        Decision::Refuse => format!("REFUSED{sure}"),
    }
}

/// Options A to C of what waits for a person.
fn options(decision: Decision, judgement: Option<&Judgement>, id: &str) -> Vec<String> {
    if !decision.is_held() {
        return Vec::new();
    }
    let mut options = vec![
        format!("A: let this call run once: `ares-host approvals approve {id}`, then the same call again"),
        format!("B: say no: `ares-host approvals deny {id}`"),
    ];
    let simpler = judgement.and_then(|judgement| judgement.alternatives.iter().find(|other| other.simpler));
    options.push(match (simpler, decision) {
        (Some(other), _) => format!("C: use `--plugin {}`: {}", other.plugin, other.text),
        (None, Decision::Escalate) => {
            "C: gather evidence first: run the plugin's cases with `ares-host self-test FOLDER --record`"
                .to_owned()
        }
        (None, _) => {
            "C: see what it would do, without doing it: `ares-host rehearse` with the same input".to_owned()
        }
    });
    options
}
