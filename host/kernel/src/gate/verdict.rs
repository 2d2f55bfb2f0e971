//! What the gate decided and why, as the journal keeps it and `explain` shows it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Decision, Judgement, Refusal, checks};
use crate::name::InvocationId;
use crate::ports::Ranked;
use crate::snapshot::Foreseen;

/// The gate's verdict on one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What was decided.
    pub decision: Decision,
    /// The check that said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_by: Option<Cow<'static, str>>,
    /// All providers, best first, when there was a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<Ranked>,
    /// How it was judged, if it passed the checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Box<Judgement>>,
    /// The approval that lifted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<InvocationId>,
    /// Whether what it changes in folders can be taken back, where anybody wants that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Foreseen>,
    /// The version of the host that judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Cow<'static, str>>,
}

/// This host.
const HOST: &str = env!("CARGO_PKG_VERSION");

/// What outcomes tell of a verdict; `explain` tells the rest.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    decision: Decision,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<super::Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<super::Depth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<u32>,
    passed: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<InvocationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<&'a Foreseen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_by: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    providers: &'a [Ranked],
}

impl Verdict {
    pub(crate) fn judged(decision: Decision, judgement: Box<Judgement>, ranking: &[Ranked]) -> Self {
        Self {
            decision,
            refused_by: None,
            providers: ranking.to_vec(),
            judgement: Some(judgement),
            approval: None,
            snapshot: None,
            host: Some(Cow::Borrowed(HOST)),
        }
    }

    pub(crate) fn refused(refusal: &Refusal, ranking: &[Ranked]) -> Self {
        Self {
            decision: Decision::Refuse,
            refused_by: Some(Cow::Borrowed(refusal.check)),
            providers: ranking.to_vec(),
            judgement: None,
            approval: None,
            snapshot: None,
            host: Some(Cow::Borrowed(HOST)),
        }
    }

    pub(crate) fn none() -> Self {
        Self {
            decision: Decision::None,
            refused_by: None,
            providers: Vec::new(),
            judgement: None,
            approval: None,
            snapshot: None,
            host: None,
        }
    }

    /// The checks that passed, in order.
    #[must_use]
    pub fn passed(&self) -> Vec<&'static str> {
        if self.decision == Decision::None {
            return Vec::new();
        }
        let names = checks::CHECKS.iter().map(|check| check.name());
        names.take_while(|name| self.refused_by.as_deref() != Some(*name)).collect()
    }

    /// What outcomes tell of it.
    #[must_use]
    pub fn summary(&self) -> Summary<'_> {
        let judgement = self.judgement.as_deref();
        Summary {
            decision: self.decision,
            level: judgement.map(|judgement| judgement.level),
            score: judgement.map(|judgement| judgement.score),
            depth: judgement.map(|judgement| judgement.depth),
            warnings: judgement.map(Judgement::warnings),
            passed: self.passed(),
            approval: self.approval,
            snapshot: self.snapshot.as_ref(),
            refused_by: self.refused_by.as_deref(),
            providers: &self.providers,
        }
    }
}
