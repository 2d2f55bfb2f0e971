//! Are the bytes still the registered ones? Looked at before a version's first call and whenever
//! its files change, never on the way of a later call.
//!
//! Two files count. The host's own copy must be what was registered. The component in the folder
//! the plugin came from may be gone (the copy is what runs), but while it is there it must be some
//! registered version: a component changed after its registration is refused, not overlooked.

mod look;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use ares_kernel::facts::{Binding, Integrity, Objections, Plugin};
use ares_kernel::ports::{Catalog, Provision, Resolution};
use ares_kernel::{Blake3, InvocationId, PluginName, Request};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;

use crate::records::{Events, Notice, RecordsError};
pub(crate) use look::hash;
use look::{Look, look};

/// What the registry knows of a plugin's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The component in the folder the version was registered from.
    pub source: PathBuf,
    /// The hashes of all registered versions of the plugin.
    pub registered: Vec<Blake3>,
}

/// Knows where plugins came from.
pub trait Sources: Send + Sync {
    /// The files of this version.
    fn files<'a>(&'a self, plugin: &'a Plugin) -> BoxFuture<'a, Result<Files, RecordsError>>;
}

/// A catalogue that says of each route whether its bytes are sound. All clones are one.
#[derive(Clone)]
pub struct Provisioned(Arc<Parts>);

struct Parts {
    inner: Arc<dyn Catalog>,
    sources: Arc<dyn Sources>,
    events: Arc<dyn Events>,
    seen: ArcSwap<HashMap<Version, Arc<Seen>>>,
}

type Version = (PluginName, semver::Version, Blake3);

fn version(plugin: &Plugin) -> Version {
    (plugin.name.clone(), plugin.version.clone(), plugin.blake3)
}

/// A version as it was last looked at.
struct Seen {
    plugin: Arc<Plugin>,
    source: PathBuf,
    look: Look,
}

impl Provisioned {
    /// Looks after what `inner` finds.
    #[must_use]
    pub fn new(inner: Arc<dyn Catalog>, sources: Arc<dyn Sources>, events: Arc<dyn Events>) -> Self {
        Self(Arc::new(Parts { inner, sources, events, seen: ArcSwap::default() }))
    }

    /// Whether this version's bytes are sound, from memory once it was looked at.
    pub async fn integrity(&self, plugin: &Arc<Plugin>) -> Integrity {
        match self.0.seen.load().get(&version(plugin)) {
            Some(seen) => seen.look.verdict.clone(),
            None => self.look_at(plugin).await,
        }
    }

    /// Forgets what was seen of a plugin, because its versions changed.
    pub fn forget(&self, plugin: &PluginName) {
        self.0.seen.rcu(|seen| {
            let kept = seen.iter().filter(|((name, ..), _)| name != plugin);
            kept.map(|(key, seen)| (key.clone(), Arc::clone(seen))).collect::<HashMap<_, _>>()
        });
    }

    /// Hashes a version's files, away from the threads that serve calls. News is an event.
    async fn look_at(&self, plugin: &Arc<Plugin>) -> Integrity {
        let files = match self.0.sources.files(plugin).await {
            Ok(files) => files,
            // Nothing is kept: the next call asks again.
            Err(error) => return Integrity::Missing(format!("{error}: {}", error.source)),
        };
        let source = files.source.clone();
        let looked_at = Arc::clone(plugin);
        let looked = tokio::task::spawn_blocking(move || look(&looked_at, &files)).await;
        let Ok(look) = looked else {
            return Integrity::Missing(
                "the host failed while it hashed the component; see its log".to_owned(),
            );
        };
        let verdict = look.verdict.clone();
        let seen = Arc::new(Seen { plugin: Arc::clone(plugin), source, look });
        let before = self.0.seen.rcu(|all| {
            let mut all = HashMap::clone(all);
            all.insert(version(plugin), Arc::clone(&seen));
            all
        });
        let was = before.get(&version(plugin)).map_or(Integrity::Intact, |seen| seen.look.verdict.clone());
        if was != verdict {
            self.tell(plugin, &verdict).await;
        }
        verdict
    }

    async fn tell(&self, plugin: &Plugin, verdict: &Integrity) {
        let (word, what) = match verdict {
            Integrity::Intact => ("intact", None),
            Integrity::Changed(what) => ("changed", Some(what)),
            Integrity::Missing(what) => ("missing", Some(what)),
        };
        match what {
            Some(what) => {
                tracing::error!(plugin = %plugin.name, what, "its component is {word}; its calls are refused")
            }
            None => tracing::info!(plugin = %plugin.name, "its component is intact again"),
        }
        let data =
            json!({ "version": plugin.version, "blake3": plugin.blake3, "integrity": word, "what": what });
        self.0.events.emit(Notice { kind: "integrity", plugin: Some(plugin.name.clone()), data }).await;
    }
}

impl Catalog for Provisioned {
    fn resolve<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Resolution> {
        async move {
            let mut resolution = self.0.inner.resolve(request).await;
            if let Provision::Ready(route) = &mut resolution.provision
                && route.integrity == Integrity::Intact
            {
                route.integrity = self.integrity(&route.plugin).await;
            }
            // Where there is a choice, another of them may be taken.
            for other in resolution.others.iter_mut().filter(|other| other.integrity == Integrity::Intact) {
                other.integrity = self.integrity(&other.plugin).await;
            }
            resolution
        }
        .boxed()
    }

    fn answer<'a>(
        &'a self,
        asked: &'a Binding,
        forbidden_by: Option<&'a str>,
    ) -> BoxFuture<'a, Option<InvocationId>> {
        self.0.inner.answer(asked, forbidden_by)
    }

    fn objections(&self, skeptic: &Blake3) -> Option<Objections> {
        self.0.inner.objections(skeptic)
    }

    fn skeptics(&self) -> Arc<[PluginName]> {
        self.0.inner.skeptics()
    }
}
