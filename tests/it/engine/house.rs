//! A small house around the engine: the real kernel, with a journal, a catalogue and a store that
//! live in memory. Permits come from the gate, as they do everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ares_engine::{Compiler, EngineError, EngineOptions, NetworkOptions, Pool, RehearsalOptions, WasmEngine};
use ares_kernel::facts::{
    About, Capability, Effect, Folder, Grants, HealthPolicy, Hooks, Integrity, Limits, Maxima, Plugin,
    Priority, Quota, Schema, Scope,
};
use ares_kernel::gate::{Breaker, Settings, Weights};
use ares_kernel::ports::{
    Begun, Catalog, Clock, Closing, Component, Journal, JournalError, KvError, KvStore, KvUsed, Opening,
    Outbox, Provision, Resolution, Route, Runtime as _,
};
use ares_kernel::ports::{NoRules, NoSecrets};
use ares_kernel::{Blake3, Caller, Event, FaultKind, Kernel, Outcome, PluginName, Ports, Request, Status};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Map, Value};

const CHILD: &str = "engine::house::compile_child";

/// Not a test: what the compiling child runs.
#[test]
#[ignore = "runs in the child that other tests start"]
fn compile_child() {
    if std::env::args().any(|argument| argument == CHILD) {
        ares_engine::compile_child_main();
    }
}

/// The compiling child: this very test binary.
pub(super) fn compiler() -> Compiler {
    Compiler::this_program(["--ignored", "--exact", CHILD, "--nocapture", "--quiet"]).unwrap()
}

/// Where `cargo xtask guests` puts a guest.
pub(super) fn guest(name: &str) -> PathBuf {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|dir| dir.join("wit").is_dir()).unwrap();
    let path = path.join("target/guests").join(name).join(format!("{name}.wasm"));
    assert!(path.is_file(), "{} is missing: run `cargo xtask guests`", path.display());
    path
}

/// Compiled once for all tests of one run, but for those that are about compiling.
fn artifacts() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("engine-artifacts")
}

/// Memory in place of the registry.
#[derive(Default)]
pub(super) struct Memory {
    plugins: Mutex<Vec<Arc<Plugin>>>,
    values: Mutex<BTreeMap<(String, String), Vec<u8>>>,
    broken: Mutex<bool>,
    waiting: Mutex<u64>,
    published: Mutex<Vec<Event>>,
}

impl Memory {
    /// Makes the store of values unreadable.
    pub(super) fn break_values(&self) {
        *self.broken.lock().unwrap() = true;
    }

    /// So many events wait for their subscribers.
    pub(super) fn fill_outbox(&self, waiting: u64) {
        *self.waiting.lock().unwrap() = waiting;
    }

    /// The events that were kept since the last time, as topic and payload.
    pub(super) fn published(&self) -> Vec<(String, String)> {
        let events = std::mem::take(&mut *self.published.lock().unwrap());
        events.into_iter().map(|event| (event.topic.to_string(), event.payload)).collect()
    }

    /// Stores a value.
    pub(super) fn set(&self, plugin: &str, key: &str, value: &[u8]) {
        self.values.lock().unwrap().insert((plugin.to_owned(), key.to_owned()), value.to_vec());
    }

    /// A stored value.
    pub(super) fn get(&self, plugin: &str, key: &str) -> Option<Vec<u8>> {
        self.values.lock().unwrap().get(&(plugin.to_owned(), key.to_owned())).cloned()
    }
}

impl Journal for Memory {
    fn ready(&self) -> Result<(), JournalError> {
        Ok(())
    }

    fn begin<'a>(&'a self, _: &'a Opening, _: Begun<'a>) -> BoxFuture<'a, Result<(), JournalError>> {
        async { Ok(()) }.boxed()
    }

    fn close<'a>(&'a self, _: &'a Opening, closing: Closing<'a>) -> BoxFuture<'a, Result<(), JournalError>> {
        if let Some(published) = closing.published {
            self.published.lock().unwrap().extend(published.events.iter().cloned());
        }
        if let Some(plugin) = closing.plugin {
            let mut values = self.values.lock().unwrap();
            for write in closing.writes {
                let key = (plugin.name.to_string(), write.key.clone());
                match &write.value {
                    Some(value) => values.insert(key, value.clone()),
                    None => values.remove(&key),
                };
            }
        }
        async { Ok(()) }.boxed()
    }
}

impl Catalog for Memory {
    fn resolve<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Resolution> {
        let plugins = self.plugins.lock().unwrap();
        let wanted =
            |plugin: &&Arc<Plugin>| request.provider.as_ref().is_none_or(|name| name == &plugin.name);
        let found = plugins.iter().filter(wanted).find_map(|plugin| {
            let capability = Arc::clone(plugin.capability(&request.capability)?);
            Some(Route {
                plugin: Arc::clone(plugin),
                capability,
                integrity: Integrity::Intact,
                health: None,
                drift: None,
            })
        });
        let provision = found.map_or(Provision::Unknown { near: Vec::new() }, Provision::Ready);
        async { Resolution::only(provision) }.boxed()
    }
}

impl KvStore for Memory {
    fn get<'a>(
        &'a self,
        plugin: &'a PluginName,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, KvError>> {
        let broken = *self.broken.lock().unwrap();
        let value = self.get(plugin.as_str(), key);
        async move { if broken { Err(KvError("no disk".into())) } else { Ok(value) } }.boxed()
    }

    fn keys<'a>(
        &'a self,
        plugin: &'a PluginName,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<String>, KvError>> {
        let values = self.values.lock().unwrap();
        let mine = values.keys().filter(|(name, key)| {
            name == plugin.as_str()
                && key.starts_with(prefix)
                && after.is_none_or(|after| key.as_str() > after)
        });
        let keys = mine.map(|(_, key)| key.clone()).take(limit as usize).collect();
        async { Ok(keys) }.boxed()
    }

    fn used<'a>(&'a self, plugin: &'a PluginName) -> BoxFuture<'a, Result<KvUsed, KvError>> {
        let values = self.values.lock().unwrap();
        let mine = values.iter().filter(|((name, _), _)| name == plugin.as_str());
        let used = mine.fold(KvUsed::default(), |used, ((_, key), value)| KvUsed {
            keys: used.keys + 1,
            bytes: used.bytes + (key.len() + value.len()) as u64,
        });
        async move { Ok(used) }.boxed()
    }
}

impl Outbox for Memory {
    fn waiting<'a>(&'a self, _: &'a PluginName) -> BoxFuture<'a, Result<u64, JournalError>> {
        let waiting = *self.waiting.lock().unwrap();
        async move { Ok(waiting) }.boxed()
    }
}

impl Clock for Memory {
    fn now_ms(&self) -> u64 {
        1_800_000_000_000
    }
}

/// How a guest is registered in a test.
pub(super) struct Registration {
    pub(super) guest: &'static str,
    pub(super) name: &'static str,
    pub(super) grants: Grants,
    pub(super) limits: Limits,
    pub(super) singleton: bool,
    pub(super) config: Map<String, Value>,
    /// Another effect than the guest says, for all its capabilities.
    pub(super) effect: Option<Effect>,
}

impl Registration {
    pub(super) fn of(guest: &'static str) -> Self {
        Self {
            guest,
            name: guest,
            grants: Grants::none(),
            limits: Limits { deadline: Duration::from_secs(20), ..Limits::default() },
            singleton: false,
            config: Map::new(),
            effect: None,
        }
    }
}

/// The engine, a kernel before it, and the memory behind it.
pub(super) struct House {
    pub(super) engine: Arc<WasmEngine>,
    pub(super) kernel: Kernel,
    pub(super) memory: Arc<Memory>,
    pub(super) folder: tempfile::TempDir,
}

impl House {
    /// A house with room for four calls at one time.
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same, with other options.
    pub(super) fn with(change: impl FnOnce(&mut EngineOptions)) -> Self {
        Self::try_with(change).unwrap()
    }

    /// The same, where the options may be bad.
    pub(super) fn try_with(change: impl FnOnce(&mut EngineOptions)) -> Result<Self, EngineError> {
        let (folder, memory) = (tempfile::tempdir().unwrap(), Arc::new(Memory::default()));
        let mut options = EngineOptions {
            artifacts: artifacts(),
            key: Path::new(env!("CARGO_TARGET_TMPDIR")).join("engine-artifacts.key"),
            logs: Some(folder.path().join("logs")),
            maxima: Maxima::default(),
            kv: memory.clone(),
            outbox: memory.clone(),
            secrets: Arc::new(NoSecrets),
            clock: memory.clone(),
            compiler: compiler(),
            pool: Pool { calls: 4, singletons: 2 },
            network: NetworkOptions::default(),
            rehearsals: RehearsalOptions::at(folder.path().join("rehearsals")),
        };
        change(&mut options);
        let engine = Arc::new(WasmEngine::new(options)?);
        let ports = Ports {
            journal: memory.clone(),
            clock: memory.clone(),
            catalog: memory.clone(),
            policy: Arc::new(NoRules),
            engine: engine.clone(),
            secrets: Arc::new(NoSecrets),
            machine: Arc::new(ares_kernel::ports::UnknownMachine),
        };
        // These tests are about the engine: what the gate thinks of a guest nobody knows is not asked.
        let weights = Weights { base: 9000, ..Weights::default() };
        let breaker = Breaker { faults: u32::MAX, ..Breaker::default() };
        let kernel =
            Kernel::new(ports, Settings { weights, ask_untried: false, breaker, ..Settings::default() });
        Ok(Self { engine, kernel, memory, folder })
    }

    /// Registers a guest with what it says of itself, and answers the plugin.
    pub(super) async fn register(&self, registration: Registration) -> Arc<Plugin> {
        let component = guest(registration.guest);
        let blake3 = Blake3::of(&fs_err::read(&component).unwrap());
        let described = self.engine.describe(&Component { path: component.clone(), blake3 }).await.unwrap();
        let grants = &registration.grants;
        let mut all: Vec<Scope> = grants.call().iter().cloned().map(Scope::Call).collect();
        all.extend(grants.folders().iter().map(|folder| Scope::Folder(folder.name.clone())));
        all.extend(grants.net().iter().map(|rule| Scope::Net(rule.name.clone())));
        all.extend([Scope::Kv, Scope::Clock]);
        all.extend(grants.publish().iter().cloned().map(Scope::Publish));
        let capabilities = described.into_iter().map(|described| {
            let effect = registration.effect.unwrap_or(described.effect);
            let grants = Arc::new(grants.narrowed(&all, effect));
            // What is granted is needed: the gate asks no more.
            let needs = all.iter().filter(|scope| grants.covers(scope)).cloned().collect();
            Arc::new(Capability {
                id: described.name.parse().unwrap(),
                description: described.description,
                input: Schema::parse(&described.input_schema).unwrap(),
                output: Schema::parse(&described.output_schema).unwrap(),
                effect,
                idempotent: false,
                needs,
                grants,
                targets: Vec::new(),
                limits: registration.limits.clone(),
                sequencing: None,
                cost: None,
                postcheck: None,
                about: About::default(),
                track: Arc::default(),
                before: None,
            })
        });
        let plugin = Arc::new(Plugin {
            name: registration.name.parse().unwrap(),
            display_name: registration.name.to_owned(),
            version: "0.1.0".parse().unwrap(),
            blake3,
            component,
            enabled: true,
            auto_start: false,
            singleton: registration.singleton,
            cache_results: false,
            priority: Priority::Normal,
            hooks: Hooks::default(),
            health: HealthPolicy { interval: Duration::from_secs(30), timeout: Duration::from_secs(5) },
            capabilities: capabilities.collect(),
            grants: Arc::new(registration.grants),
            limits: registration.limits,
            config: Arc::new(registration.config),
            misconfigured: None,
            claims: Vec::new(),
            rate: Arc::default(),
        });
        self.memory.plugins.lock().unwrap().push(Arc::clone(&plugin));
        plugin
    }

    /// Takes a plugin out of the catalogue, so that a test can change it.
    pub(super) fn forget(&self, plugin: Arc<Plugin>) -> Arc<Plugin> {
        self.memory.plugins.lock().unwrap().retain(|known| !Arc::ptr_eq(known, &plugin));
        plugin
    }

    /// Puts a plugin back into the catalogue.
    pub(super) fn remember_shared(&self, plugin: &Arc<Plugin>) -> Arc<Plugin> {
        self.memory.plugins.lock().unwrap().push(Arc::clone(plugin));
        Arc::clone(plugin)
    }

    /// Puts a plugin into the catalogue.
    pub(super) fn remember(&self, plugin: Plugin) -> Arc<Plugin> {
        let plugin = Arc::new(plugin);
        self.memory.plugins.lock().unwrap().push(Arc::clone(&plugin));
        plugin
    }

    /// Invokes a capability as a person would.
    pub(super) async fn invoke(&self, capability: &str, input: &Value) -> Outcome {
        self.kernel.invoke(request(capability, input)).await
    }

    /// The answer of a call that must succeed.
    pub(super) async fn answer(&self, capability: &str, input: &Value) -> Value {
        let outcome = self.invoke(capability, input).await;
        let Status::Ok(text) = outcome.status() else { panic!("{capability}: {:?}", outcome.status()) };
        serde_json::from_str(text).unwrap()
    }

    /// The log of a plugin, once the engine is gone and everything is written.
    pub(super) fn log_after_the_end(self, plugin: &str) -> Vec<Value> {
        let Self { engine, kernel, memory, folder } = self;
        drop((engine, kernel, memory));
        let text = fs_err::read_to_string(folder.path().join("logs").join(format!("{plugin}.log"))).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A person's request.
pub(super) fn request(capability: &str, input: &Value) -> Request {
    Request::new(Caller::Human("tester".to_owned()), capability.parse().unwrap(), input.to_string())
}

/// The kind and message of a call that must have ended in a fault.
pub(super) fn fault(outcome: &Outcome) -> (FaultKind, String) {
    match outcome.status() {
        Status::Fault(fault) => (fault.kind, fault.message.clone()),
        other => panic!("no fault: {other:?}"),
    }
}

/// Grants of these calls.
pub(super) fn may_call(capabilities: &[&str]) -> Grants {
    let ids: BTreeSet<_> = capabilities.iter().map(|id| id.parse().unwrap()).collect();
    Grants::new(false, ids, Vec::new())
}

/// Grants of these topics to be published.
pub(super) fn may_publish(topics: &[&str]) -> Grants {
    let topics: BTreeSet<_> = topics.iter().map(|topic| topic.parse().unwrap()).collect();
    Grants::none().with_topics(topics, BTreeMap::new())
}

/// A grant of one folder under the name `target`.
pub(super) fn may_reach(host: &Path, access: ares_kernel::facts::Access) -> Grants {
    let quota = Quota::default();
    let folder = Folder { name: "target".parse().unwrap(), host: host.to_owned(), access, quota };
    Grants::new(false, BTreeSet::new(), vec![folder])
}

/// A grant of a store.
pub(super) fn may_keep() -> Grants {
    Grants::new(true, BTreeSet::new(), Vec::new())
}
