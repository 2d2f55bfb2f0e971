//! `WasmEngine`: the kernel's ports `Engine` and `Runtime`, on Wasmtime.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use ares_kernel::facts::{Limits, Maxima, Plugin};
use ares_kernel::ports::{Component, Described, Engine, Hook, HookReport, LoadError, Runtime};
use ares_kernel::{Blake3, Ended, Fault, FaultKind, LimitHit, Permit, Report};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::timeout_at;

use crate::artifact::Artifacts;
use crate::authority::Authority;
use crate::imports::files::Ledgers;
use crate::load::{Loaded, Loader};
use crate::log::Logs;
use crate::network::Network;
use crate::options::{EngineError, EngineOptions, Pool};
use crate::run::{Describe, Invoke, Job, Perform, Ran, Runner};
use crate::state::Surroundings;
use crate::{config, key, rehearsal, ticker};

/// How long a component may take to say what it can do.
const DESCRIBE_DEADLINE: Duration = Duration::from_secs(10);

/// Runs guests with Wasmtime. One for a process; it needs a tokio runtime with time and I/O.
pub struct WasmEngine {
    engine: wasmtime::Engine,
    loader: Arc<Loader>,
    runner: Runner,
    maxima: Maxima,
    loaded: RwLock<HashMap<Blake3, Arc<Loaded>>>,
}

/// What of the pool is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolUse {
    /// Live component instances.
    pub instances: u64,
    /// Live linear memories.
    pub memories: usize,
    /// Live stacks.
    pub stacks: usize,
}

impl WasmEngine {
    /// An engine.
    ///
    /// # Errors
    /// When the pool does not fit this machine, the key is not one, or a folder cannot be used.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        let EngineOptions {
            artifacts,
            key,
            logs,
            maxima,
            kv,
            outbox,
            secrets,
            clock,
            compiler,
            pool,
            network,
            rehearsals,
        } = options;
        if !(1..=config::CALLS_MAX).contains(&pool.calls) || pool.singletons > config::CALLS_MAX {
            let Pool { calls, singletons } = pool;
            return Err(EngineError::Pool { calls, singletons, most: config::CALLS_MAX });
        }
        let io = |what: String| move |source| EngineError::Io { what, source };
        let key = key::open(&key, &artifacts)?;
        let unable = |error: wasmtime::Error| unable(&error, pool, &maxima);
        let engine = wasmtime::Engine::new(&config::running(pool, &maxima)).map_err(unable)?;
        ticker::start(&engine).map_err(io("starting the epoch thread".to_owned()))?;
        let opening_logs =
            format!("opening the log folder {}", logs.as_deref().unwrap_or("".as_ref()).display());
        let logs = Logs::open(logs.as_deref()).map_err(io(opening_logs))?;
        let network = Arc::new(Network::new(network)?);
        let artifacts = Artifacts::new(&artifacts, key, &engine);
        let loader = Arc::new(Loader::new(&engine, artifacts, compiler).map_err(unable)?);
        let ledgers = Ledgers::default();
        rehearsal::sweep(&rehearsals.folder);
        let surroundings = Surroundings { kv, outbox, secrets, clock, logs, network, ledgers, rehearsals };
        let runner = Runner::new(&engine, surroundings, pool);
        Ok(Self { engine, loader, runner, maxima, loaded: RwLock::default() })
    }

    /// What of the pool is in use; all zero when nothing runs and nothing is kept.
    #[must_use]
    pub fn pool_use(&self) -> PoolUse {
        let metrics = self.engine.pooling_allocator_metrics();
        metrics.map_or_else(PoolUse::default, |pool| PoolUse {
            instances: pool.component_instances(),
            memories: pool.memories(),
            stacks: pool.stacks(),
        })
    }

    fn find(&self, blake3: &Blake3) -> Option<Arc<Loaded>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).get(blake3).cloned()
    }

    /// The plugin's component, loaded now if it was not.
    async fn ready(&self, plugin: &Plugin) -> Result<Arc<Loaded>, LoadError> {
        if let Some(loaded) = self.find(&plugin.blake3) {
            return Ok(loaded);
        }
        let loaded = Arc::new(self.loader.load(&plugin.component, &plugin.blake3, &plugin.limits).await?);
        let mut all = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        // Whoever was first stays: instances may be kept there already.
        Ok(Arc::clone(all.entry(plugin.blake3).or_insert(loaded)))
    }

    /// The same within a deadline, for work that must end in a fault and not in an error.
    /// `limit` is what set it, for a call.
    async fn ready_until(
        &self,
        plugin: &Plugin,
        deadline: Instant,
        limit: impl FnOnce() -> Option<LimitHit>,
    ) -> Result<Arc<Loaded>, Fault> {
        if let Some(loaded) = self.find(&plugin.blake3) {
            return Ok(loaded);
        }
        match timeout_at(deadline.into(), self.ready(plugin)).await {
            Ok(ready) => ready.map_err(|error| Fault::new(FaultKind::NotStarted, &chain(&error))),
            Err(_) => {
                let message =
                    format!("the time was over before `{}` was loaded; try again later", plugin.name);
                Err(Fault::too_late(&message, limit()))
            }
        }
    }

    async fn spend(&self, permit: Permit) -> Report {
        let started = Instant::now();
        let ran =
            match self.ready_until(permit.plugin(), permit.deadline(), || Some(permit.time_limit())).await {
                Err(fault) => Ran::not_begun(fault, started),
                Ok(loaded) => {
                    let permit = Arc::new(permit);
                    let work = Invoke(Arc::clone(&permit));
                    self.runner.run(&loaded, Job { authority: Authority::Call(permit), work, started }).await
                }
            };
        Report {
            result: ran.result,
            usage: ran.usage,
            writes: ran.writes,
            events: ran.events,
            tried: ran.tried,
        }
    }

    async fn perform(&self, plugin: &Arc<Plugin>, hook: Hook) -> HookReport {
        let started = Instant::now();
        let (changes, time) = match &hook {
            Hook::Setup | Hook::Teardown => (true, plugin.limits.deadline),
            Hook::Validate(_) | Hook::Apply(_) => (false, plugin.limits.deadline),
            Hook::Health => (false, plugin.health.timeout),
        };
        // A time that no clock can hold is as good as the longest a call may have.
        let deadline = started.checked_add(time.min(self.maxima.deadline)).unwrap_or(started);
        let ran = match self.ready_until(plugin, deadline, || None).await {
            Err(fault) => Ran::not_begun(fault, started),
            Ok(loaded) => {
                let authority = Authority::Hook { plugin: Arc::clone(plugin), changes, deadline };
                self.runner.run(&loaded, Job { authority, work: Perform(hook), started }).await
            }
        };
        HookReport { result: ran.result, usage: ran.usage, writes: ran.writes }
    }

    async fn ask(&self, component: &Component) -> Result<Vec<Described>, LoadError> {
        let limits = Limits { memory_bytes: self.maxima.memory_bytes, ..Limits::default() };
        let loaded = self.loader.load(&component.path, &component.blake3, &limits).await?;
        let started = Instant::now();
        let authority = Authority::Unknown { limits, deadline: started + DESCRIBE_DEADLINE };
        let ran = self.runner.run(&loaded, Job { authority, work: Describe, started }).await;
        ran.result.map_err(|ended| LoadError::Undescribed {
            path: component.path.clone(),
            fault: match ended {
                // The manifest's limits are not in force yet: what the fault proposes would not help.
                Ended::Fault(fault) if fault.kind == FaultKind::Deadline => {
                    format!("it took longer than {} s; let `describe` do less", DESCRIBE_DEADLINE.as_secs())
                }
                Ended::Fault(fault) => fault.message,
                Ended::Failed(failure) => failure.message,
            },
        })
    }
}

/// An error with its causes, which its own text leaves out.
fn chain(error: &LoadError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn unable(error: &wasmtime::Error, pool: Pool, maxima: &Maxima) -> EngineError {
    EngineError::Wasmtime {
        calls: pool.calls,
        memory_mb: maxima.memory_bytes >> 20,
        why: format!("{error:#}"),
    }
}

impl Engine for WasmEngine {
    fn call(&self, permit: Permit) -> BoxFuture<'_, Report> {
        self.spend(permit).boxed()
    }
}

impl Runtime for WasmEngine {
    fn describe<'a>(&'a self, component: &'a Component) -> BoxFuture<'a, Result<Vec<Described>, LoadError>> {
        self.ask(component).boxed()
    }

    fn load<'a>(&'a self, plugin: &'a Arc<Plugin>) -> BoxFuture<'a, Result<(), LoadError>> {
        self.ready(plugin).map(|ready| ready.map(|_| ())).boxed()
    }

    fn unload(&self, blake3: &Blake3) {
        self.loaded.write().unwrap_or_else(PoisonError::into_inner).remove(blake3);
    }

    fn hook<'a>(&'a self, plugin: &'a Arc<Plugin>, hook: Hook) -> BoxFuture<'a, HookReport> {
        self.perform(plugin, hook).boxed()
    }
}
