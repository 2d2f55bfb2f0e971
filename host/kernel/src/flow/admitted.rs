//! `Admitted` and the `Permit` inside it: the right to make one call.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Draft, Refused, Resolved, Weighed};
use crate::facts::{Capability, Effect, Grants, Limits, Plugin};
use crate::gate::{Decision, Gate, Grounds, Judgement, Kind, Refusal, Verdict};
use crate::name::{CapabilityId, InvocationId, PluginName, Topic};
use crate::ports::{Held, Invoke, Opening, Route, Warned};
use crate::progress::Sink;
use crate::rehearsal::Stage;
use crate::request::{Caller, Request};
use crate::snapshot::Foreseen;

/// A request the gate let through.
#[must_use = "an admitted request must reach an outcome"]
#[derive(Debug)]
pub struct Admitted {
    pub(super) opening: Opening,
    pub(super) verdict: Verdict,
    pub(super) permit: Permit,
    /// Who asked with which sort of arguments, and that sort alone, as numbers.
    pub(super) context: (u32, u32),
    /// What it runs with instead of a freer decision.
    pub(super) approval: Option<InvocationId>,
    /// What the guard warned of, where that counts.
    pub(super) warned: Option<Warned>,
    /// Where its effects come together, if it is a rehearsal.
    pub(super) stage: Option<Stage>,
}

/// The right to make one call: what may run, what it may reach, what it may spend. Not `Clone`:
/// the engine consumes it.
pub struct Permit {
    request: Request,
    route: Route,
    grants: Arc<Grants>,
    limits: Limits,
    deadline: Instant,
    /// When whoever waits for it stops waiting.
    latest: Option<Instant>,
    arguments: Value,
    invoke: Arc<dyn Invoke>,
    stage: Option<Stage>,
}

/// Where a call comes from that no door made: from a running call, by [`Reentry`] alone, or from a
/// call that published an event, by [`crate::Kernel::deliver`] alone.
#[derive(Debug, Clone)]
pub struct Parent {
    pub(crate) id: InvocationId,
    pub(super) chain: Vec<(PluginName, CapabilityId)>,
    pub(super) effect: Effect,
    /// How many events led here.
    pub(super) generation: u32,
    /// Who made the first call of the chain.
    pub(super) first_caller: Caller,
    pub(super) origin: Origin,
}

/// How a call above leads to the one below.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// It runs and waits for the answer.
    Running { deadline: Instant, grants: Arc<Grants> },
    /// It is over and published an event. `granted`: its plugin still may.
    Event { topic: Topic, granted: bool },
}

static NOTHING: LazyLock<Grants> = LazyLock::new(Grants::none);

/// A running call's way to call another capability.
#[derive(Clone)]
pub struct Reentry {
    parent: Parent,
    caller: Caller,
    task: Option<String>,
    /// Whether nobody reviews what is called: so it is below a review, which would come back to itself.
    reviewed_by_nobody: bool,
    progress: Option<Sink>,
    invoke: Arc<dyn Invoke>,
    stage: Option<Stage>,
}

impl Gate {
    /// Judges a request. The checks run in their fixed order and the first no ends it; then the steps
    /// weigh what is known.
    ///
    /// # Errors
    /// The refusal, ready to be recorded.
    #[expect(
        clippy::result_large_err,
        reason = "a refusal carries the request to the journal; it is the other half of the flow, not an error path"
    )]
    pub fn weigh(&self, resolved: Resolved) -> Result<Weighed, Refused> {
        let mut draft = Draft::new(resolved, self);
        for check in self.checks() {
            if let Err(refusal) = check.check(&mut draft) {
                draft.count_warnings(self.settings().patience);
                let verdict = Verdict::refused(&refusal, draft.ranking());
                return Err(Refused::new(draft, refusal, verdict));
            }
        }
        draft.count_warnings(self.settings().patience);
        let ruling = draft.ruling.take().ok_or_else(Refusal::unjudged);
        let judged = draft.route().cloned().and_then(|route| {
            let judgement = self.judge(&draft, &route, ruling?);
            Ok((route, judgement))
        });
        match judged.and_then(|judged| Ok((judged, draft.arguments.take().ok_or_else(Refusal::unjudged)?))) {
            Ok(((route, judgement), arguments)) => Ok(Weighed { draft, route, judgement, arguments }),
            Err(refusal) => {
                let verdict = Verdict::refused(&refusal, draft.ranking());
                Err(Refused::new(draft, refusal, verdict))
            }
        }
    }

    /// From the evidence to the permit, or to a question.
    ///
    /// # Errors
    /// The refusal, ready to be recorded.
    #[expect(clippy::result_large_err, reason = "as above")]
    pub fn decide(&self, weighed: Weighed, invoke: Arc<dyn Invoke>) -> Result<Admitted, Refused> {
        let Weighed { mut draft, route, judgement, arguments } = weighed;
        let grounds = Grounds::of(&draft, &route, &judgement, self.settings());
        let decision = grounds.decide();
        let request = draft.request();
        let (wanted, weighed) =
            ((self.settings().snapshots, request.snapshot), (grounds.effect, grounds.level));
        // A rehearsal works in copies already.
        let snapshot = if request.rehearse { None } else { Foreseen::of(wanted, weighed, draft.grants()) };
        let lifted = match lift(&draft, &route, &judgement, (&arguments, grounds)) {
            Ok(lifted) => lifted,
            Err(no) => {
                if no.1.is_some() {
                    draft.stop(&judgement.ruling);
                }
                let mut verdict = Verdict::judged(decision, judgement, draft.ranking());
                verdict.snapshot = snapshot;
                return Err(Refused::asking(draft, *no, verdict));
            }
        };
        let latest = latest(&draft);
        let stage = draft.request().rehearse.then(|| Stage::new(decision));
        let free = lifted.is_some() || (stage.is_some() && decision.is_held());
        let decision = if free { Decision::Caveats } else { decision };
        let mut verdict = Verdict::judged(decision, judgement, draft.ranking());
        (verdict.approval, verdict.snapshot) = (lifted, snapshot);
        let Draft { resolved, grants, limits, deadline, context, shape, warned, .. } = draft;
        let request = resolved.received.request;
        let opening = resolved.received.opening;
        let permit = Permit {
            request,
            route,
            grants,
            limits,
            deadline,
            latest,
            arguments,
            invoke,
            stage: stage.clone(),
        };
        Ok(Admitted { opening, verdict, permit, context: (context, shape), approval: lifted, warned, stage })
    }
}

/// When the caller, or the guest above, must have its answer.
fn latest(draft: &Draft) -> Option<Instant> {
    let own = draft.request().deadline.and_then(|time| draft.received_at().checked_add(time));
    let above = draft.parent().and_then(Parent::deadline);
    own.into_iter().chain(above).min()
}

/// Whether the decision lets it run, or the approval it was lifted by; else the refusal, with the
/// question to a person where it is held for one.
fn lift(
    draft: &Draft,
    route: &Route,
    judgement: &Judgement,
    (arguments, grounds): (&Value, Grounds),
) -> Result<Option<InvocationId>, Box<(Refusal, Option<Held>)>> {
    let decision = grounds.decide();
    if decision < Decision::Ask {
        return Ok(None);
    }
    if decision == Decision::Refuse {
        return Err(Box::new((Refusal::unsure(route, judgement), None)));
    }
    // Nothing of a rehearsal lasts but its answer. A person may see that before they decide; anybody else would have
    // got what a person was to be asked about.
    if draft.request().rehearse && matches!(draft.first_caller(), Caller::Human(_)) {
        return Ok(None);
    }
    let question = draft.question(arguments, &judgement.ruling).map_err(|no| Box::new((no, None)))?;
    if let Some(id) = draft.request().approval {
        let fits = match draft.approval() {
            Some(approval) => approval.fits(&question.binding, draft.received_ms()),
            None => Err(("no-approval", format!("there is no approval {id}"))),
        };
        return match fits {
            Ok(()) => Ok(Some(id)),
            Err((code, message)) => {
                let refusal = Refusal { check: "decision", code, kind: Kind::Forbidden, message };
                Err(Box::new((refusal, None)))
            }
        };
    }
    let reason = grounds.reason(judgement);
    let refusal = Refusal::held(decision, (draft.request().id, draft.parent().is_some()), route, &reason);
    Err(Box::new((refusal, Some(Held { reason, pauses: grounds.unplanned, ..question }))))
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

    /// When whoever waits for the answer stops waiting, if somebody does.
    pub(crate) fn latest(&self) -> Option<Instant> {
        self.latest
    }

    /// Gives back time that passed before the guest could start, up to what whoever waits has left.
    pub(super) fn postpone(&mut self, by: Duration) {
        let later = self.deadline.checked_add(by).unwrap_or(self.deadline);
        self.deadline = self.latest.map_or(later, |latest| later.min(latest));
    }

    /// The judged arguments; their text is `request().input`.
    #[must_use]
    pub fn arguments(&self) -> &Value {
        &self.arguments
    }

    /// Who made the first call of the chain: who asked for this one where nothing is above it.
    #[must_use]
    pub fn first_caller(&self) -> &Caller {
        self.request.first_caller()
    }

    /// Whether it is only a rehearsal. Then nothing it does may last or leave this machine.
    #[must_use]
    pub fn is_rehearsal(&self) -> bool {
        self.stage.is_some()
    }

    /// The invocation this one was made from.
    #[must_use]
    pub fn parent_id(&self) -> Option<InvocationId> {
        self.request.parent.as_ref().map(|parent| parent.id)
    }

    /// Whether another guest waits for this one's answer.
    #[must_use]
    pub fn awaited(&self) -> bool {
        self.request.parent.as_ref().is_some_and(|parent| parent.deadline().is_some())
    }

    /// How many plugins stand between the first caller and this call.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.request.parent.as_ref().map_or(0, Parent::depth)
    }

    /// Whether a call of this plugin waits for this one, however far above.
    #[must_use]
    pub fn is_within(&self, plugin: &PluginName) -> bool {
        let parent = self.request.parent.as_ref();
        parent.is_some_and(|parent| parent.chain.iter().any(|(above, _)| above == plugin))
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
                effect: self.request.parent.as_ref().map_or(self.effect(), |p| p.effect.min(self.effect())),
                generation: self.request.parent.as_ref().map_or(0, |p| p.generation),
                first_caller: self.first_caller().clone(),
                origin: Origin::Running { deadline: self.deadline, grants: Arc::clone(&self.grants) },
            },
            caller: Caller::Plugin(self.route.plugin.name.clone()),
            task: self.request.task.clone(),
            reviewed_by_nobody: self.request.reviewed_by_nobody,
            progress: self.request.progress.clone(),
            invoke: Arc::clone(&self.invoke),
            stage: self.stage.clone(),
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
    /// How many calls stand above.
    #[must_use]
    pub fn depth(&self) -> u32 {
        u32::try_from(self.chain.len()).unwrap_or(u32::MAX)
    }

    /// The calls above from the first to the nearest.
    #[must_use]
    pub fn chain(&self) -> &[(PluginName, CapabilityId)] {
        &self.chain
    }

    /// Who made the first call of the chain.
    #[must_use]
    pub fn first_caller(&self) -> &Caller {
        &self.first_caller
    }

    /// When the calling call must be over. A call that published an event is over already, and
    /// what it led to has a time of its own.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match &self.origin {
            Origin::Running { deadline, .. } => Some(*deadline),
            Origin::Event { .. } => None,
        }
    }

    /// The weakest class among the calls above: no call below may do more.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// What the calling call was granted. A call that is over has nothing left to use.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        match &self.origin {
            Origin::Running { grants, .. } => grants,
            Origin::Event { .. } => &NOTHING,
        }
    }

    /// For the delivery of an event: what it is about, and whether its publisher may still say so.
    #[must_use]
    pub fn event(&self) -> Option<(&Topic, bool)> {
        match &self.origin {
            Origin::Running { .. } => None,
            Origin::Event { topic, granted } => Some((topic, *granted)),
        }
    }
}

impl Reentry {
    /// Calls a capability in the name of the running call. From a rehearsal it is one, too.
    pub async fn invoke(&self, capability: CapabilityId, input: String) -> super::Outcome {
        let mut request = Request::new(self.caller.clone(), capability, input);
        request.task.clone_from(&self.task);
        request.reviewed_by_nobody = self.reviewed_by_nobody;
        request.progress.clone_from(&self.progress);
        let left = |deadline: Instant| deadline.saturating_duration_since(Instant::now());
        request.deadline = self.parent.deadline().map(left);
        request.parent = Some(self.parent.clone());
        request.rehearse = self.stage.is_some();
        let outcome = self.invoke.invoke(request).await;
        if let (Some(stage), Some(below)) = (&self.stage, outcome.rehearsal()) {
            stage.take_in(below);
        }
        outcome
    }
}
