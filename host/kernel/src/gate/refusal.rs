//! How the gate says no.

use serde::Serialize;

use super::{Decision, Judgement};
use crate::name::InvocationId;
use crate::ports::Route;

/// The ways to say no. Doors match it in full, without a wildcard: a new kind breaks the build in
/// exactly the places that must learn it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The request itself is wrong: its caller can mend it.
    Invalid,
    /// The caller is not who it must be.
    Unauthenticated,
    /// Not allowed.
    Forbidden,
    /// What was asked for does not exist.
    NotFound,
    /// Waits for a person.
    Held,
    /// Too much at once.
    TooMany,
    /// It exists but cannot be had now.
    Unavailable,
    /// Something is not the thing that was registered.
    Integrity,
}

impl Kind {
    /// The kind as outcomes write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::Held => "held",
            Self::TooMany => "too-many",
            Self::Unavailable => "unavailable",
            Self::Integrity => "integrity",
        }
    }
}

/// One no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The check that said it.
    pub check: &'static str,
    /// Stable, kebab-case, free for each check.
    pub code: &'static str,
    /// What sort of no.
    pub kind: Kind,
    /// Names the thing and says what to do. Foreign text in it is escaped.
    pub message: String,
}

impl Refusal {
    /// It waits for a person, for this reason.
    pub(crate) fn held(
        decision: Decision,
        (id, nested): (InvocationId, bool),
        route: &Route,
        reason: &str,
    ) -> Self {
        // A running plugin has no way to come back with a yes.
        let way = if nested {
            format!("to let such calls run from now on: `ares-host approvals approve {id} --always`")
        } else {
            format!("to let this call run once: `ares-host approvals approve {id}`, then the same call again")
        };
        let (plugin, capability) = (&route.plugin.name, &route.capability);
        let code = if decision == Decision::Escalate { "escalate" } else { "ask" };
        let message = format!(
            "`{}` of plugin `{plugin}` is of class {} and waits for a person: {reason}; {way}",
            capability.id, capability.effect
        );
        Self { check: "decision", code, kind: Kind::Held, message }
    }

    /// It is too uncertain to be asked about.
    pub(crate) fn unsure(route: &Route, judgement: &Judgement) -> Self {
        let message = format!(
            "`{}` of plugin `{}` cannot be undone and confidence is low ({}); it takes evidence that it works: run its cases with `ares-host self-test FOLDER --record`",
            route.capability.id,
            route.plugin.name,
            judgement.sum()
        );
        Self { check: "decision", code: "unsure", kind: Kind::Forbidden, message }
    }

    /// No check accepted the arguments, so nothing may run. A gate without the arguments check
    /// would end here.
    pub(crate) fn unjudged() -> Self {
        Self {
            check: "arguments",
            code: "unjudged",
            kind: Kind::Invalid,
            message: "the arguments were not judged".to_owned(),
        }
    }
}
