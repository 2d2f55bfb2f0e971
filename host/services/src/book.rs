//! The registry behind the ports of this crate. Its functions wait for the disk, so each runs on a
//! thread that may.

use std::sync::Arc;

use ares_kernel::facts::Plugin;
use ares_kernel::ports::Health;
use ares_kernel::{KvWrite, PluginName};
use ares_registry::{Registry, RegistryError, State, StatusChange};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::dependencies;
use crate::integrity::{Files, Sources};
use crate::records::{Events, Notice, Records, RecordsError, Turn};
use crate::retry::{RetryPolicies, RetryPolicy};

/// The registry, for async code. All clones are one.
#[derive(Clone)]
pub struct Book(Arc<Registry>);

impl Book {
    /// This registry.
    #[must_use]
    pub fn new(registry: Arc<Registry>) -> Self {
        Self(registry)
    }

    /// The registry itself; what it does from memory needs no thread of its own.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.0
    }

    /// Does something with the registry where waiting is allowed. It is done to its end though the
    /// caller gives up.
    ///
    /// # Errors
    /// Its own, or that the registry is closed.
    pub async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Registry) -> Result<T, RegistryError> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let registry = Arc::clone(&self.0);
        // A panic in there is a bug of the registry and not of its caller.
        tokio::task::spawn_blocking(move || work(&registry)).await.unwrap_or(Err(RegistryError::Closed))
    }

    async fn told<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Registry) -> Result<T, RegistryError> + Send + 'static,
    ) -> Result<T, RecordsError> {
        self.with(work).await.map_err(|source| RecordsError { what, source: Arc::new(source) })
    }
}

impl Events for Book {
    fn emit(&self, notice: Notice) -> BoxFuture<'_, ()> {
        async move {
            let Notice { kind, plugin, data } = notice;
            let kept = self.with(move |registry| registry.add_event(plugin.as_ref(), kind, data)).await;
            if let Err(error) = kept {
                tracing::error!(kind, error = crate::operations::chain(&error), "an event is not kept");
            }
        }
        .boxed()
    }
}

impl Records for Book {
    fn plugin(&self, name: &PluginName) -> Option<Arc<Plugin>> {
        self.0.snapshot().plugin(name).cloned()
    }

    fn unmet<'a>(&'a self, plugin: &'a Plugin) -> BoxFuture<'a, Result<Option<String>, RecordsError>> {
        let name = plugin.name.clone();
        async move {
            let needed = self.told("read dependencies", move |registry| registry.dependencies(&name)).await?;
            Ok(dependencies::first_unmet(&needed, |name| self.plugin(name)))
        }
        .boxed()
    }

    fn turn<'a>(&'a self, plugin: &'a PluginName, turn: Turn) -> BoxFuture<'a, Result<(), RecordsError>> {
        // What it said before it was started or stopped says nothing any more.
        if matches!(turn, Turn::Starting | Turn::Stopped) {
            self.registry().report_health(plugin, None);
        }
        let change = match turn {
            Turn::Starting => StatusChange::to(State::Starting),
            Turn::Running { again } => StatusChange { restarted: again, ..StatusChange::to(State::Running) },
            Turn::Stopped => StatusChange::to(State::Stopped),
            Turn::Error(why) => StatusChange { error: Some(why), ..StatusChange::to(State::Error) },
            Turn::Crashed(why) => StatusChange { error: Some(why), ..StatusChange::to(State::Crashed) },
        };
        let plugin = plugin.clone();
        self.told("write a status", move |registry| registry.update_status(&plugin, change)).boxed()
    }

    fn health<'a>(
        &'a self,
        plugin: &'a PluginName,
        health: Health,
        detail: String,
    ) -> BoxFuture<'a, Result<(), RecordsError>> {
        let plugin = plugin.clone();
        self.told("write a health", move |registry| registry.record_health(&plugin, health, &detail)).boxed()
    }

    fn keep<'a>(
        &'a self,
        plugin: &'a Plugin,
        writes: Vec<KvWrite>,
    ) -> BoxFuture<'a, Result<(), RecordsError>> {
        let kept = self.0.kv_apply(plugin, writes);
        kept.map(|kept| {
            kept.map_err(|source| RecordsError { what: "keep a hook's values", source: Arc::new(source) })
        })
        .boxed()
    }
}

impl Sources for Book {
    fn files<'a>(&'a self, plugin: &'a Plugin) -> BoxFuture<'a, Result<Files, RecordsError>> {
        let (name, wanted) = (plugin.name.clone(), plugin.version.clone());
        async move {
            self.told("say where a plugin came from", move |registry| {
                let versions = registry.versions(&name)?;
                let registered = versions.iter().map(|version| version.blake3).collect();
                let one = versions.into_iter().find(|version| version.version == wanted);
                let one = one.ok_or(RegistryError::NoSuchPlugin { name })?;
                Ok(Files { source: one.source.join(&one.entry_point), registered })
            })
            .await
        }
        .boxed()
    }
}

impl RetryPolicies for Book {
    fn policy<'a>(&'a self, plugin: &'a Plugin) -> BoxFuture<'a, RetryPolicy> {
        let (name, version) = (plugin.name.clone(), plugin.version.clone());
        async move {
            let manifest = self.with(move |registry| registry.manifest(&name, Some(&version))).await;
            // Whoever took the version out meanwhile took its policy with it.
            manifest.map_or_else(
                |_| RetryPolicy::default(),
                |(manifest, _)| RetryPolicy {
                    retries: manifest.retry.max_retries,
                    backoff: manifest.retry.backoff,
                },
            )
        }
        .boxed()
    }
}
