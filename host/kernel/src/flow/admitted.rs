//! `Admitted` and the `Permit` inside it: the right to make one call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Draft, Refused, Resolved};
use crate::facts::{Capability, Effect, Grants, Limits, Plugin};
use crate::gate::{Gate, Refusal, Verdict};
use crate::name::{CapabilityId, InvocationId, PluginName};
use crate::ports::{Invoke, Opening, Route};
use crate::request::{Caller, Request};

/// A request the gate let through.
#[must_use = "an admitted request must reach an outcome"]
#[derive(Debug)]
pub struct Admitted {
    pub(super) opening: Opening,
    pub(super) verdict: Verdict,
    pub(super) permit: Permit,
}

/// The right to make one call: what may run, what it may reach, what it may spend. Not `Clone`:
/// the engine consumes it.
pub struct Permit {
    request: Request,
    route: Route,
    grants: Arc<Grants>,
    limits: Limits,
    deadline: Instant,
    arguments: Value,
    invoke: Arc<dyn Invoke>,
}

/// Where a nested call comes from. Made by [`Reentry`] alone.
#[derive(Debug, Clone)]
pub struct Parent {
    pub(crate) id: InvocationId,
    chain: Vec<(PluginName, CapabilityId)>,
    deadline: Instant,
    effect: Effect,
    grants: Arc<Grants>,
}

/// A running call's way to call another capability.
#[derive(Clone)]
pub struct Reentry {
    parent: Parent,
    caller: Caller,
    task: Option<String>,
    invoke: Arc<dyn Invoke>,
}

impl Gate {
    /// Judges a request. The checks run in their fixed order and the first no ends it.
    ///
    /// # Errors
    /// The refusal, ready to be recorded.
    #[expect(
        clippy::result_large_err,
        reason = "a refusal carries the request to the journal; it is the other half of the flow, not an error path"
    )]
    pub fn admit(&self, resolved: Resolved, invoke: Arc<dyn Invoke>) -> Result<Admitted, Refused> {
        let mut draft = Draft::new(resolved);
        let mut passed = Vec::with_capacity(self.checks().len());
        for check in self.checks() {
            if let Err(refusal) = check.check(&mut draft) {
                let verdict = Verdict::refused(passed, &refusal, draft.ranking());
                return Err(Refused::new(draft, refusal, verdict));
            }
            passed.push(check.name());
        }
        let verdict = Verdict::admitted(passed, draft.ranking());
        let route = match draft.route() {
            Ok(route) => route.clone(),
            Err(refusal) => return Err(Refused::new(draft, refusal, verdict)),
        };
        let Some(arguments) = draft.arguments.take() else {
            return Err(Refused::new(draft, Refusal::unjudged(), verdict));
        };
        let Draft { resolved, grants, limits, deadline, .. } = draft;
        let request = resolved.received.request;
        let permit = Permit { request, route, grants, limits, deadline, arguments, invoke };
        Ok(Admitted { opening: resolved.received.opening, verdict, permit })
    }
}

impl Permit {
    /// The invocation.
    #[must_use]
    pub fn id(&self) -> InvocationId {
        self.request.id
    }

    /// What was asked, by whom.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The plugin to run.
    #[must_use]
    pub fn plugin(&self) -> &Arc<Plugin> {
        &self.route.plugin
    }

    /// The capability to run.
    #[must_use]
    pub fn capability(&self) -> &Arc<Capability> {
        &self.route.capability
    }

    /// What the call may do.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.route.capability.effect
    }

    /// What it may reach.
    #[must_use]
    pub fn grants(&self) -> &Arc<Grants> {
        &self.grants
    }

    /// What it may use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// When it must be over.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The judged arguments; their text is `request().input`.
    #[must_use]
    pub fn arguments(&self) -> &Value {
        &self.arguments
    }

    /// The invocation this one was made from.
    #[must_use]
    pub fn parent_id(&self) -> Option<InvocationId> {
        self.request.parent.as_ref().map(|parent| parent.id)
    }

    /// How many plugins stand between the first caller and this call.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.request.parent.as_ref().map_or(0, Parent::depth)
    }

    /// The way back in for this call's guest.
    #[must_use]
    pub fn reentry(&self) -> Reentry {
        let mut chain = self.request.parent.as_ref().map(|p| p.chain.clone()).unwrap_or_default();
        chain.push((self.route.plugin.name.clone(), self.route.capability.id.clone()));
        Reentry {
            parent: Parent {
                id: self.request.id,
                chain,
                deadline: self.deadline,
                effect: self.request.parent.as_ref().map_or(self.effect(), |p| p.effect.min(self.effect())),
                grants: Arc::clone(&self.grants),
            },
            caller: Caller::Plugin(self.route.plugin.name.clone()),
            task: self.request.task.clone(),
            invoke: Arc::clone(&self.invoke),
        }
    }
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Permit({} for {} of {})",
            self.request.id, self.route.capability.id, self.route.plugin.name
        )
    }
}

impl Parent {
    /// How many calls are running above.
    #[must_use]
    pub fn depth(&self) -> u32 {
        u32::try_from(self.chain.len()).unwrap_or(u32::MAX)
    }

    /// The running calls from the first to the nearest.
    #[must_use]
    pub fn chain(&self) -> &[(PluginName, CapabilityId)] {
        &self.chain
    }

    /// When the calling call must be over.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The weakest class among the running calls: no call below may do more.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// What the calling call was granted.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }
}

impl Reentry {
    /// Calls a capability in the name of the running call.
    pub async fn invoke(&self, capability: CapabilityId, input: String) -> super::Outcome {
        let mut request = Request::new(self.caller.clone(), capability, input);
        request.task.clone_from(&self.task);
        request.deadline =
            Some(self.parent.deadline.saturating_duration_since(Instant::now()).max(Duration::ZERO));
        request.parent = Some(self.parent.clone());
        self.invoke.invoke(request).await
    }
}
