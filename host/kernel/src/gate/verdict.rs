//! What the gate decided and why, as the journal keeps it and `--explain` shows it.

use serde::Serialize;

use super::Refusal;
use crate::ports::Ranked;

/// The gate's verdict on one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// `execute`, `refuse`, or `none` when the gate was not reached.
    pub decision: &'static str,
    /// The checks that passed, in order.
    pub passed: Vec<&'static str>,
    /// The check that said no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_by: Option<&'static str>,
    /// All providers, best first, when there was a choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<Ranked>,
}

impl Verdict {
    pub(crate) fn admitted(passed: Vec<&'static str>, ranking: &[Ranked]) -> Self {
        Self { decision: "execute", passed, refused_by: None, providers: ranking.to_vec() }
    }

    pub(crate) fn refused(passed: Vec<&'static str>, refusal: &Refusal, ranking: &[Ranked]) -> Self {
        Self { decision: "refuse", passed, refused_by: Some(refusal.check), providers: ranking.to_vec() }
    }

    pub(crate) fn none() -> Self {
        Self { decision: "none", passed: Vec::new(), refused_by: None, providers: Vec::new() }
    }
}
