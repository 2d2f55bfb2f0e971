//! `Draft`: a permit still being written. Every method takes something away or only looks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Parent, Resolved};
use crate::facts::{Grants, Limits};
use crate::gate::{Kind, Refusal};
use crate::ports::{Provision, Ranked, Route};
use crate::request::Request;

/// What a call would get if the gate stopped asking now.
#[derive(Debug)]
pub struct Draft {
    pub(super) resolved: Resolved,
    pub(super) grants: Arc<Grants>,
    pub(super) limits: Limits,
    pub(super) deadline: Instant,
    pub(super) arguments: Option<Value>,
}

impl Draft {
    /// Begins with everything the capability may have.
    pub(super) fn new(resolved: Resolved) -> Self {
        let route = match &resolved.resolution.provision {
            Provision::Ready(route) => Some(&route.capability),
            Provision::Unknown { .. }
            | Provision::NoSuchPlugin
            | Provision::NotExported
            | Provision::Disabled { .. } => None,
        };
        let grants = route.map_or_else(|| Arc::new(Grants::none()), |c| Arc::clone(&c.grants));
        let limits = route.map_or_else(Limits::default, |c| c.limits.clone());
        let deadline = resolved.received.at + limits.deadline;
        Self { resolved, grants, limits, deadline, arguments: None }
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.resolved.received.request
    }

    /// The running call it was made from.
    #[must_use]
    pub fn parent(&self) -> Option<&Parent> {
        self.request().parent.as_ref()
    }

    /// When the request came in.
    #[must_use]
    pub fn received_at(&self) -> Instant {
        self.resolved.received.at
    }

    /// All providers, best first, when there was a choice.
    #[must_use]
    pub fn ranking(&self) -> &[Ranked] {
        &self.resolved.resolution.ranking
    }

    /// Who would answer.
    ///
    /// # Errors
    /// The refusal for a request nobody can answer.
    pub fn route(&self) -> Result<&Route, Refusal> {
        let capability = &self.request().capability;
        let wanted = self.request().provider.as_ref().map(ToString::to_string).unwrap_or_default();
        let refusal = |code, kind, message| Err(Refusal { check: "provider", code, kind, message });
        match &self.resolved.resolution.provision {
            Provision::Ready(route) => Ok(route),
            Provision::Unknown { near } => {
                let near: Vec<&str> = near.iter().map(crate::CapabilityId::as_str).collect();
                let hint = if near.is_empty() {
                    "`ares-host capabilities` lists what there is".to_owned()
                } else {
                    format!("did you mean {}?", near.join(" or "))
                };
                let message = format!("no registered plugin provides `{capability}`; {hint}");
                refusal("no-provider", Kind::NotFound, message)
            }
            Provision::NoSuchPlugin => refusal(
                "not-registered",
                Kind::NotFound,
                format!("no plugin `{wanted}` is registered; `ares-host list` shows those that are"),
            ),
            Provision::NotExported => refusal(
                "not-exported",
                Kind::NotFound,
                format!(
                    "plugin `{wanted}` has no capability `{capability}`; `ares-host info {wanted}` lists its own"
                ),
            ),
            Provision::Disabled { plugins } => {
                let plugins: Vec<&str> = plugins.iter().map(crate::PluginName::as_str).collect();
                let first = plugins.first().copied().unwrap_or_default();
                let message = format!(
                    "`{capability}` is provided by {}, which is disabled; `ares-host enable {first}` allows it again",
                    plugins.join(", ")
                );
                refusal("disabled", Kind::Unavailable, message)
            }
        }
    }

    /// What the call would be granted.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// What the call could use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The parsed arguments, once a check has accepted them.
    #[must_use]
    pub fn arguments(&self) -> Option<&Value> {
        self.arguments.as_ref()
    }

    /// When the call must be over.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Moves the deadline nearer; a later one changes nothing.
    pub fn cap_deadline(&mut self, deadline: Instant) {
        self.deadline = self.deadline.min(deadline);
    }

    /// Shortens the time from receipt on; a longer one changes nothing.
    pub fn cap_duration(&mut self, duration: Duration) {
        if let Some(deadline) = self.received_at().checked_add(duration) {
            self.cap_deadline(deadline);
        }
    }

    /// Keeps the parsed form of the input. It stays what the first caller set.
    pub fn accept_arguments(&mut self, arguments: Value) {
        self.arguments.get_or_insert(arguments);
    }
}
