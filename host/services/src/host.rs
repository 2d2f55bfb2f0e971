//! The running whole: put together, started, drained, stopped.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ares_kernel::gate::Settings;
use ares_kernel::ports::{Catalog, Clock, Engine, Invoke, Journal, Policy, Runtime, Secrets};
use ares_kernel::{Kernel, PluginName, Ports};
use ares_registry::Registry;
use serde_json::json;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::book::Book;
use crate::cached::Cached;
use crate::delivery::{Delivery, News, Telling};
use crate::health;
use crate::inflight::Tracked;
use crate::integrity::Provisioned;
use crate::lifecycle::{Lifecycle, OnDemand};
use crate::machine::ThisMachine;
use crate::operation::Operate;
use crate::operations::{Operations, Parts, chain, follow};
use crate::passing::Passing;
use crate::patterns::PatternSettings;
use crate::records::{Events, Notice, Records};
use crate::retry::Retrying;
use crate::rules::RuleBook;
use crate::snapshots::{Keeper, SnapshotKeeping};
use crate::state::Lock;

/// What a host is built on.
#[derive(Clone)]
pub struct Foundation {
    /// The one database.
    pub registry: Arc<Registry>,
    /// Runs guests.
    pub engine: Arc<dyn Engine>,
    /// Compiles and loads them; the same engine as a rule.
    pub runtime: Arc<dyn Runtime>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// The operator's rules.
    pub policy: Arc<dyn Policy>,
    /// Who keeps those rules.
    pub rules: Arc<dyn RuleBook>,
    /// What of the gate is the operator's to choose.
    pub gate: Settings,
    /// How long a person's yes to one call holds.
    pub approval: Duration,
    /// Which patterns are recommended.
    pub patterns: PatternSettings,
    /// Snapshots of what calls may change.
    pub snapshots: SnapshotKeeping,
}

/// Whether the process goes on after the first answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A host that others connect to.
    Serving,
    /// One command, in a process of its own.
    Command,
}

/// One host on one state directory.
pub struct Host {
    book: Book,
    life: Lifecycle,
    calls: Tracked,
    delivery: Delivery,
    operations: Operations,
    mode: Mode,
    loops: Mutex<Vec<AbortHandle>>,
    lock: Lock,
}

/// What became of one plugin that starts with the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Which.
    pub plugin: PluginName,
    /// Its name for people.
    pub display_name: String,
    /// Why it does not run.
    pub error: Option<String>,
}

/// What a host that stopped did not wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Left {
    /// Calls that still ran.
    pub calls: usize,
    /// Deliveries of events that wait for the next host: all of them, or a command's own.
    pub events: u64,
}

impl Host {
    /// Puts a host together, within a Tokio runtime. No plugin runs yet; calls and operations can
    /// be made, and the files of plugins in use are watched from now on.
    ///
    /// ```text
    /// Operations ─▶ Tracked ─▶ Retrying ─▶ Kernel ─▶ Cached ─▶ OnDemand ─▶ engine
    ///                          Delivery ─▶   ├─▶ Provisioned ─▶ registry
    ///                             ▲          └─▶ Telling ─────▶ registry
    ///                             └── rings ───────┘
    /// ```
    #[must_use]
    pub fn assemble(lock: Lock, mode: Mode, foundation: Foundation) -> Self {
        let Foundation {
            registry,
            engine,
            runtime,
            clock,
            policy,
            rules,
            gate,
            approval,
            patterns,
            snapshots,
        } = foundation;
        let book = Book::new(Arc::clone(&registry));
        let ports: Arc<Book> = Arc::new(book.clone());
        let catalog: Arc<dyn Catalog> = Arc::clone(&registry) as Arc<dyn Catalog>;
        let integrity = Provisioned::new(catalog, ports.clone(), ports.clone());
        let records: Arc<dyn Records> = match mode {
            Mode::Serving => ports.clone(),
            Mode::Command => Arc::new(Passing::new(book.clone())),
        };
        let life = Lifecycle::new(records, Arc::clone(&runtime), mode);
        let engine = Cached::new(Arc::new(OnDemand::new(engine, life.clone())));
        let news = News::default();
        let journal: Arc<dyn Journal> = Arc::new(Telling::new(registry.clone(), news.clone()));
        let secrets: Arc<dyn Secrets> = Arc::clone(&registry) as Arc<dyn Secrets>;
        let needs = Ports {
            journal,
            clock: clock.clone(),
            catalog: Arc::new(integrity.clone()),
            policy,
            engine: Arc::new(engine),
            secrets,
            machine: Arc::new(ThisMachine::default()),
        };
        let (at, weights) = (Arc::clone(&clock), gate.weights);
        let keeper = Keeper::new(book.clone(), snapshots);
        let kernel = Kernel::with_snapshots(needs, gate, Arc::new(keeper.clone()));
        let delivery = Delivery::new(registry, kernel.clone(), clock, mode, news);
        let retrying = Retrying::new(Arc::new(kernel), ports.clone(), ports);
        let calls = Tracked::new(Arc::new(retrying));
        let operations = Operations::new(Parts {
            book: book.clone(),
            invoke: Arc::new(calls.clone()),
            runtime,
            life: life.clone(),
            integrity: integrity.clone(),
            rules: Arc::clone(&rules),
            state: lock.state().clone(),
            serving: mode == Mode::Serving,
            registering: tokio::sync::Mutex::new(()),
            approval,
            clock: at,
            weights,
            patterns,
            snapshots: keeper,
        });
        // A command may live as long as a host: a session of MCP does.
        let mut loops =
            vec![tokio::spawn(integrity.watch()).abort_handle(), tokio::spawn(follow(rules)).abort_handle()];
        if mode == Mode::Command {
            loops.push(tokio::spawn(delivery.clone().run()).abort_handle());
        }
        let loops = Mutex::new(loops);
        Self { book, life, calls, delivery, operations, mode, loops, lock }
    }

    /// Whoever carries operations out.
    #[must_use]
    pub fn operate(&self) -> Arc<dyn Operate> {
        Arc::new(self.operations.clone())
    }

    /// Every call's way in: tracked, repeated where the manifest says so, through the kernel.
    #[must_use]
    pub fn invoke(&self) -> Arc<dyn Invoke> {
        Arc::new(self.calls.clone())
    }

    /// The lock on the state directory.
    #[must_use]
    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    /// Starts every enabled plugin that starts with the host, then delivers events, also those that
    /// were left by an earlier host, and watches over everyone's health.
    /// For a serving host; a command needs neither.
    pub async fn start(&self, mut told: impl FnMut(Started)) {
        let data = json!({ "version": env!("CARGO_PKG_VERSION"), "process_id": std::process::id() });
        self.book.emit(Notice { kind: "host_started", plugin: None, data }).await;
        self.operations.clear_leftovers().await;
        self.operations.keeper().clean().await;
        // It is done by the time somebody calls; whoever calls before does a part of it.
        tokio::task::spawn_blocking(Kernel::warm);
        for unknown in self.book.registry().unknown_in_file() {
            tracing::warn!("{unknown}");
        }
        let snapshot = self.book.registry().snapshot();
        for plugin in snapshot.plugins() {
            if let Some(why) = &plugin.misconfigured {
                tracing::error!(plugin = %plugin.name, "does not run: it does not take its configuration: {why}");
            }
        }
        for plugin in snapshot.plugins().filter(|plugin| plugin.enabled && plugin.auto_start) {
            let error = self.life.start(plugin).await.err().map(|error| chain(&error));
            let (plugin, display_name) = (plugin.name.clone(), plugin.display_name.clone());
            told(Started { plugin, display_name, error });
        }
        self.loops().push(tokio::spawn(self.delivery.clone().run()).abort_handle());
        self.loops().push(tokio::spawn(health::watch(self.life.clone())).abort_handle());
        self.loops().push(tokio::spawn(self.operations.keeper().clone().watch()).abort_handle());
    }

    /// Waits for running calls as long as it may, stops every plugin, and lets go of the registry.
    /// Events a command published are delivered within the same time.
    pub async fn stop(&self, patience: Duration) -> Left {
        let until = Instant::now() + patience;
        for one in self.loops().drain(..) {
            one.abort();
        }
        let calls = self.calls.drain(patience).await;
        let events = self.delivery.end(until.saturating_duration_since(Instant::now())).await;
        let left = Left { calls, events };
        self.life.stop_all().await;
        if self.mode == Mode::Serving {
            let data =
                json!({ "process_id": std::process::id(), "calls_left": calls, "events_left": events });
            self.book.emit(Notice { kind: "host_stopped", plugin: None, data }).await;
        }
        if let Err(error) = self.book.with(Registry::shutdown).await {
            tracing::error!(
                error = chain(&error),
                "the registry was not closed well; the next to open it makes it good"
            );
        }
        left
    }

    fn loops(&self) -> std::sync::MutexGuard<'_, Vec<AbortHandle>> {
        self.loops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for one in self.loops().drain(..) {
            one.abort();
        }
    }
}
