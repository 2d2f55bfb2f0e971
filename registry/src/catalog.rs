//! Who answers a request, from memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use ares_kernel::facts::{Binding, Capability, Integrity, Maxima, Objections, Plugin, Warnings};
use ares_kernel::ports::{Catalog, Health, Provision, Resolution, Route};
use ares_kernel::text::quoted;
use ares_kernel::{Blake3, CapabilityId, InvocationId, PluginName, Request};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};

use crate::budgets::Charge;
use crate::error::RegistryError;
use crate::file_layer::FileLayer;
use crate::history::Tracks;
use crate::objections;
use crate::options::Options;
use crate::readers::Readers;
use crate::registry::Registry;
use crate::secrets;
use crate::snapshot::{self, Own, Snapshot};

/// How many similar names a refusal offers.
const NEAR: usize = 3;

/// What is known without asking the database.
pub(crate) struct Memory {
    pub(crate) snapshot: ArcSwap<Snapshot>,
    integrity: ArcSwap<HashMap<Blake3, Integrity>>,
    unwell: ArcSwap<HashMap<PluginName, Health>>,
    refreshing: Mutex<()>,
    readers: Arc<Readers>,
    components: std::path::PathBuf,
    plugins: FileLayer,
    maxima: Maxima,
    pub(crate) secrets: secrets::Memory,
    pub(crate) tracks: Tracks,
    pub(crate) objections: objections::Counts,
    pub(crate) warnings: Arc<Warnings>,
}

impl Memory {
    /// Nothing is known yet.
    pub(crate) fn new(readers: Arc<Readers>, options: &Options) -> Self {
        Self {
            snapshot: ArcSwap::from_pointee(Snapshot::empty()),
            integrity: ArcSwap::default(),
            unwell: ArcSwap::default(),
            refreshing: Mutex::default(),
            readers,
            components: options.components.clone(),
            plugins: options.plugins.clone(),
            maxima: options.maxima.clone(),
            secrets: secrets::Memory::new(options.secrets_key.clone()),
            tracks: Tracks::default(),
            objections: objections::Counts::default(),
            warnings: Arc::default(),
        }
    }

    /// Makes memory what the database is. Does nothing when it is so already.
    pub(crate) fn refresh(&self) -> Result<(), RegistryError> {
        let _one_at_a_time = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshot.load_full();
        let loaded = self.readers.read("reading the catalog", |connection| {
            if snapshot::revision(connection)? == before.revision() {
                return Ok(None);
            }
            let Self { components, plugins: file, maxima, tracks, .. } = self;
            Snapshot::load(connection, &before, Own { components, file, maxima, tracks }).map(Some)
        })?;
        if let Some(snapshot) = loaded {
            self.snapshot.store(Arc::new(snapshot));
        }
        self.objections.refresh(&self.readers)?;
        self.secrets.refresh(&self.readers)
    }
}

impl Registry {
    /// Every plugin's active version at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.memory.snapshot.load_full()
    }

    /// Takes in what other processes changed, now. It also happens by itself, within about a tenth
    /// of a second.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn refresh(&self) -> Result<(), RegistryError> {
        self.memory.refresh()
    }

    /// Says whether the host's copy of these bytes is still what was registered. Calls of a plugin
    /// whose bytes are not are refused until it is said that they are again.
    pub fn report_integrity(&self, blake3: Blake3, integrity: Integrity) {
        self.memory.integrity.rcu(|known| {
            let mut known = HashMap::clone(known);
            match &integrity {
                Integrity::Intact => known.remove(&blake3),
                Integrity::Changed(_) | Integrity::Missing(_) => known.insert(blake3, integrity.clone()),
            };
            known
        });
    }

    /// Says how a plugin fares in this process. Calls of one that is unhealthy are refused until it is
    /// said that it is well, or starts anew.
    pub fn report_health(&self, plugin: &PluginName, health: Option<Health>) {
        let unwell = health.filter(|health| *health != Health::Healthy);
        if self.memory.unwell.load().get(plugin).copied() == unwell {
            return;
        }
        self.memory.unwell.rcu(|known| {
            let mut known = HashMap::clone(known);
            match unwell {
                None => known.remove(plugin),
                Some(health) => known.insert(plugin.clone(), health),
            };
            known
        });
    }

    fn resolve_now(&self, request: &Request) -> Resolution {
        let snapshot = self.memory.snapshot.load();
        let found = match &request.provider {
            Some(name) => Resolution::only(self.by_provider(&snapshot, name, &request.capability)),
            None => self.by_capability(&snapshot, &request.capability),
        };
        let warnings = Some(Arc::clone(&self.memory.warnings));
        Resolution { posture: snapshot.posture().cloned(), warnings, ..found }
    }

    fn by_provider(&self, snapshot: &Snapshot, name: &PluginName, capability: &CapabilityId) -> Provision {
        let Some(plugin) = snapshot.plugin(name) else { return Provision::NoSuchPlugin };
        let Some(capability) = plugin.capability(capability) else { return Provision::NotExported };
        if plugin.enabled {
            self.ready(snapshot, plugin, capability)
        } else {
            Provision::Disabled { plugins: vec![plugin.name.clone()] }
        }
    }

    fn by_capability(&self, snapshot: &Snapshot, capability: &CapabilityId) -> Resolution {
        let Some(providers) = snapshot.of(capability) else {
            let provision = Provision::Unknown { near: near(snapshot.capabilities(), capability) };
            return Resolution::only(provision);
        };
        let provision = match providers.enabled.first() {
            Some((plugin, capability)) => self.ready(snapshot, plugin, capability),
            None => Provision::Disabled { plugins: providers.disabled.clone() },
        };
        let others = providers.enabled.iter().skip(1).map(|(p, c)| self.route(snapshot, p, c)).collect();
        Resolution { ranking: providers.ranking.clone(), others, ..Resolution::only(provision) }
    }

    fn ready(&self, snapshot: &Snapshot, plugin: &Arc<Plugin>, capability: &Arc<Capability>) -> Provision {
        Provision::Ready(self.route(snapshot, plugin, capability))
    }

    fn route(&self, snapshot: &Snapshot, plugin: &Arc<Plugin>, capability: &Arc<Capability>) -> Route {
        let integrity = self.memory.integrity.load().get(&plugin.blake3).cloned().unwrap_or_default();
        let health = self.memory.unwell.load().get(&plugin.name).copied();
        let drift = snapshot.drift(&plugin.name).cloned();
        Route { plugin: Arc::clone(plugin), capability: Arc::clone(capability), integrity, health, drift }
    }

    /// The host's own copy of the component with this hash.
    #[must_use]
    pub fn component_path(&self, blake3: &Blake3) -> std::path::PathBuf {
        self.options.components.join(format!("{blake3}.wasm"))
    }

    /// Plugins the configuration file speaks of and nobody has registered, a sentence each, with
    /// file and line.
    #[must_use]
    pub fn unknown_in_file(&self) -> Vec<String> {
        let snapshot = self.memory.snapshot.load();
        let known: Vec<&str> = snapshot.plugins().map(|plugin| plugin.name.as_str()).collect();
        let unknown = self.memory.plugins.names().filter(|(name, _)| !known.contains(name));
        let sentence = |(name, place): (&str, &str)| {
            let likeness = |known: &&str| strsim::jaro_winkler(known, name);
            let near = known.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let near = near.filter(|near| likeness(near) > 0.75);
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            format!("{place}: no plugin {} is registered{hint}", quoted(name, 80))
        };
        unknown.map(sentence).collect()
    }

    /// Is a plugin of this name registered? From memory.
    #[must_use]
    pub fn is_registered(&self, name: &PluginName) -> bool {
        self.memory.snapshot.load().plugin(name).is_some()
    }
}

/// Names that look alike: one that contains the other first, then by the number of letters that
/// differ, at most a third of them.
pub(crate) fn near<'a>(
    known: impl Iterator<Item = &'a CapabilityId>,
    wanted: &CapabilityId,
) -> Vec<CapabilityId> {
    let wanted = wanted.as_str();
    let most = (wanted.len() / 3).max(1);
    let distance = |id: &'a CapabilityId| {
        let name = id.as_str();
        if wanted.len() > 2 && (name.contains(wanted) || (name.len() > 2 && wanted.contains(name))) {
            return Some((0, id));
        }
        if name.len().abs_diff(wanted.len()) > most {
            return None;
        }
        Some((strsim::osa_distance(name, wanted), id)).filter(|(distance, _)| *distance <= most)
    };
    let mut near: Vec<(usize, &CapabilityId)> = known.filter_map(distance).collect();
    near.sort();
    near.into_iter().take(NEAR).map(|(_, id)| id.clone()).collect()
}

impl Catalog for Registry {
    fn resolve<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Resolution> {
        let resolution = self.resolve_now(request);
        let (ordered, charge) = match &resolution.provision {
            Provision::Ready(route) => {
                let what = (&route.plugin.name, &request.capability);
                let charge = || Charge::of(request.first_caller(), what, request.task.as_deref());
                (route.capability.sequencing.is_some(), route.capability.cost.map(|_| charge()))
            }
            _ => (false, None),
        };
        let task = request.task.as_ref().filter(|_| ordered);
        if request.approval.is_none() && task.is_none() && charge.is_none() {
            return ready(resolution).boxed();
        }
        async move {
            let mut resolution = resolution;
            // What cannot be read counts as not there: that is the stricter of the two.
            if let Some(id) = request.approval {
                resolution.approval = self.approval_now(id).await.unwrap_or_else(|error| {
                    tracing::error!(%error, "an approval cannot be read; the call is judged without it");
                    None
                });
            }
            if let Some(task) = task {
                let done = self.done_in(task.clone()).await;
                resolution.done =
                    done.inspect_err(|error| tracing::error!(%error, "a task's calls cannot be read")).ok();
            }
            if let Some(charge) = charge {
                resolution.budgets = self.budgets_for(charge).await.unwrap_or_else(|error| {
                    tracing::error!(%error, "the budgets cannot be read; a person is asked");
                    Vec::new()
                });
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
        async move {
            self.answer_to(asked, forbidden_by).await.unwrap_or_else(|error| {
                tracing::error!(%error, "the approvals cannot be read; a person is asked");
                None
            })
        }
        .boxed()
    }

    fn skeptics(&self) -> Arc<[PluginName]> {
        Arc::clone(self.memory.snapshot.load().skeptics())
    }

    fn objections(&self, skeptic: &Blake3) -> Option<Objections> {
        self.memory.objections.of(skeptic)
    }
}
