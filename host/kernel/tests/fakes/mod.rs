//! A small world for the kernel: a catalogue of made-up capabilities, an engine that plays their
//! guests, a journal that remembers and can be broken.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ares_kernel::facts::{
    About, Access, Approval, ApprovalState, Capability, Effect, Folder, Grants, HealthPolicy, Hooks,
    Integrity, Limits, Plugin, Priority, Schema, Scope, Target,
};
use ares_kernel::facts::{Budget, Cost, Lockout, Mode, Money, OverBudget, Posture, Rate, Sequencing};
use ares_kernel::gate::{Breaker, Settings, Weights};
use ares_kernel::ports::{
    ApprovalGone, Begun, Catalog, Clock, Closing, Engine, Health, Held, Journal, JournalError, Machine,
    NoRules, Opening, Provision, Resolution, Route, Scrubbing, Secrets, SecretsError, StoreFull,
};
use ares_kernel::rehearsal::{Intent, Tried};
use ares_kernel::{
    Blake3, Caller, CapabilityId, DeliveryId, Event, EventId, FaultKind, InvocationId, Kernel, KvWrite,
    Outcome, Permit, PluginName, Ports, Posted, Published, Report, Request, SecretName, SecretValue, Topic,
    Usage,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

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
    unwell: Mutex<Option<Health>>,
    skeptics: Mutex<Vec<PluginName>>,
    later_ms: AtomicU64,
    routes: Vec<Route>,
}

/// A gate that trusts what it does not know: for tests of everything around its judgement.
pub(crate) fn trusting() -> Settings {
    let weights = Weights { base: 9000, ..Weights::default() };
    let breaker = Breaker { faults: u32::MAX, ..Breaker::default() };
    Settings { weights, ask_untried: false, breaker, ..Settings::default() }
}

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
            policy: Arc::new(NoRules),
            engine: state.clone(),
            secrets: state.clone(),
            machine: state.clone(),
        };
        let kernel = Kernel::new(ports, settings);
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
        let approval = Approval { id, binding, state, expires_ms: NOW_MS + 1 };
        self.state.approvals.lock().unwrap().push(approval);
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

fn plugin(name: &str, enabled: bool, grants: &Arc<Grants>) -> Arc<Plugin> {
    Arc::new(Plugin {
        name: name.parse().unwrap(),
        display_name: name.into(),
        version: semver::Version::new(1, 0, 0),
        blake3: Blake3::of(name.as_bytes()),
        component: "/nowhere".into(),
        enabled,
        auto_start: false,
        singleton: false,
        cache_results: false,
        priority: Priority::Normal,
        hooks: Hooks::default(),
        health: HealthPolicy { interval: Duration::from_secs(30), timeout: Duration::from_secs(10) },
        grants: Arc::clone(grants),
        limits: Limits::default(),
        config: Arc::default(),
        misconfigured: None,
        claims: Vec::new(),
        rate: Arc::default(),
        capabilities: Vec::new(),
    })
}

fn capability(id: &str, effect: Effect, needs: &[Scope], input: &Value, grants: &Arc<Grants>) -> Capability {
    let open = json!({"type": "object", "additionalProperties": true});
    Capability {
        id: id.parse().unwrap(),
        description: id.into(),
        input: Schema::parse(&input.to_string()).unwrap(),
        output: Schema::parse(&open.to_string()).unwrap(),
        effect,
        idempotent: false,
        grants: Arc::new(grants.narrowed(needs, effect)),
        needs: needs.to_vec(),
        targets: Vec::new(),
        limits: Limits::default(),
        sequencing: None,
        cost: None,
        about: About { reversible: true, trade_offs: true, ..About::default() },
        track: Arc::default(),
        before: None,
    }
}

fn routes() -> Vec<Route> {
    let (name, quota) = ("target".parse().unwrap(), ares_kernel::facts::Quota::default());
    let folder = Folder { name, host: "/srv".into(), access: Access::Read, quota };
    let nest = |n: usize| format!("nest-{n}");
    let call: BTreeSet<_> = (0..12)
        .map(nest)
        .chain(["echo".into(), "relay".into(), "put".into()])
        .map(|id: String| id.parse().unwrap())
        .collect();
    let granted = Arc::new(Grants::new(false, call.clone(), vec![folder]));
    let store = Arc::new(Grants::new(true, BTreeSet::new(), Vec::new()));
    let demo = plugin("demo", true, &granted);
    let keeper = plugin("keeper", true, &store);
    let calls: Vec<Scope> = call.into_iter().map(Scope::Call).collect();
    let open = json!({"type": "object", "additionalProperties": true});
    let text = json!({"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]});
    let path = json!({"type": "object", "properties": {"path": {"type": "string"}}});

    let route = |plugin: &Arc<Plugin>, capability: Capability| Route {
        plugin: Arc::clone(plugin),
        capability: Arc::new(capability),
        integrity: Integrity::Intact,
        health: None,
        drift: None,
    };
    let fs = [Scope::Folder("target".parse().unwrap())];
    let mut scan = capability("scan", Effect::Read, &fs, &path, &granted);
    scan.targets = vec![Target { argument: "path".into(), within: "fs:target".parse().unwrap() }];
    let mut much = capability("says-much", Effect::Write, &[], &open, &granted);
    much.limits.output_bytes = 100;
    let mut other = capability("says-other", Effect::Write, &[], &open, &granted);
    other.output = Schema::parse(&text.to_string()).unwrap();
    let mut tampered = route(&demo, capability("tampered", Effect::Pure, &[], &open, &granted));
    tampered.integrity = Integrity::Changed("its bytes differ".into());

    let mut all = vec![
        route(&demo, capability("echo", Effect::Pure, &[], &text, &granted)),
        route(&demo, scan),
        route(&demo, capability("says-a-secret", Effect::Pure, &[], &open, &granted)),
        route(&demo, capability("greedy", Effect::Write, &[Scope::Kv], &open, &granted)),
        route(&demo, capability("relay", Effect::Read, &calls, &open, &granted)),
        route(&demo, capability("move", Effect::Write, &calls, &open, &granted)),
        route(&demo, capability("says-nonsense", Effect::Write, &[], &open, &granted)),
        route(&demo, much),
        route(&demo, other),
        route(&limited(&granted), capability("seldom", Effect::Pure, &[], &open, &granted)),
        route(&demo, last(&open, &granted)),
        route(&demo, costly(&open, &granted)),
        route(
            &plugin("doubter", true, &granted),
            capability("review", Effect::Read, &calls, &open, &granted),
        ),
        route(&demo, capability("traps", Effect::Pure, &[], &open, &granted)),
        route(&demo, capability("breaks", Effect::Pure, &[], &open, &granted)),
        route(&keeper, capability("put", Effect::Write, &[Scope::Kv], &open, &store)),
        route(&plugin("asleep", false, &granted), capability("sleeping", Effect::Pure, &[], &open, &granted)),
        route(&plugin("idle", true, &granted), capability("idling", Effect::Pure, &[], &open, &granted)),
        tampered,
    ];
    let alone = Plugin { singleton: true, ..Arc::into_inner(plugin("alone", true, &store)).unwrap() };
    let alone = Arc::new(alone);
    all.push(route(&alone, capability("remember", Effect::Write, &[], &open, &store)));
    all.push(route(&alone, capability("recall", Effect::Read, &[], &open, &store)));
    all.extend(events(&open));
    all.extend((0..12).map(|n| route(&demo, capability(&nest(n), Effect::Read, &calls, &open, &granted))));
    all
}

/// A plugin that may be called twice in a minute.
fn limited(granted: &Arc<Grants>) -> Arc<Plugin> {
    let mut plugin = Arc::into_inner(plugin("limited", true, granted)).unwrap();
    plugin.rate = Arc::new(Rate::new(Some(2), None));
    Arc::new(plugin)
}

/// What costs 0.30 a call.
fn costly(open: &Value, granted: &Arc<Grants>) -> Capability {
    let cost = Cost { call: "0.30".parse().unwrap(), request: Money::NONE };
    Capability { cost: Some(cost), ..capability("costly", Effect::Pure, &[], open, granted) }
}

/// What comes after `echo`, right after `scan`, and never with `idling`.
fn last(open: &Value, granted: &Arc<Grants>) -> Capability {
    let ids = |id: &str| vec![id.parse().unwrap()];
    let sequencing =
        Sequencing { requires: ids("echo"), conflicts_with: ids("idling"), must_follow: ids("scan") };
    Capability { sequencing: Some(sequencing), ..capability("last", Effect::Pure, &[], open, granted) }
}

fn topic(text: &str) -> Topic {
    text.parse().unwrap()
}

/// `teller` tells `news.made` and listens to `news.heard`; `listener` the other way round; `eraser`
/// may do more than either.
fn events(open: &Value) -> Vec<Route> {
    let route = |name: &str, id: &str, effect, publish: &[&str], subscribe: &str, output: &Value| {
        let capability_id: ares_kernel::CapabilityId = id.parse().unwrap();
        let publish: BTreeSet<Topic> = publish.iter().map(|text| topic(text)).collect();
        let needs: Vec<Scope> = publish.iter().cloned().map(Scope::Publish).collect();
        let listens = BTreeMap::from([(topic(subscribe), capability_id)]);
        let granted = Arc::new(Grants::none().with_topics(publish, listens));
        let mut capability = capability(id, effect, &needs, open, &granted);
        capability.output = Schema::parse(&output.to_string()).unwrap();
        let plugin = plugin(name, true, &granted);
        Route {
            plugin,
            capability: Arc::new(capability),
            integrity: Integrity::Intact,
            health: None,
            drift: None,
        }
    };
    let impossible = json!({"type": "array"});
    vec![
        route("teller", "tell", Effect::Write, &["news.made"], "news.heard", open),
        route("listener", "hear", Effect::Write, &["news.heard"], "news.made", open),
        route("eraser", "erase", Effect::Destructive, &[], "news.made", open),
        route("reader", "look", Effect::Read, &["news.made"], "news.made", open),
        route("liar", "lie", Effect::Write, &["news.made"], "news.made", &impossible),
    ]
}

impl Clock for State {
    fn now_ms(&self) -> u64 {
        NOW_MS + self.later_ms.load(Ordering::SeqCst)
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

    fn stream(&self, _: &[SecretName]) -> Option<Box<dyn Scrubbing>> {
        None
    }

    fn scrub_cut<'a>(&self, bytes: &'a [u8]) -> std::borrow::Cow<'a, [u8]> {
        bytes.into()
    }
}

impl Machine for State {
    fn memory_available(&self) -> Option<u64> {
        *self.memory.lock().unwrap()
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
        let resolution = Resolution { approval, posture, done, budgets, ..Resolution::only(provision) };
        async move { resolution }.boxed()
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
