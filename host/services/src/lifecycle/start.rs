//! Starting: dependencies, code, schemas, setup, once for all who wait.

use std::sync::Arc;

use ares_kernel::Ended;
use ares_kernel::facts::Plugin;
use ares_kernel::ports::{Hook, LoadError};
use futures::FutureExt;
use futures::future::Shared;

use super::{CALLS_PATIENCE, Instance, Lifecycle, Starting, lock, version};
use crate::count::Count;
use crate::host::Mode;
use crate::records::{RecordsError, Turn};

/// Why a plugin does not run.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StartError {
    /// Something it needs is not there.
    #[error("{0}")]
    Dependency(String),
    /// It does not take its configuration.
    #[error("it does not take its configuration: {0}")]
    Config(String),
    /// Its code cannot be had.
    #[error("{0}")]
    Load(Arc<LoadError>),
    /// A pinned schema is not one any more.
    #[error("a schema of `{capability}` cannot be used: {why}")]
    Schema {
        /// Whose.
        capability: String,
        /// What is wrong.
        why: String,
    },
    /// Its setup said no or broke.
    #[error("its setup ended with {0}")]
    Setup(String),
    /// The registry failed.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// The host failed.
    #[error("the host failed while it started the plugin; see its log")]
    Internal,
}

impl Lifecycle {
    /// Makes a plugin run unless it does. Everyone who asks meanwhile waits for the same start; a
    /// start goes on though all who wait give up.
    ///
    /// # Errors
    /// [`StartError`]; the plugin's state is `error` then.
    pub async fn start(&self, plugin: &Arc<Plugin>) -> Result<(), StartError> {
        self.ensure(plugin).await.map(drop)
    }

    pub(super) async fn ensure(&self, plugin: &Arc<Plugin>) -> Result<Arc<Instance>, StartError> {
        if let Some(instance) = self.instance(plugin) {
            return Ok(instance);
        }
        self.join(plugin).await
    }

    /// The start under way, or a new one.
    fn join(&self, plugin: &Arc<Plugin>) -> Starting {
        let mut starting = lock(&self.0.starting);
        if let Some(start) = starting.get(&version(plugin)) {
            return Shared::clone(start);
        }
        let (this, plugin, key) = (self.clone(), Arc::clone(plugin), version(plugin));
        let task = tokio::spawn(async move {
            let result = std::panic::AssertUnwindSafe(this.bring_up(&plugin)).catch_unwind().await;
            lock(&this.0.starting).remove(&version(&plugin));
            result.unwrap_or(Err(StartError::Internal))
        });
        let start = task.map(|joined| joined.unwrap_or(Err(StartError::Internal))).boxed().shared();
        starting.insert(key, start.clone());
        start
    }

    async fn bring_up(&self, plugin: &Arc<Plugin>) -> Result<Arc<Instance>, StartError> {
        let _turn = self.turn(&plugin.name).await;
        if let Some(instance) = self.instance(plugin) {
            return Ok(instance);
        }
        let records = &self.0.records;
        let registered = records.plugin(&plugin.name);
        let active = registered.is_none_or(|active| active.enabled && version(&active) == version(plugin));
        let instance =
            Arc::new(Instance { plugin: Arc::clone(plugin), calls: Count::default(), superseded: !active });
        if instance.superseded {
            // A call that was admitted before another version became the active one, or before the
            // plugin was disabled: it runs as it was admitted, and nothing is written about that.
            self.load(plugin).await?;
            return Ok(instance);
        }
        if let Some(other) = self.remove(&plugin.name) {
            self.take_down(&other, CALLS_PATIENCE).await;
        }
        records.turn(&plugin.name, Turn::Starting).await?;
        let prepared = match self.prepare(plugin).await {
            Ok(()) => {
                let again = lock(&self.0.crashed).remove(&plugin.name);
                records.turn(&plugin.name, Turn::Running { again }).await.map_err(StartError::from)
            }
            Err(error) => Err(error),
        };
        match prepared {
            Ok(()) => {
                self.add(&instance);
                tracing::info!(plugin = %plugin.name, version = %plugin.version, "started {}", plugin.display_name);
                Ok(instance)
            }
            Err(error) => {
                self.unload(&plugin.blake3);
                tracing::warn!(plugin = %plugin.name, %error, "could not be started");
                if let Err(error) = records.turn(&plugin.name, Turn::Error(error.to_string())).await {
                    tracing::error!(plugin = %plugin.name, %error, source = %error.source, "its state is not written down");
                }
                Err(error)
            }
        }
    }

    async fn prepare(&self, plugin: &Arc<Plugin>) -> Result<(), StartError> {
        if let Some(why) = &plugin.misconfigured {
            return Err(StartError::Config(why.clone()));
        }
        if let Some(unmet) = self.0.records.unmet(plugin).await? {
            return Err(StartError::Dependency(unmet));
        }
        self.load(plugin).await?;
        // One command needs the schemas of one capability, which its call compiles.
        if self.0.mode == Mode::Serving {
            let schemas = Arc::clone(plugin);
            // Compiling a schema may take milliseconds: not on a thread that serves calls.
            let compiled = tokio::task::spawn_blocking(move || prepare_schemas(&schemas)).await;
            compiled.unwrap_or(Err(StartError::Internal))?;
        }
        if !plugin.hooks.setup {
            return Ok(());
        }
        let report = self.0.runtime.hook(plugin, Hook::Setup).await;
        if let Err(ended) = &report.result {
            return Err(StartError::Setup(describe(ended)));
        }
        if !report.writes.is_empty() {
            self.0.records.keep(plugin, report.writes).await?;
        }
        Ok(())
    }

    async fn load(&self, plugin: &Arc<Plugin>) -> Result<(), StartError> {
        self.0.runtime.load(plugin).await.map_err(|error| StartError::Load(Arc::new(error)))
    }
}

fn prepare_schemas(plugin: &Plugin) -> Result<(), StartError> {
    for capability in &plugin.capabilities {
        for schema in [&capability.input, &capability.output] {
            schema.prepare().map_err(|error| StartError::Schema {
                capability: capability.id.to_string(),
                why: error.to_string(),
            })?;
        }
    }
    Ok(())
}

/// A hook's end in one phrase. The words are escaped already.
pub(crate) fn describe(ended: &Ended) -> String {
    match ended {
        Ended::Failed(failure) => format!("the failure `{}`: {}", failure.code, failure.message),
        Ended::Fault(fault) => format!("the fault `{}`: {}", fault.kind.as_str(), fault.message),
    }
}
