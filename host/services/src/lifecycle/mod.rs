//! The life of plugins: started before their first call, stopped once, crashed when a call traps.
//!
//! Every call has a store of its own, so a trap ends that call and no other: the loaded code stays,
//! and calls that run beside it go on. All the same the trap is written down as a crash, and the
//! next call starts the plugin again (setup included), which counts as a restart. A fault that only
//! says that a limit was reached is no crash.
//!
//! | state | means |
//! |---|---|
//! | `unknown` | registered, never started |
//! | `starting` | its dependencies are looked at, its code is loaded, its setup runs |
//! | `running` | takes calls; `process_id` is the host's |
//! | `stopped` | was stopped, or its host ended; the next call starts it |
//! | `error` | could not be started; the next call tries again |
//! | `crashed` | the last call trapped; the next call starts it again |

mod crash;
mod on_demand;
mod start;
mod stop;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use ares_kernel::facts::Plugin;
use ares_kernel::ports::{Hook, HookReport, LoadError, Runtime};
use ares_kernel::{Blake3, PluginName};
use futures::future::{BoxFuture, Shared};
use tokio::sync::OwnedMutexGuard;

use crate::count::Count;
use crate::host::Mode;
use crate::records::Records;

pub use on_demand::OnDemand;
pub use start::StartError;
pub(crate) use start::describe;

/// How long stopping waits for a plugin's running calls before its teardown.
const CALLS_PATIENCE: Duration = Duration::from_secs(10);

/// Who runs. All clones are one.
#[derive(Clone)]
pub struct Lifecycle(Arc<Parts>);

struct Parts {
    records: Arc<dyn Records>,
    runtime: Arc<dyn Runtime>,
    running: ArcSwap<HashMap<PluginName, Arc<Instance>>>,
    starting: Mutex<HashMap<Version, Starting>>,
    crashed: Mutex<HashSet<PluginName>>,
    turns: Mutex<HashMap<PluginName, Arc<tokio::sync::Mutex<()>>>>,
    mode: Mode,
}

/// One start of one version, and the calls it serves.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) plugin: Arc<Plugin>,
    calls: Count,
    /// For calls admitted before another version became the active one, or before the plugin was
    /// disabled. Such an instance is not on
    /// the map; its code stays loaded until the host ends.
    superseded: bool,
}

type Version = (PluginName, semver::Version, Blake3);
type Starting = Shared<BoxFuture<'static, Result<Arc<Instance>, StartError>>>;

fn version(plugin: &Plugin) -> Version {
    (plugin.name.clone(), plugin.version.clone(), plugin.blake3)
}

impl Lifecycle {
    /// Nobody runs yet.
    #[must_use]
    pub fn new(records: Arc<dyn Records>, runtime: Arc<dyn Runtime>, mode: Mode) -> Self {
        Self(Arc::new(Parts {
            records,
            runtime,
            mode,
            running: ArcSwap::default(),
            starting: Mutex::default(),
            crashed: Mutex::default(),
            turns: Mutex::default(),
        }))
    }

    /// Everyone who runs, by name, with the grants and the configuration that hold now.
    #[must_use]
    pub fn running(&self) -> Vec<Arc<Plugin>> {
        let mut running: Vec<_> = self.0.running.load().values().map(|i| self.as_of_now(&i.plugin)).collect();
        running.sort_by(|a, b| a.name.cmp(&b.name));
        running
    }

    /// Whether some version of the plugin runs.
    #[must_use]
    pub fn is_running(&self, plugin: &PluginName) -> bool {
        self.0.running.load().contains_key(plugin)
    }

    pub(crate) fn records(&self) -> &Arc<dyn Records> {
        &self.0.records
    }

    pub(crate) fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.0.runtime
    }

    /// The same version with the grants and the configuration that hold now: they may have changed
    /// since it was started, and a hook must not have what was taken back.
    fn as_of_now(&self, plugin: &Arc<Plugin>) -> Arc<Plugin> {
        let active = self.0.records.plugin(&plugin.name);
        active.filter(|active| version(active) == version(plugin)).unwrap_or_else(|| Arc::clone(plugin))
    }

    /// The running instance of exactly this version. A map read.
    fn instance(&self, plugin: &Plugin) -> Option<Arc<Instance>> {
        let running = self.0.running.load();
        let instance = running.get(&plugin.name)?;
        let same = instance.plugin.blake3 == plugin.blake3 && instance.plugin.version == plugin.version;
        same.then(|| Arc::clone(instance))
    }

    /// Whether this instance may take a call now.
    fn serves(&self, instance: &Arc<Instance>) -> bool {
        instance.superseded
            || self.instance(&instance.plugin).is_some_and(|running| Arc::ptr_eq(&running, instance))
    }

    fn add(&self, instance: &Arc<Instance>) {
        self.0.running.rcu(|running| {
            let mut running = HashMap::clone(running);
            running.insert(instance.plugin.name.clone(), Arc::clone(instance));
            running
        });
    }

    fn remove(&self, plugin: &PluginName) -> Option<Arc<Instance>> {
        let before = self.0.running.rcu(|running| {
            let mut running = HashMap::clone(running);
            running.remove(plugin);
            running
        });
        before.get(plugin).cloned()
    }

    /// Forgets loaded code, unless another plugin that runs is made of the same bytes.
    fn unload(&self, blake3: &Blake3) {
        if !self.0.running.load().values().any(|instance| &instance.plugin.blake3 == blake3) {
            self.0.runtime.unload(blake3);
        }
    }

    /// Runs a hook of a plugin, whether it runs or not. Its state stays what it is.
    ///
    /// # Errors
    /// When its code cannot be had.
    pub async fn hook(&self, plugin: &Arc<Plugin>, hook: Hook) -> Result<HookReport, LoadError> {
        let _turn = self.turn(&plugin.name).await;
        self.0.runtime.load(plugin).await?;
        let report = self.0.runtime.hook(plugin, hook).await;
        self.unload(&plugin.blake3);
        Ok(report)
    }

    /// Waits for the right to change this plugin's state: one change at a time.
    async fn turn(&self, plugin: &PluginName) -> OwnedMutexGuard<()> {
        let turn = Arc::clone(lock(&self.0.turns).entry(plugin.clone()).or_default());
        turn.lock_owned().await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
