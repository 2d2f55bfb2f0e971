//! `Outcome`: what a caller sees, and the record without which nobody sees it.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Refused, Verified};
use crate::event::Published;
use crate::facts::{Came, Capability, Effect, Money, Plugin, Use};
use crate::gate::{Refusal, Summary, Verdict};
use crate::ledger::Ledger;
use crate::name::{Blake3, CapabilityId, InvocationId};
use crate::ports::{Closing, Held, JournalError, Opening, Stopped, Warned};
use crate::rehearsal::Rehearsal;
use crate::report::{Ended, Failure, Fault, FaultKind, KvWrite, LimitHit, Usage};
use crate::snapshot::{self, Snapshot};
use crate::verify::Flag;

/// How an invocation ended.
#[derive(Debug, Clone)]
pub enum Status {
    /// With an answer: JSON text that matches the capability's output schema.
    Ok(String),
    /// The guest said no.
    Failed(Failure),
    /// The gate said no.
    Refused(Refusal),
    /// The guest broke.
    Fault(Fault),
    /// The journal could not be written, so nothing is shown. What the guest did, if it ran, is
    /// unknown.
    Unrecorded,
}

/// The one answer every door gives.
#[derive(Debug, Clone)]
pub struct Outcome {
    id: InvocationId,
    capability: CapabilityId,
    plugin: Option<Arc<Plugin>>,
    effect: Option<Effect>,
    status: Status,
    usage: Usage,
    verdict: Verdict,
    published: usize,
    flags: Vec<Flag>,
    rehearsal: Option<Box<Rehearsal>>,
    snapshot: Option<Box<Snapshot>>,
}

/// A state that may be closed: [`Verified`] or [`Refused`]. Sealed.
pub trait Closable: sealed::Parts {}
impl Closable for Verified {}
impl Closable for Refused {}

mod sealed {
    /// What a closing is made of.
    pub struct Ending {
        pub(super) opening: super::Opening,
        pub(super) plugin: Option<super::Arc<super::Plugin>>,
        pub(super) effect: Option<super::Effect>,
        pub(super) begun: bool,
        pub(super) status: super::Status,
        pub(super) usage: super::Usage,
        pub(super) verdict: super::Verdict,
        pub(super) writes: Vec<super::KvWrite>,
        pub(super) published: Option<super::Published>,
        pub(super) ran: Option<super::Ran>,
        pub(super) held: Option<super::Held>,
        pub(super) stopped: Option<Box<super::Stopped>>,
        pub(super) warned: Option<super::Warned>,
        pub(super) flags: Vec<super::Flag>,
        pub(super) rehearsal: Option<Box<super::Rehearsal>>,
        pub(super) snapshot: Option<Box<super::Snapshot>>,
    }

    /// Gives up its parts.
    pub trait Parts {
        /// The parts.
        fn parts(self) -> Ending;
    }
}
use sealed::{Ending, Parts};

/// Which capability ran, and in which context.
#[derive(Debug)]
struct Ran {
    capability: Arc<Capability>,
    context: (u32, u32),
}

impl Ending {
    /// What the call came to, where it costs something and its guest was started.
    fn cost(&self) -> Option<Money> {
        let idle = match &self.status {
            Status::Fault(fault) => {
                fault.never_began || matches!(fault.kind, FaultKind::NotStarted | FaultKind::Busy)
            }
            Status::Ok(_) | Status::Failed(_) | Status::Refused(_) | Status::Unrecorded => false,
        };
        let ran = self.ran.as_ref().filter(|_| !idle)?;
        let mut usage = self.usage;
        if self.rehearsal.is_some() {
            // They were noted and not sent.
            usage.http_requests = 0;
        }
        ran.capability.cost.map(|cost| cost.came_to(&usage))
    }

    /// What the call adds to the record of its capability: nothing where no guest ran, where its turn
    /// never came, where the host failed, and where the caller gave it too little time, but that it may have
    /// changed something. A rehearsal adds that it was one, if it went well.
    fn used(&self, ended_ms: u64) -> Option<Use> {
        let ran = self.ran.as_ref().filter(|_| !self.usage.cached)?;
        Some(Use {
            at_ms: ended_ms,
            came: match self.rehearsal {
                Some(_) => matches!(self.status, Status::Ok(_)).then_some(Came::Rehearsed)?,
                None => came(&self.status, &ran.capability, self.begun)?,
            },
            context: ran.context.0,
            shape: ran.context.1,
            fault: self.status.fault(),
            input: self.opening.input_blake3.first_four(),
            id: self.opening.id.last_four(),
            wall_us: u32::try_from(self.usage.wall_us).unwrap_or(u32::MAX),
            fuel: self.usage.fuel,
        })
    }
}

fn came(status: &Status, capability: &Capability, begun: bool) -> Option<Came> {
    let fault = match status {
        Status::Ok(_) => return Some(Came::Ok),
        Status::Failed(_) => return Some(Came::SaidNo),
        Status::Refused(_) | Status::Unrecorded => return None,
        Status::Fault(fault) => fault,
    };
    let caller_s = fault.limit.is_some_and(LimitHit::is_caller_s);
    match fault.kind {
        FaultKind::Internal | FaultKind::Busy => None,
        _ if fault.never_began => None,
        // Whoever cut it off, it may have done its work.
        FaultKind::Deadline if begun && !capability.idempotent => {
            Some(if caller_s { Came::CutByCaller } else { Came::Unknown })
        }
        _ if caller_s => None,
        FaultKind::OutputInvalid | FaultKind::OutputTooLarge => Some(Came::Invalid),
        FaultKind::Trap
        | FaultKind::OutOfMemory
        | FaultKind::OutOfFuel
        | FaultKind::Deadline
        | FaultKind::Exit
        | FaultKind::HostLimit
        | FaultKind::UndeclaredEffect
        | FaultKind::PostcheckFailed
        | FaultKind::NotStarted => Some(Came::Fault),
    }
}

impl Parts for Verified {
    fn parts(self) -> Ending {
        let status = match self.result {
            Ok(text) => Status::Ok(text),
            Err(Ended::Failed(failure)) => Status::Failed(failure),
            Err(Ended::Fault(fault)) => Status::Fault(fault),
        };
        Ending {
            opening: self.opening,
            plugin: Some(self.plugin),
            effect: Some(self.capability.effect),
            begun: self.begun,
            status,
            usage: self.usage,
            verdict: self.verdict,
            writes: self.writes,
            published: self.published,
            ran: self.context.map(|context| Ran { capability: self.capability, context }),
            held: None,
            stopped: None,
            warned: None,
            flags: self.flags,
            rehearsal: self.rehearsal.map(Box::new),
            snapshot: self.snapshot.map(Box::new),
        }
    }
}

impl Parts for Refused {
    fn parts(self) -> Ending {
        Ending {
            plugin: self.plugin,
            effect: self.effect,
            opening: self.opening,
            begun: false,
            status: Status::Refused(self.refusal),
            usage: Usage::default(),
            verdict: self.verdict,
            writes: Vec::new(),
            published: None,
            ran: None,
            held: self.held,
            stopped: self.stopped,
            warned: self.warned,
            flags: Vec::new(),
            rehearsal: None,
            snapshot: None,
        }
    }
}

impl Ledger {
    /// Records the end, then shows it. When it cannot be recorded, nobody sees it. What a call that did
    /// not go well did to folders is taken back first, so that the record says what became of it.
    pub async fn close(&self, state: impl Closable) -> Outcome {
        let mut ending = state.parts();
        self.take_back(&mut ending).await;
        // One time for the record that is kept and the one in memory: a use is found again by it.
        let ended_ms = self.clock.now_ms();
        let mut recorded = self.record(&ending, ended_ms).await;
        if let Some(full) = recorded.as_ref().err().and_then(JournalError::store_full) {
            // The answer was good, but what it promises cannot be kept.
            ending.status =
                Status::Fault(Fault::over(FaultKind::HostLimit, &full.to_string(), full.limit_hit()));
            (ending.writes, ending.published) = (Vec::new(), None);
            self.take_back(&mut ending).await;
            recorded = self.record(&ending, ended_ms).await;
        }
        if recorded.is_ok()
            && let Some((ran, used)) = ending.ran.as_ref().zip(ending.used(ended_ms))
        {
            ran.capability.track.add(used);
            if let Some(plugin) = ending.plugin.as_deref().filter(|_| used.came == Came::Ok) {
                self.journal.worked(plugin);
            }
        }
        let Ending {
            opening,
            plugin,
            effect,
            status,
            usage,
            verdict,
            published,
            flags,
            rehearsal,
            snapshot,
            ..
        } = ending;
        let (id, capability) = (opening.id, opening.capability);
        match recorded {
            Ok(()) => {
                let published = published.map_or(0, |published| published.events.len());
                Outcome {
                    id,
                    capability,
                    plugin,
                    effect,
                    status,
                    usage,
                    verdict,
                    published,
                    flags,
                    rehearsal,
                    snapshot,
                }
            }
            Err(_) => Outcome::unrecorded(id, capability),
        }
    }

    async fn take_back(&self, ending: &mut Ending) {
        let (id, requests) = (ending.opening.id, ending.usage.http_requests);
        if let Some(snapshot) = ending.snapshot.as_mut().filter(|_| !matches!(ending.status, Status::Ok(_))) {
            snapshot::put_back(&*self.snapshots, (id, requests), snapshot).await;
        }
    }

    async fn record(&self, ending: &Ending, ended_ms: u64) -> Result<(), JournalError> {
        let Ending {
            opening, plugin, effect, begun, status, usage, verdict, writes, published, held, ..
        } = ending;
        let closing = Closing {
            status: status.as_str(),
            code: status.code(),
            message: status.message(),
            plugin: plugin.as_deref(),
            effect: *effect,
            begun: *begun,
            usage: *usage,
            output: status.value().map(|text| (Blake3::of(text.as_bytes()), text.len() as u64)),
            verdict,
            cost: ending.cost(),
            ended_ms,
            writes,
            published: published.as_ref(),
            used: ending.used(ended_ms),
            held: held.as_ref(),
            stopped: ending.stopped.as_deref(),
            warned: ending.warned.as_ref(),
            flags: &ending.flags,
        };
        self.journal.close(opening, closing).await
    }
}

impl Outcome {
    /// The outcome of a request that could not be recorded.
    #[must_use]
    pub(crate) fn unrecorded(id: InvocationId, capability: CapabilityId) -> Self {
        let verdict = Verdict::none();
        Self {
            id,
            capability,
            plugin: None,
            effect: None,
            status: Status::Unrecorded,
            usage: Usage::default(),
            verdict,
            published: 0,
            flags: Vec::new(),
            rehearsal: None,
            snapshot: None,
        }
    }

    /// The invocation's id.
    #[must_use]
    pub fn id(&self) -> InvocationId {
        self.id
    }

    /// How it ended.
    #[must_use]
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Which plugin answered or would have.
    #[must_use]
    pub fn plugin(&self) -> Option<&Plugin> {
        self.plugin.as_deref()
    }

    /// What was used.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// What a rehearsal showed, if it was one and its guest was admitted.
    #[must_use]
    pub fn rehearsal(&self) -> Option<&Rehearsal> {
        self.rehearsal.as_deref()
    }

    /// The snapshot that was taken of what it may change, or why there is none where one was wanted.
    #[must_use]
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_deref()
    }

    /// How the gate came to its answer.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }
}

impl Status {
    /// `ok`, `failed`, `refused`, `fault` or `unrecorded`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ok(_) => "ok",
            Self::Failed(_) => "failed",
            Self::Refused(_) => "refused",
            Self::Fault(_) => "fault",
            Self::Unrecorded => "unrecorded",
        }
    }

    /// The answer's JSON text.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Ok(text) => Some(text),
            Self::Failed(_) | Self::Refused(_) | Self::Fault(_) | Self::Unrecorded => None,
        }
    }

    /// The code of whatever went wrong.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Ok(_) => None,
            Self::Failed(failure) => Some(&failure.code),
            Self::Refused(refusal) => Some(refusal.code),
            Self::Fault(fault) => Some(fault.kind.as_str()),
            Self::Unrecorded => Some("unrecorded"),
        }
    }

    /// One sentence about whatever went wrong.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Ok(_) => None,
            Self::Failed(failure) => Some(&failure.message),
            Self::Refused(refusal) => Some(&refusal.message),
            Self::Fault(fault) => Some(&fault.message),
            Self::Unrecorded => Some(
                "the journal cannot be written, so nothing runs and nothing is shown; check the disk and `ares-host doctor`",
            ),
        }
    }

    /// The limit that ended it, if one did.
    #[must_use]
    pub fn limit(&self) -> Option<LimitHit> {
        match self {
            Self::Fault(fault) => fault.limit,
            Self::Ok(_) | Self::Failed(_) | Self::Refused(_) | Self::Unrecorded => None,
        }
    }

    /// The fault, if that is what it was.
    #[must_use]
    pub fn fault(&self) -> Option<FaultKind> {
        match self {
            Self::Fault(fault) => Some(fault.kind),
            Self::Ok(_) | Self::Failed(_) | Self::Refused(_) | Self::Unrecorded => None,
        }
    }
}

#[derive(Serialize)]
struct PluginOut<'a> {
    name: &'a str,
    version: &'a semver::Version,
    blake3: Blake3,
}

#[derive(Serialize)]
struct ErrorOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<LimitHit>,
}

#[derive(Serialize)]
struct OutcomeOut<'a> {
    id: InvocationId,
    status: &'static str,
    capability: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<PluginOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<Effect>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorOut<'a>>,
    usage: Usage,
    #[serde(skip_serializing_if = "none")]
    published: usize,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    flags: &'a [Flag],
    #[serde(skip_serializing_if = "Option::is_none")]
    rehearsal: Option<&'a Rehearsal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<&'a Snapshot>,
    verdict: Summary<'a>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn none(published: &usize) -> bool {
    *published == 0
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.status.value().map(serde_json::from_str::<&RawValue>).transpose();
        let (check, kind) = match &self.status {
            Status::Refused(refusal) => (Some(refusal.check), Some(refusal.kind.as_str())),
            Status::Ok(_) | Status::Failed(_) | Status::Fault(_) | Status::Unrecorded => (None, None),
        };
        let error = self.status.code().zip(self.status.message());
        let out = OutcomeOut {
            id: self.id,
            status: self.status.as_str(),
            capability: self.capability.as_str(),
            plugin: self.plugin.as_ref().map(|plugin| PluginOut {
                name: plugin.name.as_str(),
                version: &plugin.version,
                blake3: plugin.blake3,
            }),
            effect: self.effect,
            value: value.map_err(serde::ser::Error::custom)?,
            error: error.map(|(code, message)| ErrorOut {
                check,
                kind,
                code,
                message,
                limit: self.status.limit(),
            }),
            usage: self.usage,
            published: self.published,
            flags: &self.flags,
            rehearsal: self.rehearsal.as_deref(),
            snapshot: self.snapshot.as_deref(),
            verdict: self.verdict.summary(),
        };
        out.serialize(serializer)
    }
}
