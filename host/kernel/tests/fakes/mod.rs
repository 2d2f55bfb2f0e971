//! A small world for the kernel: a catalogue of made-up capabilities, an engine that plays their
//! guests, a journal that remembers and can be broken.

mod folders;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ares_kernel::facts::{
    About, Access, Approval, ApprovalState, Binding, Capability, Effect, Folder, Grants, HealthPolicy, Hooks,
    Integrity, Limits, Plugin, Priority, Schema, Scope, Target,
};
use ares_kernel::facts::{
    Budget, Cost, Extent, Lockout, Mode, Money, OverBudget, Posture, Rate, Sequencing, Spot, Warnings,
};
use ares_kernel::gate::{Breaker, Settings, Weights};
use ares_kernel::ports::{
    ApprovalGone, Begun, Catalog, Clock, Closing, Engine, Health, Held, Journal, JournalError, Machine,
    NoRules, Opening, PIECE_MAX, Pieces, Policy, Provision, Question, Resolution, Route, Ruling, Scrubbing,
    Secrets, SecretsError, Stance, Stopped, StoreFull, Warned,
};
use ares_kernel::rehearsal::{Intent, Tried};
use ares_kernel::{
    Blake3, Caller, CapabilityId, DeliveryId, Event, EventId, Fault, FaultKind, InvocationId, Kernel,
    KvWrite, Outcome, Permit, PluginName, Ports, Posted, Published, Report, Request, SecretName, SecretValue,
    Topic, Usage,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

mod routes;
use routes::routes;

/// The world and what happened in it.
pub(crate) struct World {
    kernel: Kernel,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    started: AtomicUsize,
    longest: Mutex<Duration>,
    records: Mutex<Vec<String>>,
    parents: Mutex<Vec<Option<InvocationId>>>,
    kept: AtomicUsize,
    published: Mutex<Vec<Published>>,
    posted: Mutex<Option<Posted>>,
    inputs: Mutex<Vec<(Caller, String)>>,
    may_publish: Mutex<Vec<usize>>,
    broken: Mutex<Option<&'static str>>,
    held: Mutex<Vec<Held>>,
    approvals: Mutex<Vec<Approval>>,
    posture: Mutex<Option<Arc<Posture>>>,
    done: Mutex<Option<Vec<CapabilityId>>>,
    budgets: Mutex<Vec<Budget>>,
    memory: Mutex<Option<u64>>,
    extent: Mutex<Option<Extent>>,
    unwell: Mutex<Option<Health>>,
    skeptics: Mutex<Vec<PluginName>>,
    later_ms: AtomicU64,
    ruling: Mutex<Option<Ruling>>,
    stopped: Mutex<Vec<Stopped>>,
    warnings: Arc<Warnings>,
    warned: Mutex<Vec<Warned>>,
    spent: Mutex<Vec<Money>>,
    routes: Vec<Route>,
}

/// A gate that trusts what it does not know: for tests of everything around its judgement.
pub(crate) fn trusting() -> Settings {
    let weights = Weights { base: 9000, ..Weights::default() };
    let breaker = Breaker { faults: u32::MAX, ..Breaker::default() };
    Settings { weights, ask_untried: false, breaker, ..Settings::default() }
}

/// How long a snapshot takes where it is `slow`.
pub(crate) const SLOW_SNAPSHOT: Duration = Duration::from_millis(300);

/// What the clock of this world says.
pub(crate) const NOW_MS: u64 = 1_700_000_000_000;

/// A request of a person.
pub(crate) fn human(capability: &str, input: &str) -> Request {
    Request::new(Caller::Human("tester".into()), capability.parse().unwrap(), input)
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(trusting())
    }

    /// With a gate of these settings.
    pub(crate) fn with(settings: Settings) -> Self {
        let state = Arc::new(State { routes: routes(), ..State::default() });
        let ports = Ports {
            journal: state.clone(),
            clock: state.clone(),
            catalog: state.clone(),
            policy: state.clone(),
            engine: state.clone(),
            secrets: state.clone(),
            machine: state.clone(),
        };
        let kernel = Kernel::with_snapshots(ports, settings, state.clone());
        Self { kernel, state }
    }

    pub(crate) fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    pub(crate) async fn invoke(&self, capability: &str, input: &str) -> Outcome {
        self.kernel.invoke(human(capability, input)).await
    }

    pub(crate) fn guests_started(&self) -> usize {
        self.state.started.load(Ordering::SeqCst)
    }

    pub(crate) fn longest_deadline(&self) -> Duration {
        *self.state.longest.lock().unwrap()
    }

    pub(crate) fn records(&self) -> Vec<String> {
        self.state.records.lock().unwrap().clone()
    }

    pub(crate) fn parents(&self) -> Vec<Option<InvocationId>> {
        self.state.parents.lock().unwrap().clone()
    }

    pub(crate) fn kept(&self) -> usize {
        self.state.kept.load(Ordering::SeqCst)
    }

    /// What was published since the last time.
    pub(crate) fn published(&self) -> Vec<Published> {
        std::mem::take(&mut *self.state.published.lock().unwrap())
    }

    /// The callers and inputs of all guests.
    pub(crate) fn inputs(&self) -> Vec<(Caller, String)> {
        self.state.inputs.lock().unwrap().clone()
    }

    /// How many events each guest could publish.
    pub(crate) fn may_publish(&self) -> Vec<usize> {
        self.state.may_publish.lock().unwrap().clone()
    }

    /// Delivers the first event of a call to a capability of a plugin.
    pub(crate) async fn deliver(
        &self,
        published: &Published,
        to: (&str, &str),
        change: impl FnOnce(&mut Posted),
    ) -> Outcome {
        let mut posted = Posted {
            lineage: published.lineage.clone(),
            granted: true,
            event: published.events.first().unwrap().clone(),
            at_ms: 7,
            subscriber: to.0.parse().unwrap(),
            capability: to.1.parse().unwrap(),
        };
        change(&mut posted);
        *self.state.posted.lock().unwrap() = Some(posted);
        self.kernel.deliver(DeliveryId(1)).await.unwrap().unwrap()
    }

    /// The questions to a person so far.
    pub(crate) fn held(&self) -> Vec<Held> {
        self.state.held.lock().unwrap().clone()
    }

    /// How freely this world works from now on.
    pub(crate) fn posture(&self, mode: Mode, lockout: Option<Lockout>) {
        *self.state.posture.lock().unwrap() = Some(Arc::new(Posture { mode, lockout, ..Posture::default() }));
    }

    /// What was called in the task before.
    pub(crate) fn done(&self, done: Option<&[&str]>) {
        let done = done.map(|done| done.iter().map(|id| id.parse().unwrap()).collect());
        *self.state.done.lock().unwrap() = done;
    }

    /// Which budgets there are, as most and spent.
    pub(crate) fn budgets(&self, budgets: &[(&str, &str)]) {
        let budget = |(most, spent): &(&str, &str)| Budget {
            name: "b".to_owned(),
            most: most.parse().unwrap(),
            spent: spent.parse().unwrap(),
            reserved: Money::NONE,
            span: "day".to_owned(),
        };
        *self.state.budgets.lock().unwrap() = budgets.iter().map(budget).collect();
    }

    /// How much lies wherever it looks.
    pub(crate) fn extent(&self, objects: u64, whole: bool) {
        *self.state.extent.lock().unwrap() = Some(Extent { objects, bytes: 7, whole });
    }

    /// How much memory the machine has left.
    pub(crate) fn memory(&self, bytes: Option<u64>) {
        *self.state.memory.lock().unwrap() = bytes;
    }

    /// How its plugins say they fare.
    pub(crate) fn fares(&self, health: Health) {
        *self.state.unwell.lock().unwrap() = Some(health);
    }

    /// Makes `doubter` a skeptic: it says what the arguments it is told of tell it to say.
    pub(crate) fn doubt(&self) {
        self.state.skeptics.lock().unwrap().push("doubter".parse().unwrap());
    }

    /// Lets time pass.
    pub(crate) fn later(&self, ms: u64) {
        self.state.later_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Says yes to one.
    pub(crate) fn approve(&self, id: InvocationId, held: &Held) {
        let (binding, state) = (held.binding.clone(), ApprovalState::Approved);
        let approval = Approval { id, binding, state, expires_ms: NOW_MS + 100_000, overrides: None };
        self.state.approvals.lock().unwrap().push(approval);
    }

    /// Says yes to one against the rule that forbids it.
    pub(crate) fn override_rule(&self, id: InvocationId, held: &Held, rule: &str) {
        self.approve(id, held);
        let mut approvals = self.state.approvals.lock().unwrap();
        approvals.last_mut().unwrap().overrides = Some(rule.to_owned());
    }

    /// What the rules say of whoever knows the arguments; before, they are silent.
    pub(crate) fn rules(&self, stance: Stance, rule: &'static str, firm: bool) {
        let (rule, reason) = (Some(Cow::Borrowed(rule)), Cow::Borrowed("so it is"));
        *self.state.ruling.lock().unwrap() = Some(Ruling { stance, rule, reason, revision: 1, firm });
    }

    /// What the guard warned of so far.
    pub(crate) fn warned(&self) -> Vec<Warned> {
        self.state.warned.lock().unwrap().clone()
    }

    /// What calls came to so far.
    pub(crate) fn spent(&self) -> Vec<Money> {
        self.state.spent.lock().unwrap().clone()
    }

    /// What rules stopped so far.
    pub(crate) fn stopped(&self) -> Vec<Stopped> {
        self.state.stopped.lock().unwrap().clone()
    }

    pub(crate) fn break_journal(&self, at: &'static str) {
        *self.state.broken.lock().unwrap() = Some(at);
    }

    pub(crate) fn capability(&self, id: &str) -> Arc<Capability> {
        self.state.find(id).unwrap().capability
    }

    pub(crate) fn integrity(&self, id: &str) -> Integrity {
        self.state.find(id).unwrap().integrity
    }
}

impl State {
    fn find(&self, id: &str) -> Option<Route> {
        self.routes.iter().find(|route| route.capability.id.as_str() == id).cloned()
    }

    fn journal(&self, at: &str) -> Result<(), JournalError> {
        match *self.broken.lock().unwrap() {
            Some(broken) if broken == at => Err(JournalError("no space".into())),
            _ => Ok(()),
        }
    }
}

impl Clock for State {
    fn now_ms(&self) -> u64 {
        NOW_MS + self.later_ms.load(Ordering::SeqCst)
    }
}

impl Policy for State {
    fn rule(&self, question: &Question<'_>) -> Ruling {
        let ruling = self.ruling.lock().unwrap().clone();
        ruling.filter(|_| question.arguments.is_some()).unwrap_or_else(|| NoRules.rule(question))
    }

    /// These rules are easily led: they permit whatever somebody overrode.
    fn rule_overridden(&self, question: &Question<'_>, _: &str) -> Ruling {
        NoRules.rule(question)
    }
}

/// The one secret of this world, `FAKE`.
pub(crate) const FAKE: &str = "1234567890";

impl Secrets for State {
    fn value<'a>(&'a self, _: &'a SecretName) -> BoxFuture<'a, Result<Option<SecretValue>, SecretsError>> {
        async { Ok(None) }.boxed()
    }

    fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if text.contains(FAKE) { text.replace(FAKE, "{{FAKE}}").into() } else { text.into() }
    }

    fn pieces(&self, said: &[&str]) -> Option<Box<dyn Pieces>> {
        said.iter().any(|text| text.contains(FAKE)).then(|| Box::new(PiecesOfFake) as Box<dyn Pieces>)
    }

    fn stream(&self, _: &[SecretName]) -> Option<Box<dyn Scrubbing>> {
        None
    }

    fn scrub_cut<'a>(&self, bytes: &'a [u8]) -> std::borrow::Cow<'a, [u8]> {
        bytes.into()
    }
}

struct PiecesOfFake;

impl Pieces for PiecesOfFake {
    fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = text.to_owned();
        for length in (PIECE_MAX + 1..=FAKE.len()).rev() {
            for at in 0..=FAKE.len() - length {
                text = text.replace(&FAKE[at..at + length], "{{FAKE}}");
            }
        }
        text.into()
    }
}

impl Machine for State {
    fn memory_available(&self) -> Option<u64> {
        *self.memory.lock().unwrap()
    }

    fn extent(&self, _: Vec<Spot>) -> BoxFuture<'_, Option<Extent>> {
        let extent = *self.extent.lock().unwrap();
        async move { extent }.boxed()
    }
}

impl Catalog for State {
    fn resolve<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Resolution> {
        let pin = request.provider.as_ref();
        let known = |name| self.routes.iter().any(|route| &route.plugin.name == name);
        let provision = match self.find(request.capability.as_str()) {
            _ if pin.is_some_and(|name| !known(name)) => Provision::NoSuchPlugin,
            Some(route) if pin.is_some_and(|name| &route.plugin.name != name) => Provision::NotExported,
            Some(route) if !route.plugin.enabled => {
                Provision::Disabled { plugins: vec![route.plugin.name.clone()] }
            }
            Some(route) => Provision::Ready(Route { health: *self.unwell.lock().unwrap(), ..route }),
            None => Provision::Unknown { near: Vec::new() },
        };
        let approvals = self.approvals.lock().unwrap();
        let approval = approvals.iter().find(|known| Some(known.id) == request.approval).cloned();
        let (posture, done) = (self.posture.lock().unwrap().clone(), self.done.lock().unwrap().clone());
        let budgets = self.budgets.lock().unwrap().clone();
        let warnings = Some(Arc::clone(&self.warnings));
        let resolution =
            Resolution { approval, posture, done, budgets, warnings, ..Resolution::only(provision) };
        async move { resolution }.boxed()
    }

    fn answer<'a>(
        &'a self,
        asked: &'a Binding,
        forbidden_by: Option<&'a str>,
    ) -> BoxFuture<'a, Option<InvocationId>> {
        let approvals = self.approvals.lock().unwrap();
        let fits = |known: &&Approval| {
            known.binding == *asked
                && forbidden_by.is_none_or(|rule| known.overrides.as_deref() == Some(rule))
        };
        let found = approvals.iter().find(fits).map(|known| known.id);
        async move { found }.boxed()
    }

    fn skeptics(&self) -> Arc<[PluginName]> {
        self.skeptics.lock().unwrap().as_slice().into()
    }
}

impl Journal for State {
    fn ready(&self) -> Result<(), JournalError> {
        self.journal("ready")
    }

    fn begin<'a>(
        &'a self,
        opening: &'a Opening,
        begun: Begun<'a>,
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        if let Some(id) = begun.approval
            && *self.broken.lock().unwrap() == Some("approval")
        {
            return async move { Err(JournalError(ApprovalGone(id).into())) }.boxed();
        }
        let budget = self.budgets.lock().unwrap().first().cloned();
        if let (Some((cost, _)), Some(budget)) = (begun.charge, budget)
            && *self.broken.lock().unwrap() == Some("budget")
        {
            return async move { Err(JournalError(OverBudget { cost, budget }.into())) }.boxed();
        }
        self.warned.lock().unwrap().extend(begun.warned.cloned());
        self.records.lock().unwrap().push(format!("begin {}", opening.capability));
        async { self.journal("begin") }.boxed()
    }

    fn close<'a>(
        &'a self,
        opening: &'a Opening,
        closing: Closing<'a>,
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        self.records.lock().unwrap().push(format!("close {} {}", closing.status, opening.capability));
        self.parents.lock().unwrap().push(opening.parent);
        self.held.lock().unwrap().extend(closing.held.cloned());
        self.stopped.lock().unwrap().extend(closing.stopped.cloned());
        self.warned.lock().unwrap().extend(closing.warned.cloned());
        self.spent.lock().unwrap().extend(closing.cost);
        if *self.broken.lock().unwrap() == Some("store") && !closing.writes.is_empty() {
            let plugin = closing.plugin.unwrap().name.clone();
            let full = StoreFull { plugin, limit: "kv_total_bytes", would: 2, most: 1 };
            return async { Err(JournalError(full.into())) }.boxed();
        }
        self.kept.fetch_add(closing.writes.len(), Ordering::SeqCst);
        self.published.lock().unwrap().extend(closing.published.cloned());
        async { self.journal("close") }.boxed()
    }

    fn posted(&self, _: DeliveryId) -> BoxFuture<'_, Result<Option<Posted>, JournalError>> {
        let posted = self.posted.lock().unwrap().take();
        async { Ok(posted) }.boxed()
    }
}

impl Engine for State {
    fn call(&self, permit: Permit) -> BoxFuture<'_, Report> {
        self.started.fetch_add(1, Ordering::SeqCst);
        let left = permit.deadline().saturating_duration_since(Instant::now());
        let mut longest = self.longest.lock().unwrap();
        *longest = left.max(*longest);
        drop(longest);
        self.may_publish.lock().unwrap().push(permit.events_max());
        let request = permit.request();
        self.inputs.lock().unwrap().push((request.caller.clone(), request.input.clone()));
        async move {
            if permit.capability().id.as_str() == "traps" {
                return Report::fault(FaultKind::Trap, "unreachable");
            }
            if let Some(fault) = time_over(&permit) {
                return Report::of(fault);
            }
            let text = guest(&permit).await;
            let tried = tried(&permit);
            let write = KvWrite { key: "k".into(), value: Some(b"v".to_vec()) };
            let writes = if permit.effect().changes() { vec![write] } else { Vec::new() };
            let told = permit.grants().publish().iter().map(|topic| Event {
                id: EventId::new(),
                topic: topic.clone(),
                payload: r#"{"n":1}"#.into(),
            });
            Report { result: Ok(text), usage: Usage::default(), writes, events: told.collect(), tried }
        }
        .boxed()
    }
}

/// What the arguments have come of its time: over in the middle, or before it began.
fn time_over(permit: &Permit) -> Option<Fault> {
    match permit.arguments().get("ends").and_then(Value::as_str)? {
        "in the middle" => Some(Fault::over(FaultKind::Deadline, "it took longer", permit.time_limit())),
        "before it began" => Some(Fault::too_late("it was still starting", Some(permit.time_limit()))),
        _ => None,
    }
}

/// What the arguments have a rehearsed guest do beside its answer.
fn tried(permit: &Permit) -> Tried {
    let does = permit.arguments().get("does").and_then(Value::as_str).unwrap_or_default();
    let mut tried = Tried::default();
    match does {
        _ if !permit.is_rehearsal() => {}
        "what it may not" => tried.undeclared.push(format!("open: \"/etc\" {FAKE} is not granted")),
        "a request" => tried.intents.push(Intent::Request {
            method: "POST".into(),
            origin: "https://example.com".into(),
            bytes: 9,
        }),
        _ => {}
    }
    tried
}

async fn guest(permit: &Permit) -> String {
    let id = permit.capability().id.as_str();
    match id {
        "says-nonsense" => "{".into(),
        "file" if permit.arguments().get("say") == Some(&json!("nonsense")) => "{".into(),
        "says-other" => "{}".into(),
        "says-a-secret" => format!(r#"{{"much":{FAKE}}}"#),
        "says-much" => json!({"much": "x".repeat(200)}).to_string(),
        "review" => {
            let told = permit.arguments()["arguments"].as_str().unwrap();
            let said: Value = serde_json::from_str(told).unwrap();
            if said.get("say") == Some(&json!("call")) {
                relay(permit, "echo", &json!({"text": "x"})).await;
                return "{}".into();
            }
            said.get("say").and_then(Value::as_str).unwrap_or("{}").to_owned()
        }
        "breaks" => panic!("an engine must not, but this one does"),
        "relay" | "move" => {
            let to = permit.arguments()["to"].as_array().unwrap();
            let (first, rest) = to.split_first().unwrap();
            let input = if rest.is_empty() { json!({"text": "x"}) } else { json!({"to": rest}) };
            relay(permit, first.as_str().unwrap(), &input).await
        }
        _ => match id.strip_prefix("nest-") {
            Some(n) => relay(permit, &format!("nest-{}", n.parse::<u32>().unwrap() + 1), &json!({})).await,
            None => permit.arguments().to_string(),
        },
    }
}

async fn relay(permit: &Permit, to: &str, input: &Value) -> String {
    let outcome = permit.reentry().invoke(to.parse().unwrap(), input.to_string()).await;
    serde_json::to_string(&outcome).unwrap()
}
