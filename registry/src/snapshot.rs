//! The catalog in memory: every plugin's active version, immutable, read without a lock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ares_kernel::facts::{
    About, Access, Capability, Drift, Folder, Grants, Limits, Maxima, Method, NetRule, Origin, Plugin,
    Posture, Rate, Schema, Scope, SecretGrant, Target, Track,
};
use ares_kernel::ports::Ranked;
use ares_kernel::{Blake3, CapabilityId, NetName, PluginName, Topic};
use rusqlite::{Connection, Row};

use crate::config_layers::Layers;
use crate::file_layer::FileLayer;
use crate::history::{Stored, Tracks};
use crate::manifest::Kind;
use crate::patterns::{self, Antis};
use crate::pinned::Pinned;
use crate::posture;
use crate::reference::as_the_guest_reads;
use crate::rows;
use crate::surroundings::{Drifts, drifts};
use crate::views::TargetView;

/// Every plugin's active version at one moment, disabled ones included.
pub struct Snapshot {
    revision: i64,
    plugins: BTreeMap<PluginName, Entry>,
    providers: HashMap<CapabilityId, Providers>,
    subscribers: HashMap<Topic, Vec<(PluginName, CapabilityId)>>,
    posture: Option<Arc<Posture>>,
    skeptics: Arc<[PluginName]>,
    drifts: Drifts,
}

struct Entry {
    revision: i64,
    skeptic: bool,
    plugin: Arc<Plugin>,
}

/// What is not in the database, but the host's own.
#[derive(Clone, Copy)]
pub(crate) struct Own<'a> {
    /// The folder of components.
    pub(crate) components: &'a Path,
    /// What the configuration file says of plugins.
    pub(crate) file: &'a FileLayer,
    /// The most any plugin may use.
    pub(crate) maxima: &'a Maxima,
    /// The records of capabilities.
    pub(crate) tracks: &'a Tracks,
}

/// Who provides one capability.
#[derive(Default)]
pub(crate) struct Providers {
    /// Enabled ones, best first.
    pub(crate) enabled: Vec<(Arc<Plugin>, Arc<Capability>)>,
    /// The order and its reasons, when there is a choice.
    pub(crate) ranking: Vec<Ranked>,
    /// Disabled ones, by name.
    pub(crate) disabled: Vec<PluginName>,
}

impl Snapshot {
    /// The plugin of this name.
    #[must_use]
    pub fn plugin(&self, name: &PluginName) -> Option<&Arc<Plugin>> {
        self.plugins.get(name).map(|entry| &entry.plugin)
    }

    /// All plugins, by name.
    pub fn plugins(&self) -> impl Iterator<Item = &Arc<Plugin>> {
        self.plugins.values().map(|entry| &entry.plugin)
    }

    /// Enabled providers of a capability, best first.
    pub fn providers(&self, capability: &CapabilityId) -> impl Iterator<Item = &Arc<Plugin>> {
        self.providers
            .get(capability)
            .into_iter()
            .flat_map(|providers| providers.enabled.iter().map(|(p, _)| p))
    }

    /// Everyone who was granted the topic and the capability that is called, by name.
    pub(crate) fn subscribers(&self, topic: &Topic) -> &[(PluginName, CapabilityId)] {
        self.subscribers.get(topic).map(Vec::as_slice).unwrap_or_default()
    }

    /// Enabled skeptics, by name.
    pub(crate) fn skeptics(&self) -> &Arc<[PluginName]> {
        &self.skeptics
    }

    /// How freely the host works, where that is not the usual.
    pub(crate) fn posture(&self) -> Option<&Arc<Posture>> {
        self.posture.as_ref()
    }

    /// What is otherwise around a plugin than when it last worked, where anything is.
    pub(crate) fn drift(&self, plugin: &PluginName) -> Option<&Arc<Drift>> {
        self.drifts.get(plugin)
    }

    /// A number that grows with every change.
    #[must_use]
    pub fn revision(&self) -> i64 {
        self.revision
    }

    pub(crate) fn of(&self, capability: &CapabilityId) -> Option<&Providers> {
        self.providers.get(capability)
    }

    pub(crate) fn capabilities(&self) -> impl Iterator<Item = &CapabilityId> {
        self.providers.keys()
    }

    /// Nothing registered.
    pub(crate) fn empty() -> Self {
        Self::indexed(0, BTreeMap::new(), None)
    }

    /// Reads the catalog. Plugins that have not changed since `before` are taken over as they are,
    /// compiled schemas included.
    pub(crate) fn load(connection: &Connection, before: &Self, own: Own<'_>) -> rusqlite::Result<Self> {
        let revision = revision(connection)?;
        let mut select = connection.prepare_cached("SELECT id, name, revision FROM modules")?;
        let rows = select.query_map((), |row| Ok((row.get(0)?, rows::parsed(row, 1)?, row.get(2)?)))?;
        let now: Vec<(i64, PluginName, i64)> = rows.collect::<rusqlite::Result<_>>()?;
        let revisions: HashMap<&PluginName, i64> =
            now.iter().map(|(_, name, revision)| (name, *revision)).collect();
        let mut plugins = before.kept(|name, entry| revisions.get(name) == Some(&entry.revision));
        let changed = now.iter().filter(|(_, name, _)| !plugins.contains_key(name)).map(|(id, ..)| *id);
        let changed = rows::json_of(&changed.collect::<Vec<i64>>());
        for (revision, skeptic, plugin) in Reading::of(connection, &changed, own)?.plugins {
            plugins.insert(plugin.name.clone(), Entry { revision, skeptic, plugin: Arc::new(plugin) });
        }
        let indexed = Self::indexed(revision, plugins, posture::read(connection)?);
        Ok(Self { drifts: drifts(connection)?, ..indexed })
    }

    fn kept(&self, keep: impl Fn(&PluginName, &Entry) -> bool) -> BTreeMap<PluginName, Entry> {
        let kept = self.plugins.iter().filter(|(name, entry)| keep(name, entry));
        kept.map(|(name, entry)| {
            let Entry { revision, skeptic, plugin } = entry;
            (name.clone(), Entry { revision: *revision, skeptic: *skeptic, plugin: Arc::clone(plugin) })
        })
        .collect()
    }

    fn indexed(revision: i64, plugins: BTreeMap<PluginName, Entry>, posture: Option<Arc<Posture>>) -> Self {
        let mut providers: HashMap<CapabilityId, Providers> = HashMap::new();
        // By name already, so sorting by priority alone keeps equals in the order of names.
        for Entry { plugin, .. } in plugins.values() {
            for capability in &plugin.capabilities {
                let of = providers.entry(capability.id.clone()).or_default();
                if plugin.enabled {
                    of.enabled.push((Arc::clone(plugin), Arc::clone(capability)));
                } else {
                    of.disabled.push(plugin.name.clone());
                }
            }
        }
        for of in providers.values_mut().filter(|of| of.enabled.len() > 1) {
            of.enabled.sort_by_key(|(plugin, _)| std::cmp::Reverse(plugin.priority));
            of.ranking = ranking(&of.enabled);
        }
        let skeptics = plugins.values().filter(|entry| entry.skeptic && entry.plugin.enabled);
        let skeptics = skeptics.map(|entry| entry.plugin.name.clone()).collect();
        Self {
            revision,
            subscribers: subscribers(&plugins),
            plugins,
            providers,
            posture,
            skeptics,
            drifts: Drifts::new(),
        }
    }
}

/// Who was granted which topic, in the order of names. Disabled plugins too: whether one may be
/// called is judged when it is.
fn subscribers(plugins: &BTreeMap<PluginName, Entry>) -> HashMap<Topic, Vec<(PluginName, CapabilityId)>> {
    let mut subscribers: HashMap<Topic, Vec<(PluginName, CapabilityId)>> = HashMap::new();
    for Entry { plugin, .. } in plugins.values() {
        for (topic, capability) in plugin.grants.subscribe() {
            let of = subscribers.entry(topic.clone()).or_default();
            of.push((plugin.name.clone(), capability.clone()));
        }
    }
    subscribers
}

/// The revision of the catalog as the database has it.
pub(crate) fn revision(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT revision FROM instance")?.query_row((), |row| row.get(0))
}

fn ranking(enabled: &[(Arc<Plugin>, Arc<Capability>)]) -> Vec<Ranked> {
    let equals = |priority| enabled.iter().filter(|(plugin, _)| plugin.priority == priority).count();
    let ranked = |(plugin, _): &(Arc<Plugin>, Arc<Capability>)| {
        let priority = rows::word_of(&plugin.priority);
        let reason = match equals(plugin.priority) {
            1 => format!("priority {priority}"),
            _ => format!("priority {priority}, then by name"),
        };
        Ranked { plugin: plugin.name.clone(), version: plugin.version.clone(), reason }
    };
    enabled.iter().map(ranked).collect()
}

/// The rows of some plugins, each table read once.
struct Reading {
    /// Revision, whether it is a skeptic, and the rest.
    plugins: Vec<(i64, bool, Plugin)>,
}

type ByModule<T> = HashMap<i64, Vec<T>>;

struct Granted {
    scope: String,
    folder: Option<String>,
    access: Option<Access>,
    origins: Option<BTreeSet<Origin>>,
    methods: Option<BTreeSet<Method>>,
    spend: Vec<NetName>,
}

impl Reading {
    fn of(
        connection: &Connection,
        modules: &str,
        Own { components, file, maxima, tracks }: Own<'_>,
    ) -> rusqlite::Result<Self> {
        let read = Pending::reader(Antis::read(connection)?);
        let mut capabilities =
            by_module(connection, modules, CAPABILITIES, |row| row.get("module_id"), read)?;
        let mut grants = by_module(
            connection,
            modules,
            GRANTS,
            |row| row.get(0),
            |row| {
                let access: Option<String> = row.get(3)?;
                let access = access.map(|_| rows::word(row, 3)).transpose()?;
                let (origins, methods) = (rows::json_or_none(row, 4)?, rows::json_or_none(row, 5)?);
                let spend = rows::json_or_none(row, 6)?.unwrap_or_default();
                Ok(Granted { scope: row.get(1)?, folder: row.get(2)?, access, origins, methods, spend })
            },
        )?;
        let mut overrides = by_module(
            connection,
            modules,
            CONFIGURATIONS,
            |row| row.get(0),
            |row| Ok((row.get::<_, String>(1)?, rows::json(row, 2)?)),
        )?;
        let stored = Stored::of(connection, modules)?;
        let mut select = connection.prepare_cached(MODULES)?;
        let mut found = select.query([modules])?;
        let mut plugins = Vec::new();
        while let Some(row) = found.next()? {
            let id: i64 = row.get("id")?;
            let pinned: Pinned = rows::json(row, "pinned")?;
            let granted = Arc::new(granted(&pinned, grants.remove(&id).unwrap_or_default())?);
            let name: PluginName = rows::parsed(row, "name")?;
            let database = overrides.remove(&id).unwrap_or_default().into_iter().collect();
            let layers = Layers { pinned: &pinned, file: file.of(name.as_str()), database: &database };
            let limits = maxima.bound(pinned.limits());
            let pending = capabilities.remove(&id).unwrap_or_default();
            let blake3 = rows::blake3(row, "blake3")?;
            let before = rows::blake3_or_none(row, "before")?;
            let record =
                |capability: &CapabilityId| Record::of((tracks, &stored), (blake3, before), capability);
            let plugin = Plugin {
                name,
                display_name: pinned.display_name.clone(),
                version: rows::parsed(row, "version")?,
                blake3,
                component: components.join(format!("{blake3}.wasm")),
                enabled: row.get("enabled")?,
                auto_start: pinned.auto_start,
                singleton: pinned.singleton,
                cache_results: pinned.cache_results,
                priority: pinned.priority,
                hooks: pinned.hooks(),
                health: pinned.health(),
                config: Arc::new(as_the_guest_reads(layers.merged())),
                misconfigured: layers.problem(),
                capabilities: pending
                    .into_iter()
                    .map(|one| {
                        let record = record(&one.capability.id);
                        Arc::new(one.capability(&granted, &limits, record))
                    })
                    .collect(),
                rate: Arc::new(Rate::new(limits.per_minute, limits.per_hour)),
                claims: pinned.claims.clone(),
                grants: granted,
                limits,
            };
            plugins.push((row.get("revision")?, pinned.kind == Kind::Skeptic, plugin));
        }
        Ok(Self { plugins })
    }
}

/// The words a capability is described with.
fn said_of(capability: &Capability, tags: &[String]) -> BTreeSet<String> {
    patterns::words(&format!("{} {} {}", capability.id, capability.description, tags.join(" ")))
}

const MODULES: &str = "SELECT m.id, m.name, m.enabled, m.revision, v.version, v.blake3, v.pinned,
        (SELECT p.blake3 FROM module_versions p WHERE p.module_id = m.id AND p.id < v.id
         ORDER BY p.id DESC LIMIT 1) AS before
    FROM modules m JOIN module_versions v ON v.module_id = m.id AND v.active = 1
    WHERE m.id IN (SELECT value FROM json_each(?1))";
const CAPABILITIES: &str =
    "SELECT c.*, m.tags FROM capabilities c JOIN module_versions v ON v.id = c.version_id AND v.active = 1
    JOIN modules m ON m.id = c.module_id
    WHERE c.module_id IN (SELECT value FROM json_each(?1)) ORDER BY c.id";
const GRANTS: &str = "SELECT module_id, scope, folder, access, origins, methods, spend FROM grants
    WHERE module_id IN (SELECT value FROM json_each(?1)) ORDER BY scope";
const CONFIGURATIONS: &str = "SELECT module_id, key, value FROM configurations
    WHERE module_id IN (SELECT value FROM json_each(?1))";

fn by_module<T>(
    connection: &Connection,
    modules: &str,
    sql: &str,
    module: impl Fn(&Row<'_>) -> rusqlite::Result<i64>,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<ByModule<T>> {
    let mut select = connection.prepare_cached(sql)?;
    let mut found = select.query([modules])?;
    let mut rows: ByModule<T> = HashMap::new();
    while let Some(row) = found.next()? {
        rows.entry(module(row)?).or_default().push(read(row)?);
    }
    Ok(rows)
}

fn unsound(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
}

/// What is both granted and asked for by the version. A folder that was granted for reading stays
/// so, and a host for some methods, whatever a later version asks; a secret that was granted for some
/// part of the network goes to no other.
fn granted(pinned: &Pinned, grants: Vec<Granted>) -> rusqlite::Result<Grants> {
    let (mut kv, mut clock) = (false, false);
    let (mut call, mut folders, mut net) = (BTreeSet::new(), Vec::new(), Vec::new());
    let mut secrets = Vec::new();
    let (mut publish, mut subscribe) = (BTreeSet::new(), BTreeMap::new());
    for grant in grants {
        let Some(ask) = pinned.ask(&grant.scope) else { continue };
        match grant.scope.parse().map_err(unsound)? {
            Scope::Kv => kv = true,
            Scope::Clock => clock = true,
            Scope::Call(capability) => {
                call.insert(capability);
            }
            Scope::Publish(topic) => {
                publish.insert(topic);
            }
            Scope::Subscribe(topic) => {
                let capability = pinned.subscriptions.get(&topic).cloned();
                subscribe.extend(capability.map(|capability| (topic, capability)));
            }
            Scope::Secret(name) => {
                let net = grant.spend.into_iter().filter(|net| ask.spend.contains(net)).collect();
                secrets.push(SecretGrant { name, net });
            }
            Scope::Folder(name) => {
                let (Some(host), Some(access)) = (grant.folder, grant.access.min(ask.access)) else {
                    continue;
                };
                folders.push(Folder { name, host: host.into(), access, quota: ask.quota });
            }
            Scope::Net(name) => {
                let (Some(origins), Some(methods), Some(ask)) = (grant.origins, grant.methods, &ask.net)
                else {
                    continue;
                };
                let origins = origins.into_iter().filter(|origin| ask.allows(origin)).collect();
                net.push(NetRule { name, origins, methods: &methods & &ask.methods });
            }
        }
    }
    Ok(Grants::new(kv, call, folders)
        .with_net(net)
        .with_clock(clock)
        .with_topics(publish, subscribe)
        .with_secrets(secrets))
}

/// A capability before its plugin's grants and limits are known.
struct Pending {
    capability: Capability,
    timeout_ms: Option<u64>,
}

/// What came of earlier calls of a capability.
struct Record {
    track: Arc<Track>,
    before: Option<Arc<Track>>,
}

impl Record {
    fn of(
        (tracks, stored): (&Tracks, &Stored),
        (blake3, before): (Blake3, Option<Blake3>),
        capability: &CapabilityId,
    ) -> Self {
        let of = |blake3| tracks.of(blake3, capability, stored);
        Self { track: of(blake3), before: before.map(of) }
    }
}

impl Pending {
    /// Reads rows, and compares what they say with anti-patterns.
    fn reader(antis: Antis) -> impl Fn(&Row<'_>) -> rusqlite::Result<Self> {
        move |row| Self::read(row, &antis)
    }

    fn read(row: &Row<'_>, antis: &Antis) -> rusqlite::Result<Self> {
        let schema = |column: &str| -> rusqlite::Result<Schema> {
            Schema::parse(row.get_ref(column)?.as_str()?).map_err(unsound)
        };
        let needs: Vec<String> = rows::json(row, "needs")?;
        let targets: Vec<TargetView> = rows::json(row, "targets")?;
        let target = |view: TargetView| {
            let within = view.within.parse().map_err(unsound)?;
            Ok(Target { argument: view.argument, within })
        };
        let mut capability = Capability {
            id: rows::parsed(row, "capability")?,
            description: row.get("description")?,
            input: schema("input_schema")?,
            output: schema("output_schema")?,
            effect: rows::parsed(row, "effect")?,
            idempotent: row.get("idempotent")?,
            needs: needs
                .iter()
                .map(|scope| scope.parse().map_err(unsound))
                .collect::<rusqlite::Result<_>>()?,
            grants: Arc::default(),
            targets: targets.into_iter().map(target).collect::<rusqlite::Result<_>>()?,
            limits: Limits::default(),
            sequencing: rows::json_or_none(row, "sequencing")?,
            cost: rows::json_or_none(row, "cost")?,
            postcheck: rows::json_or_none(row, "postcheck")?,
            about: About::default(),
            track: Arc::default(),
            before: None,
        };
        let trade_offs: Vec<String> = rows::json(row, "trade_offs")?;
        capability.about =
            About::of(&capability, row.get("reversible")?, row.get("undo")?, !trade_offs.is_empty());
        let tags: Vec<String> = rows::json(row, "tags")?;
        capability.about.anti_patterns = antis.fitting(&said_of(&capability, &tags));
        Ok(Self { capability, timeout_ms: rows::count_or_none(row, "timeout_ms")? })
    }

    fn capability(self, grants: &Grants, limits: &Limits, record: Record) -> Capability {
        let Self { mut capability, timeout_ms } = self;
        (capability.track, capability.before) = (record.track, record.before);
        capability.grants = Arc::new(grants.narrowed(&capability.needs, capability.effect));
        capability.limits = limits.clone();
        if let Some(timeout) = timeout_ms.map(Duration::from_millis) {
            capability.limits.deadline = limits.deadline.min(timeout);
        }
        capability
    }
}
