//! What the kernel needs from outside. Each port is one small trait; the composition root decides
//! who stands behind it.

mod machine;
mod policy;
mod runtime;
mod secrets;
mod snapshots;
mod stopped;
mod store;

pub use machine::{Machine, UnknownMachine};
pub use policy::{Arguments, NoRules, Policy, Question, Ruling, Stance};
pub use runtime::{Component, Described, Health, Hook, HookReport, LoadError, Runtime};
pub use secrets::{NoSecrets, PIECE_MAX, Pieces, Scrubbing, Secrets, SecretsError};
pub use snapshots::{CopiesError, FolderCopies, NoSnapshots, NotTaken, Snapshots, Withheld};
pub use stopped::{Stopped, Warned};
pub use store::{KvError, KvStore, KvUsed, StoreFull};

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::event::{DeliveryId, Posted, Published};
use crate::facts::{
    Approval, Binding, Budget, Capability, Drift, Effect, Integrity, Money, Objections, OverBudget, Plugin,
    Posture, Use, Warnings,
};
use crate::flow::{Outcome, Permit};
use crate::gate::Verdict;
use crate::name::{Blake3, CapabilityId, InvocationId, PluginName};
use crate::report::{KvWrite, Report, Usage};
use crate::request::{Caller, Request};
use crate::verify::Flag;

/// Runs guests.
pub trait Engine: Send + Sync {
    /// Spends one permit on one call. Never panics by intention; if it does, the kernel reports a
    /// fault.
    fn call(&self, permit: Permit) -> BoxFuture<'_, Report>;
}

/// The way back in for a guest that calls another capability, and for every door.
pub trait Invoke: Send + Sync {
    /// From a request to its outcome.
    fn invoke(&self, request: Request) -> BoxFuture<'static, Outcome>;
}

/// Knows which plugin offers what.
pub trait Catalog: Send + Sync {
    /// Finds the provider for a request, from memory.
    fn resolve<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Resolution>;

    /// The yes somebody said to the very call this question is about and nobody used: to a held one, or for one that
    /// this rule forbids. A catalogue as it comes knows of none.
    fn answer<'a>(
        &'a self,
        _asked: &'a Binding,
        _forbidden_by: Option<&'a str>,
    ) -> BoxFuture<'a, Option<InvocationId>> {
        Box::pin(std::future::ready(None))
    }

    /// The enabled skeptics, from memory. A catalogue without any is as it comes.
    fn skeptics(&self) -> Arc<[PluginName]> {
        Arc::new([])
    }

    /// What became of the objections of the skeptic with this component, from memory. Nothing is known in a
    /// catalogue as it comes.
    fn objections(&self, _skeptic: &Blake3) -> Option<Objections> {
        None
    }
}

/// Who can answer a request.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// The answer in one word and its data.
    pub provision: Provision,
    /// All enabled providers, best first, when there was a choice; else empty.
    pub ranking: Vec<Ranked>,
    /// The other enabled providers, when there was a choice.
    pub others: Vec<Route>,
    /// The approval the request names, if there is such a one.
    pub approval: Option<Approval>,
    /// How freely the host works, where that is not the usual.
    pub posture: Option<Arc<Posture>>,
    /// What was called well in the request's task before, in order, where that matters.
    pub done: Option<Vec<CapabilityId>>,
    /// The budgets the request would be charged to, where its capability costs something.
    pub budgets: Vec<Budget>,
    /// What the guard warned of lately, where that is remembered.
    pub warnings: Option<Arc<Warnings>>,
}

impl Resolution {
    /// One answer and no choice.
    #[must_use]
    pub fn only(provision: Provision) -> Self {
        Self {
            provision,
            ranking: Vec::new(),
            others: Vec::new(),
            approval: None,
            posture: None,
            done: None,
            budgets: Vec::new(),
            warnings: None,
        }
    }
}

/// One provider in the order they would be asked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Ranked {
    /// The plugin.
    pub plugin: PluginName,
    /// Its active version.
    pub version: semver::Version,
    /// What decided its place.
    pub reason: String,
}

/// Whether there is a provider.
#[derive(Debug, Clone)]
pub enum Provision {
    /// No registered plugin has a capability of this name. `near` names similar ones, best first.
    Unknown {
        /// Names that look alike.
        near: Vec<CapabilityId>,
    },
    /// The caller insists on a plugin that is not registered.
    NoSuchPlugin,
    /// The caller insists on a plugin that has no such capability.
    NotExported,
    /// All providers are disabled.
    Disabled {
        /// Who they are.
        plugins: Vec<PluginName>,
    },
    /// This one.
    Ready(Route),
}

/// The plugin and capability a request leads to.
#[derive(Debug, Clone)]
pub struct Route {
    /// The plugin's active version.
    pub plugin: Arc<Plugin>,
    /// The capability.
    pub capability: Arc<Capability>,
    /// Whether its bytes are the registered ones.
    pub integrity: Integrity,
    /// What it last said of its health in this process.
    pub health: Option<Health>,
    /// What is otherwise around it than when it last worked, where anything is.
    pub drift: Option<Arc<Drift>>,
}

/// Keeps the record of every invocation.
///
/// How durable a write is follows the effect class. For [`Effect::changes`] both writes return
/// only once they are on disk. For the rest `close` returns once the record survives a killed
/// process.
pub trait Journal: Send + Sync {
    /// Whether records can be kept now. Asked before anything else is done for a request.
    ///
    /// # Errors
    /// When they cannot.
    fn ready(&self) -> Result<(), JournalError>;

    /// Records that a call which may change something, costs something or was approved is about to run,
    /// uses its approval up and reserves what it may cost, all in one transaction.
    ///
    /// # Errors
    /// With [`ApprovalGone`] as its source the approval was used or taken back meanwhile; with
    /// [`OverBudget`] other calls reserved what was left of a budget.
    fn begin<'a>(&'a self, opening: &'a Opening, begun: Begun<'a>)
    -> BoxFuture<'a, Result<(), JournalError>>;

    /// Records how a call ended and keeps its writes and its events, all in one transaction.
    ///
    /// # Errors
    /// With [`StoreFull`] as its source nothing was recorded, and the call may be closed in another
    /// way; with any other, no record can be kept.
    fn close<'a>(
        &'a self,
        opening: &'a Opening,
        closing: Closing<'a>,
    ) -> BoxFuture<'a, Result<(), JournalError>>;

    /// A call of this plugin went well. Does not wait for anything. A journal that keeps nothing of it has nothing
    /// to compare with later.
    fn worked(&self, _plugin: &Plugin) {}

    /// A delivery that [`Journal::close`] kept and that still waits. The kernel takes nobody
    /// else's word for who published what. A journal that keeps no events has none that waits.
    fn posted(&self, _delivery: DeliveryId) -> BoxFuture<'_, Result<Option<Posted>, JournalError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// Knows how full the queue of events is.
pub trait Outbox: Send + Sync {
    /// How many deliveries of this plugin's events wait.
    fn waiting<'a>(&'a self, publisher: &'a PluginName) -> BoxFuture<'a, Result<u64, JournalError>>;
}

/// The journal cannot keep a record. Details are the source.
#[derive(Debug, thiserror::Error)]
#[error("the journal cannot be written")]
pub struct JournalError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The approval a call was to be made with is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the approval {0} was used or taken back meanwhile; each is for one call")]
pub struct ApprovalGone(pub InvocationId);

impl JournalError {
    /// The approval that is gone, where that is all that is wrong.
    #[must_use]
    pub fn approval_gone(&self) -> Option<&ApprovalGone> {
        self.0.downcast_ref()
    }

    /// The budget with too little left, where that is all that is wrong.
    #[must_use]
    pub fn over_budget(&self) -> Option<&OverBudget> {
        self.0.downcast_ref()
    }

    /// The store that has no room for a call's writes, where that is all that is wrong.
    #[must_use]
    pub fn store_full(&self) -> Option<&StoreFull> {
        self.0.downcast_ref()
    }
}

/// What is known of an invocation when it comes in.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Its id.
    pub id: InvocationId,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Who asked.
    pub caller: Caller,
    /// For what.
    pub capability: CapabilityId,
    /// The invocation it was made from.
    pub parent: Option<InvocationId>,
    /// How many plugins stand between.
    pub depth: u32,
    /// The task it counts under.
    pub task: Option<String>,
    /// Hash of the input's text.
    pub input_blake3: Blake3,
    /// Length of the input's text.
    pub input_bytes: u64,
    /// Whether it is a rehearsal. Nothing it would change is kept, and its record goes where those of
    /// calls that change something go.
    pub rehearsal: bool,
}

/// Which plugin is about to run.
#[derive(Debug, Clone, Copy)]
pub struct Begun<'a> {
    /// The plugin.
    pub plugin: &'a Plugin,
    /// What the call may do.
    pub effect: Effect,
    /// The approval it is made with; it is used up in the same transaction.
    pub approval: Option<InvocationId>,
    /// The most it may cost, and who made the first call of its chain, to whom that is charged; nothing
    /// where it costs nothing.
    pub charge: Option<(Money, &'a Caller)>,
    /// What the guard warned of, where that counts.
    pub warned: Option<&'a Warned>,
}

/// How an invocation ended.
#[derive(Debug)]
pub struct Closing<'a> {
    /// `ok`, `failed`, `refused` or `fault`.
    pub status: &'static str,
    /// The code of the refusal, failure or fault.
    pub code: Option<&'a str>,
    /// Its message.
    pub message: Option<&'a str>,
    /// Who ran, if the gate got that far.
    pub plugin: Option<&'a Plugin>,
    /// What the call could do.
    pub effect: Option<Effect>,
    /// Whether [`Journal::begin`] recorded the opening already.
    pub begun: bool,
    /// What was used.
    pub usage: Usage,
    /// Hash and length of the answer's text.
    pub output: Option<(Blake3, u64)>,
    /// The gate's verdict.
    pub verdict: &'a Verdict,
    /// What the call came to, where its capability costs something and its guest was started.
    pub cost: Option<Money>,
    /// When it ended, in milliseconds since the Unix epoch.
    pub ended_ms: u64,
    /// Changes to keep; empty unless the status is `ok`.
    pub writes: &'a [KvWrite],
    /// Events to keep for their subscribers; nothing unless the status is `ok`.
    pub published: Option<&'a Published>,
    /// What the call adds to the record of its capability; nothing when no guest ran.
    pub used: Option<Use>,
    /// What of the answer could harm whoever reads it.
    pub flags: &'a [Flag],
    /// What a person is asked, if the call is held for one.
    pub held: Option<&'a Held>,
    /// The rule of the operator's that held or refused it, if one did.
    pub stopped: Option<&'a Stopped>,
    /// What the guard warned of in a call that did not run, where that counts.
    pub warned: Option<&'a Warned>,
}

/// A question to a person, kept under the id of the invocation that is held for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What a yes would be bound to.
    pub binding: Binding,
    /// The arguments in their canonical form. Whoever shows them escapes, cuts and scrubs them.
    pub arguments: String,
    /// Why it is asked.
    pub reason: String,
    /// Whether its task is paused until a person lets it go on.
    pub pauses: bool,
}

/// Tells the time of day. Durations are measured with [`std::time::Instant`], never with this.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;

    /// Time since the Unix epoch, as fine as this clock tells it.
    fn now(&self) -> Duration {
        Duration::from_millis(self.now_ms())
    }
}
