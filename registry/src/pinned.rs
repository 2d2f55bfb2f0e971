//! What a version's manifest said when it was registered, as JSON in the version's row: enough to
//! make it the active one, and to load it without reading TOML again.

use std::collections::BTreeMap;
use std::time::Duration;

use ares_kernel::NetName;
use ares_kernel::facts::{Access, Claim, HealthPolicy, Hooks, Limits, NetAsk, Priority, Quota, Scope};
use ares_kernel::{CapabilityId, Topic};
use rusqlite::{Connection, named_params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::manifest::{Category, Kind, Manifest};
use crate::rows::{int, json_of};

/// The pinned facts of one version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pinned {
    pub(crate) display_name: String,
    pub(crate) kind: Kind,
    pub(crate) description: String,
    pub(crate) author: String,
    pub(crate) license: String,
    pub(crate) category: Option<Category>,
    pub(crate) tags: Vec<String>,
    pub(crate) features: Vec<String>,
    pub(crate) entry_point: String,
    pub(crate) auto_start: bool,
    pub(crate) singleton: bool,
    pub(crate) priority: Priority,
    pub(crate) cache_results: bool,
    setup: bool,
    teardown: bool,
    health_interval_ms: u64,
    health_timeout_ms: u64,
    limits: PinnedLimits,
    pub(crate) config: Map<String, Value>,
    pub(crate) config_schema: Option<String>,
    pub(crate) asks: Vec<Ask>,
    /// What the manifest claims.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) claims: Vec<Claim>,
    /// The capability each subscribed topic calls.
    #[serde(default)]
    pub(crate) subscriptions: BTreeMap<Topic, CapabilityId>,
}

/// One scope a version asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ask {
    /// The scope's text.
    pub(crate) scope: String,
    /// For folders.
    pub(crate) access: Option<Access>,
    /// For the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) net: Option<NetAsk>,
    /// For folders; versions registered before there were quotas have the usual one.
    #[serde(default)]
    pub(crate) quota: Quota,
    /// For secrets: the parts of the network into which it may be spent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) spend: Vec<NetName>,
    /// What for, in the author's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// Limits that a version was pinned without have their usual values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct PinnedLimits {
    memory_bytes: u64,
    table_elements: u64,
    fuel: u64,
    deadline_ms: u64,
    input_bytes: u64,
    output_bytes: u64,
    host_calls: u64,
    log_lines: u64,
    kv_bytes: u64,
    http_requests: u64,
    http_sent_bytes: u64,
    http_received_bytes: u64,
    concurrency: Option<u32>,
    file_bytes: u64,
    files: u64,
    folders: u64,
    kv_total_bytes: u64,
    kv_keys: u64,
    per_minute: Option<u32>,
    per_hour: Option<u32>,
}

impl Default for PinnedLimits {
    fn default() -> Self {
        Self::of(&Limits::default())
    }
}

impl PinnedLimits {
    fn of(limits: &Limits) -> Self {
        Self {
            memory_bytes: limits.memory_bytes,
            table_elements: limits.table_elements,
            fuel: limits.fuel,
            deadline_ms: millis(limits.deadline),
            input_bytes: limits.input_bytes,
            output_bytes: limits.output_bytes,
            host_calls: limits.host_calls,
            log_lines: limits.log_lines,
            kv_bytes: limits.kv_bytes,
            http_requests: limits.http_requests,
            http_sent_bytes: limits.http_sent_bytes,
            http_received_bytes: limits.http_received_bytes,
            concurrency: limits.concurrency,
            file_bytes: limits.file_bytes,
            files: limits.files,
            folders: limits.folders,
            kv_total_bytes: limits.kv_total_bytes,
            kv_keys: limits.kv_keys,
            per_minute: limits.per_minute,
            per_hour: limits.per_hour,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Pinned {
    /// What a manifest says.
    pub(crate) fn of(manifest: &Manifest) -> Self {
        let limits = manifest.limits();
        let ask = |scope: Scope| {
            let (mut access, mut net, mut quota, mut spend) = (None, None, None, Vec::new());
            let reason = manifest.permissions.reason(&scope);
            let permissions = &manifest.permissions;
            match &scope {
                Scope::Folder(name) => {
                    let asked = permissions.folder(name);
                    (access, quota) = (asked.map(|asked| asked.access), asked.map(|asked| asked.quota));
                }
                Scope::Net(name) => net = permissions.net(name).map(|asked| asked.ask.clone()),
                Scope::Secret(name) => {
                    spend = permissions.secret(name).map(|asked| asked.net.clone()).unwrap_or_default();
                }
                Scope::Kv | Scope::Clock | Scope::Call(_) | Scope::Publish(_) | Scope::Subscribe(_) => {}
            }
            Ask { scope: scope.to_string(), access, net, quota: quota.unwrap_or_default(), spend, reason }
        };
        Self {
            display_name: manifest.display_name.clone(),
            kind: manifest.kind,
            description: manifest.description.clone(),
            author: manifest.author.clone(),
            license: manifest.license.clone(),
            category: manifest.metadata.category,
            tags: manifest.metadata.tags.clone(),
            features: manifest.features.clone(),
            entry_point: manifest.component.path.clone(),
            auto_start: manifest.behavior.auto_start,
            singleton: manifest.behavior.singleton,
            priority: manifest.behavior.priority,
            cache_results: manifest.behavior.cache_results,
            setup: manifest.hooks.setup,
            teardown: manifest.hooks.teardown,
            health_interval_ms: millis(manifest.health.interval),
            health_timeout_ms: millis(manifest.health.timeout),
            limits: PinnedLimits::of(&limits),
            config: manifest.config.clone(),
            config_schema: manifest.config_schema.clone(),
            asks: manifest.scopes().into_iter().map(ask).collect(),
            claims: manifest.claims.clone(),
            subscriptions: manifest
                .permissions
                .events
                .subscribe
                .iter()
                .map(|one| (one.topic.clone(), one.capability.clone()))
                .collect(),
        }
    }

    /// The limits of a call.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            memory_bytes: self.limits.memory_bytes,
            table_elements: self.limits.table_elements,
            fuel: self.limits.fuel,
            deadline: Duration::from_millis(self.limits.deadline_ms),
            input_bytes: self.limits.input_bytes,
            output_bytes: self.limits.output_bytes,
            host_calls: self.limits.host_calls,
            log_lines: self.limits.log_lines,
            kv_bytes: self.limits.kv_bytes,
            http_requests: self.limits.http_requests,
            http_sent_bytes: self.limits.http_sent_bytes,
            http_received_bytes: self.limits.http_received_bytes,
            concurrency: self.limits.concurrency,
            file_bytes: self.limits.file_bytes,
            files: self.limits.files,
            folders: self.limits.folders,
            kv_total_bytes: self.limits.kv_total_bytes,
            kv_keys: self.limits.kv_keys,
            per_minute: self.limits.per_minute,
            per_hour: self.limits.per_hour,
        }
    }

    /// The hooks asked for.
    pub(crate) fn hooks(&self) -> Hooks {
        Hooks { setup: self.setup, teardown: self.teardown }
    }

    /// How health is asked for.
    pub(crate) fn health(&self) -> HealthPolicy {
        HealthPolicy {
            interval: Duration::from_millis(self.health_interval_ms),
            timeout: Duration::from_millis(self.health_timeout_ms),
        }
    }

    /// What the version asks for under this scope.
    pub(crate) fn ask(&self, scope: &str) -> Option<&Ask> {
        self.asks.iter().find(|ask| ask.scope == scope)
    }

    /// Puts these facts into the plugin's own row: this version is the active one now.
    pub(crate) fn into_module(
        self,
        connection: &Connection,
        module: i64,
        version: &str,
        now: u64,
    ) -> rusqlite::Result<()> {
        let mut update = connection.prepare_cached(
            "UPDATE modules SET display_name = :display_name, type = :type, version = :version,
                entry_point = :entry_point, auto_start = :auto_start, description = :description,
                author = :author, license = :license, category = :category, tags = :tags,
                features = :features, priority = :priority, singleton = :singleton,
                cache_results = :cache_results, updated_at = :now,
                config_path = (SELECT source_path || '/plugin.toml' FROM module_versions
                               WHERE module_id = :module AND version = :version)
             WHERE id = :module",
        )?;
        update.execute(named_params! {
            ":module": module, ":version": version, ":now": int(now), ":display_name": self.display_name,
            ":type": self.kind.as_str(), ":entry_point": self.entry_point, ":auto_start": self.auto_start,
            ":description": self.description, ":author": self.author, ":license": self.license,
            ":category": self.category.map(Category::as_str), ":tags": json_of(&self.tags),
            ":features": json_of(&self.features), ":priority": crate::rows::word_of(&self.priority),
            ":singleton": self.singleton, ":cache_results": self.cache_results,
        })?;
        Ok(())
    }
}
