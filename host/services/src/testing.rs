//! Ports without a machine behind them, for the tests of this crate.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ares_kernel::facts::{
    About, Capability, Effect, Folder, Grants, HealthPolicy, Hooks, Integrity, Limits, Plugin, Priority,
    Schema,
};
use ares_kernel::gate::{Breaker, Settings, Weights};
use ares_kernel::ports::{
    Begun, Catalog, Clock, Closing, Component, CopiesError, Described, Engine, FolderCopies, Health, Hook,
    HookReport, Journal, JournalError, LoadError, NotTaken, Opening, Provision, Resolution, Route, Runtime,
};
use ares_kernel::rehearsal::Tried;
use ares_kernel::snapshot::{PutBack, Taken};
use ares_kernel::{
    Blake3, Caller, Ended, Failure, FaultKind, InvocationId, Kernel, KvWrite, Permit, PluginName, Ports,
    Report, Request, Usage,
};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::operation::Problem;
use crate::records::{Events, Notice, Records, RecordsError, Turn};
use crate::rules::{RuleBook, RuleWish};
use crate::snapshots::SnapshotKeeping;

/// How a call of [`FakeEngine`] ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ends {
    Ok,
    Trap,
    OutOfFuel,
    Failed,
}

/// An engine whose calls end as told, and well once nothing is left.
#[derive(Default)]
pub(crate) struct FakeEngine {
    ends: Mutex<VecDeque<Ends>>,
    calls: AtomicUsize,
}

impl FakeEngine {
    pub(crate) fn ending(ends: &[Ends]) -> Self {
        Self { ends: Mutex::new(ends.iter().copied().collect()), calls: AtomicUsize::new(0) }
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Engine for FakeEngine {
    fn call(&self, _permit: Permit) -> BoxFuture<'_, Report> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let report = match self.ends.lock().unwrap().pop_front().unwrap_or(Ends::Ok) {
            Ends::Ok => {
                let usage = Usage { fuel: 7, ..Usage::default() };
                Report {
                    result: Ok("{}".to_owned()),
                    usage,
                    writes: Vec::new(),
                    events: Vec::new(),
                    tried: Tried::default(),
                }
            }
            Ends::Trap => Report::fault(FaultKind::Trap, "unreachable"),
            Ends::OutOfFuel => Report::fault(FaultKind::OutOfFuel, "no fuel left"),
            Ends::Failed => Report {
                result: Err(Ended::Failed(Failure::new("no", "not today"))),
                usage: Usage::default(),
                writes: Vec::new(),
                events: Vec::new(),
                tried: Tried::default(),
            },
        };
        std::future::ready(report).boxed()
    }
}

/// Collects events.
#[derive(Default)]
pub(crate) struct Noted(Mutex<Vec<Notice>>);

impl Noted {
    pub(crate) fn taken(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Events for Noted {
    fn emit(&self, notice: Notice) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().push(notice);
        std::future::ready(()).boxed()
    }
}

/// Rules that are none: they say who wished what.
pub(crate) struct FakeRules;

impl RuleBook for FakeRules {
    fn carry_out(&self, by: &Caller, wish: RuleWish) -> Result<serde_json::Value, Problem> {
        Ok(serde_json::json!({ "by": by.to_string(), "wish": wish }))
    }

    fn revision(&self) -> u64 {
        7
    }

    fn look(&self) {}

    fn problem(&self) -> Option<String> {
        None
    }
}

/// Records in memory, and what was written to them in order.
#[derive(Default)]
pub(crate) struct FakeRecords {
    pub(crate) active: Mutex<Vec<Arc<Plugin>>>,
    pub(crate) unmet: Mutex<Option<String>>,
    lines: Mutex<Vec<String>>,
}

impl FakeRecords {
    pub(crate) fn of(plugin: &Arc<Plugin>) -> Self {
        Self { active: Mutex::new(vec![Arc::clone(plugin)]), ..Self::default() }
    }

    /// What was written since the last time.
    pub(crate) fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap())
    }

    fn write(&self, line: String) -> BoxFuture<'_, Result<(), RecordsError>> {
        self.lines.lock().unwrap().push(line);
        std::future::ready(Ok(())).boxed()
    }
}

impl Events for FakeRecords {
    fn emit(&self, notice: Notice) -> BoxFuture<'_, ()> {
        self.write(format!("event {}", notice.kind)).map(drop).boxed()
    }
}

impl Records for FakeRecords {
    fn plugin(&self, name: &PluginName) -> Option<Arc<Plugin>> {
        self.active.lock().unwrap().iter().find(|plugin| &plugin.name == name).cloned()
    }

    fn unmet<'a>(&'a self, _: &'a Plugin) -> BoxFuture<'a, Result<Option<String>, RecordsError>> {
        std::future::ready(Ok(self.unmet.lock().unwrap().clone())).boxed()
    }

    fn turn<'a>(&'a self, plugin: &'a PluginName, turn: Turn) -> BoxFuture<'a, Result<(), RecordsError>> {
        self.write(match turn {
            Turn::Starting => format!("{plugin} starting"),
            Turn::Running { again } => format!("{plugin} running{}", if again { " again" } else { "" }),
            Turn::Stopped => format!("{plugin} stopped"),
            Turn::Error(why) => format!("{plugin} error: {why}"),
            Turn::Crashed(why) => format!("{plugin} crashed: {why}"),
        })
    }

    fn health<'a>(
        &'a self,
        plugin: &'a PluginName,
        health: Health,
        detail: String,
    ) -> BoxFuture<'a, Result<(), RecordsError>> {
        self.write(format!("{plugin} {health:?}: {detail}"))
    }

    fn keep<'a>(
        &'a self,
        plugin: &'a Plugin,
        writes: Vec<KvWrite>,
    ) -> BoxFuture<'a, Result<(), RecordsError>> {
        let plugin = &plugin.name;
        self.write(format!("{plugin} keeps {}", writes.len()))
    }
}

/// A runtime that counts what it is asked.
#[derive(Default)]
pub(crate) struct FakeRuntime {
    pub(crate) loads: AtomicUsize,
    pub(crate) unloads: AtomicUsize,
    pub(crate) hooks: Mutex<Vec<Hook>>,
    /// How long each load takes.
    pub(crate) slow: std::time::Duration,
    /// How hooks end; well once nothing is left.
    pub(crate) ends: Mutex<VecDeque<Result<(Health, String), Ended>>>,
    /// How long each hook takes.
    pub(crate) slow_hook: std::time::Duration,
    pub(crate) broken: std::sync::atomic::AtomicBool,
    pub(crate) describes: Vec<Described>,
}

impl Runtime for FakeRuntime {
    fn describe<'a>(&'a self, component: &'a Component) -> BoxFuture<'a, Result<Vec<Described>, LoadError>> {
        let broken = self.broken.load(Ordering::SeqCst);
        let result =
            if broken { Err(LoadError::Missing(component.path.clone())) } else { Ok(self.describes.clone()) };
        std::future::ready(result).boxed()
    }

    fn load<'a>(&'a self, plugin: &'a Arc<Plugin>) -> BoxFuture<'a, Result<(), LoadError>> {
        async move {
            self.loads.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(self.slow).await;
            let broken = self.broken.load(Ordering::SeqCst);
            if broken { Err(LoadError::Missing(plugin.component.clone())) } else { Ok(()) }
        }
        .boxed()
    }

    fn unload(&self, _: &Blake3) {
        self.unloads.fetch_add(1, Ordering::SeqCst);
    }

    fn hook<'a>(&'a self, _: &'a Arc<Plugin>, hook: Hook) -> BoxFuture<'a, HookReport> {
        async move {
            tokio::time::sleep(self.slow_hook).await;
            let writes = match hook {
                Hook::Setup => vec![KvWrite { key: "k".to_owned(), value: None }],
                _ => Vec::new(),
            };
            self.hooks.lock().unwrap().push(hook);
            let well = Ok((Health::Healthy, String::new()));
            let result = self.ends.lock().unwrap().pop_front().unwrap_or(well);
            HookReport { result, usage: Usage::default(), writes }
        }
        .boxed()
    }
}

/// A journal that forgets.
pub(crate) struct NoJournal;

impl Journal for NoJournal {
    fn ready(&self) -> Result<(), JournalError> {
        Ok(())
    }

    fn begin<'a>(&'a self, _: &'a Opening, _: Begun<'a>) -> BoxFuture<'a, Result<(), JournalError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn close<'a>(&'a self, _: &'a Opening, _: Closing<'a>) -> BoxFuture<'a, Result<(), JournalError>> {
        std::future::ready(Ok(())).boxed()
    }
}

/// A clock that stands still.
pub(crate) struct Still;

impl Clock for Still {
    fn now_ms(&self) -> u64 {
        1_700_000_000_000
    }
}

/// A catalogue with one plugin.
pub(crate) struct Only(pub(crate) Arc<Plugin>);

impl Catalog for Only {
    fn resolve<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Resolution> {
        let provision = match self.0.capability(&request.capability) {
            None => Provision::Unknown { near: Vec::new() },
            Some(capability) => Provision::Ready(Route {
                plugin: Arc::clone(&self.0),
                capability: Arc::clone(capability),
                integrity: Integrity::Intact,
                health: None,
                drift: None,
            }),
        };
        std::future::ready(Resolution::only(provision)).boxed()
    }
}

/// The plugin `demo` with one pure capability `demo.hello`.
pub(crate) fn plugin(change: impl FnOnce(&mut Capability)) -> Plugin {
    let anything = || Schema::parse("{}").unwrap();
    let mut capability = Capability {
        id: "demo.hello".parse().unwrap(),
        description: "Says hello.".to_owned(),
        input: anything(),
        output: anything(),
        effect: Effect::Pure,
        idempotent: false,
        needs: Vec::new(),
        grants: Arc::new(Grants::none()),
        targets: Vec::new(),
        limits: Limits::default(),
        sequencing: None,
        cost: None,
        postcheck: None,
        about: About::default(),
        track: Arc::default(),
        before: None,
    };
    change(&mut capability);
    Plugin {
        name: "demo".parse().unwrap(),
        display_name: "Demo".to_owned(),
        version: semver::Version::new(1, 0, 0),
        blake3: Blake3::of(b"demo"),
        component: "/nowhere/demo.wasm".into(),
        enabled: true,
        auto_start: false,
        singleton: false,
        cache_results: false,
        priority: Priority::Normal,
        hooks: Hooks::default(),
        health: HealthPolicy {
            interval: std::time::Duration::from_secs(30),
            timeout: std::time::Duration::from_secs(10),
        },
        grants: Arc::new(Grants::none()),
        limits: Limits::default(),
        config: Arc::default(),
        misconfigured: None,
        claims: Vec::new(),
        rate: Arc::default(),
        capabilities: vec![Arc::new(capability)],
    }
}

/// A gate that trusts what it does not know.
pub(crate) fn trusting() -> Settings {
    let weights = Weights { base: 9000, ..Weights::default() };
    let breaker = Breaker { faults: u32::MAX, ..Breaker::default() };
    Settings { weights, ask_untried: false, breaker, ..Settings::default() }
}

/// A kernel that knows this plugin alone.
pub(crate) fn kernel(engine: Arc<dyn Engine>, plugin: Plugin) -> Kernel {
    let secrets = Arc::new(ares_kernel::ports::NoSecrets);
    let ports = Ports {
        journal: Arc::new(NoJournal),
        clock: Arc::new(Still),
        catalog: Arc::new(Only(Arc::new(plugin))),
        policy: Arc::new(ares_kernel::ports::NoRules),
        engine,
        secrets,
        machine: Arc::new(ares_kernel::ports::UnknownMachine),
    };
    Kernel::new(ports, trusting())
}

/// A request for `demo.hello`.
pub(crate) fn request() -> Request {
    Request::new(Caller::Human("operator".to_owned()), "demo.hello".parse().unwrap(), "{}")
}

/// Copies of folders that are none.
pub(crate) struct NoCopies;

impl FolderCopies for NoCopies {
    fn copy(
        &self,
        _: InvocationId,
        _: Vec<Folder>,
        _: std::time::Instant,
    ) -> BoxFuture<'static, Result<Taken, NotTaken>> {
        std::future::ready(Ok(Taken::default())).boxed()
    }

    fn put_back(&self, id: InvocationId, _: bool) -> BoxFuture<'static, Result<PutBack, CopiesError>> {
        std::future::ready(Err(CopiesError::Missing(id))).boxed()
    }

    fn remove(&self, _: InvocationId) -> BoxFuture<'static, Result<(), CopiesError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn all(&self) -> BoxFuture<'static, Result<Vec<(InvocationId, bool)>, CopiesError>> {
        std::future::ready(Ok(Vec::new())).boxed()
    }
}

/// Snapshots of nothing, kept for a day.
pub(crate) fn no_snapshots() -> SnapshotKeeping {
    let all = ares_registry::SnapshotsHold { bytes: 1 << 30, objects: 250_000 };
    SnapshotKeeping { copies: Arc::new(NoCopies), keep: Duration::from_secs(86_400), all }
}
