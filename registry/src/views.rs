//! What the registry answers: plain values for people and programs, and the questions they answer.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ares_kernel::facts::{Cost, Effect, Method, Money, Origin as NetOrigin};
use ares_kernel::{Blake3, CapabilityId, InvocationId, NetName, PluginName, SecretName};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Which plugins to list. Empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModuleFilter {
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only of this category.
    pub category: Option<String>,
    /// Only with this tag.
    pub tag: Option<String>,
    /// Only those that may be used and start with the host.
    pub auto_start: bool,
}

/// One plugin with its active version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModuleView {
    /// Public id, a UUIDv7.
    pub id: Uuid,
    /// Name.
    pub name: PluginName,
    /// Name for people.
    pub display_name: String,
    /// Kind: `tool`, `monitor`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The active version.
    pub version: semver::Version,
    /// What it is.
    pub description: String,
    /// Who wrote it.
    pub author: String,
    /// Under which licence.
    pub license: String,
    /// Category.
    pub category: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Feature tags.
    pub features: Vec<String>,
    /// The component's path inside the plugin's folder.
    pub entry_point: String,
    /// The world the component implements.
    pub main_function: String,
    /// The manifest it was registered with.
    pub config_path: PathBuf,
    /// First registered, in milliseconds since the Unix epoch.
    pub installed_at_ms: u64,
    /// Last changed.
    pub updated_at_ms: u64,
    /// May it be used?
    pub enabled: bool,
    /// Does it start with the host?
    pub auto_start: bool,
    /// Which of several providers is asked first.
    pub priority: ares_kernel::facts::Priority,
    /// One instance for all calls.
    pub singleton: bool,
    /// Pure calls answered from memory.
    pub cache_results: bool,
    /// Hash of the active version's bytes.
    pub blake3: Blake3,
    /// Their number.
    pub size: u64,
    /// The track of `ares:host` it was built for.
    pub wit_track: String,
    /// The folder it was registered from.
    pub source: PathBuf,
    /// What it is doing, or `unknown`.
    pub state: State,
}

/// One registered version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionView {
    /// Public id, a UUIDv7.
    pub id: Uuid,
    /// The plugin.
    pub plugin: PluginName,
    /// The version.
    pub version: semver::Version,
    /// Is it the one that answers?
    pub active: bool,
    /// Hash of the component's bytes.
    pub blake3: Blake3,
    /// Their number.
    pub size: u64,
    /// Hash of the manifest's text.
    pub manifest_blake3: Blake3,
    /// The track of `ares:host`.
    pub wit_track: String,
    /// The folder it was registered from.
    pub source: PathBuf,
    /// The component's path in that folder.
    pub entry_point: String,
    /// The host's own copy of the component.
    pub component: PathBuf,
    /// When, in milliseconds since the Unix epoch.
    pub registered_at_ms: u64,
}

/// Which capabilities to list. Empty means all of enabled plugins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CapabilityQuery {
    /// Only of this name.
    pub name: Option<CapabilityId>,
    /// Words to look for in names, descriptions and tags; best match first.
    pub find: Option<String>,
    /// Only of plugins with this feature tag.
    pub feature: Option<String>,
    /// Only of this plugin, which then may be disabled too.
    pub plugin: Option<PluginName>,
}

/// One capability of an active version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CapabilityView {
    /// Its name.
    pub capability: CapabilityId,
    /// Who provides it.
    pub plugin: PluginName,
    /// In which version.
    pub version: semver::Version,
    /// May the plugin be used?
    pub enabled: bool,
    /// What it does.
    pub description: String,
    /// The strongest effect a call may have.
    pub effect: Effect,
    /// Can it be undone?
    pub reversible: bool,
    /// The capability that undoes it.
    pub undo: Option<String>,
    /// Twice is as good as once.
    pub idempotent: bool,
    /// What a call needs, as scopes.
    pub needs: Vec<String>,
    /// Arguments that name places, and the grant each must stay in.
    pub targets: Vec<TargetView>,
    /// Its own deadline.
    pub timeout_ms: Option<u64>,
    /// What the author says against it.
    pub trade_offs: Vec<String>,
    /// Its place within a task, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequencing: Option<Value>,
    /// What a call costs: for itself and for each request it sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What must be so after a call that says it went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcheck: Option<Value>,
    /// The interface it implements.
    pub implements: Option<String>,
    /// JSON Schema of the input.
    pub input_schema: Value,
    /// JSON Schema of the output.
    pub output_schema: Value,
}

/// An argument that names a path or an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetView {
    /// The argument.
    pub argument: String,
    /// The grant it must stay in, as a scope.
    #[serde(alias = "folder", deserialize_with = "scope_or_folder")]
    pub within: String,
}

/// Something a plugin depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DependencyView {
    /// `module`, `api`, `system`, `python` or `host`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Which versions will do.
    pub version_constraint: Option<String>,
    /// Does the plugin need it to start?
    pub required: bool,
    /// Further facts, for instance an API's endpoint.
    pub detail: Option<Value>,
}

/// One scope a plugin asks for, and whether it has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantView {
    /// The scope.
    pub scope: String,
    /// What it lets the plugin do, in words.
    pub meaning: String,
    /// What for, in the author's words, which nobody has checked.
    pub reason: Option<String>,
    /// Does the active version ask for it?
    pub asked: bool,
    /// Was it granted?
    pub granted: bool,
    /// For folders: `read` or `write`, as asked for by the active version.
    pub asked_access: Option<String>,
    /// For folders: `read` or `write`, as granted.
    pub granted_access: Option<String>,
    /// For folders: the place on this machine.
    pub folder: Option<PathBuf>,
    /// For the network: the most that may be granted, when the manifest says so.
    pub asked_origins: Option<BTreeSet<NetOrigin>>,
    /// For the network: the methods asked for.
    pub asked_methods: Option<BTreeSet<Method>>,
    /// For the network: where requests may go.
    pub origins: Option<BTreeSet<NetOrigin>>,
    /// For the network: by which methods.
    pub methods: Option<BTreeSet<Method>>,
    /// Since when, in milliseconds since the Unix epoch.
    pub granted_at_ms: Option<u64>,
    /// For secrets: the parts of the network into which it may be spent, as asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked_spend: Vec<NetName>,
    /// For secrets: the same, as granted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub granted_spend: Vec<NetName>,
}

/// One stored secret; never its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretView {
    /// Its name.
    pub name: SecretName,
    /// First set, in milliseconds since the Unix epoch.
    pub created_at_ms: u64,
    /// Last given another value.
    pub rotated_at_ms: Option<u64>,
    /// How many values it has had.
    pub revision: u64,
    /// The plugins that ask for it and were granted it.
    pub granted: Vec<PluginName>,
}

impl GrantView {
    /// Whether all that is asked for is granted: a folder granted for reading is not granted in full
    /// to a plugin that wants to change it, nor is a host to one that wants to use more methods, nor a
    /// secret to one that wants to send it elsewhere too.
    #[must_use]
    pub fn in_full(&self) -> bool {
        let less =
            self.asked_access.as_deref() == Some("write") && self.granted_access.as_deref() == Some("read");
        let fewer = match (&self.asked_methods, &self.methods) {
            (Some(asked), Some(granted)) => !asked.is_subset(granted),
            _ => false,
        };
        let elsewhere = self.asked_spend.iter().any(|net| !self.granted_spend.contains(net));
        self.granted && !less && !fewer && !elsewhere
    }
}

/// Records of before there was a network name the folder alone.
fn scope_or_folder<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(if text.contains(':') { text } else { format!("fs:{text}") })
}

/// Where a configuration value comes from: a later one goes before the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The plugin's manifest.
    Manifest,
    /// `[plugins.NAME]` of the host's configuration file.
    #[serde(rename = "ares.toml")]
    File,
    /// Set by the operator, kept in the database.
    Database,
}

/// One configuration value in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfigView {
    /// Its key.
    pub key: String,
    /// The value.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
    /// For values of the configuration file: file and line.
    pub place: Option<String>,
    /// What the manifest says, where that is overridden.
    pub manifest: Option<Value>,
    /// What the configuration file says, where that is overridden.
    #[serde(rename = "ares.toml")]
    pub file: Option<Value>,
}

/// What a plugin is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It was never started.
    Unknown,
    /// Not running.
    Stopped,
    /// On its way.
    Starting,
    /// Ready for calls.
    Running,
    /// It could not be started.
    Error,
    /// It broke and is not restarted any more, or not yet.
    Crashed,
}

/// A plugin goes into another state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// Into which; never [`State::Unknown`].
    pub state: State,
    /// What went wrong.
    pub error: Option<String>,
    /// The supervisor restarted it: only this counts as a restart.
    pub restarted: bool,
}

impl StatusChange {
    /// Into this state, without an error, not restarted.
    #[must_use]
    pub fn to(state: State) -> Self {
        Self { state, error: None, restarted: false }
    }
}

/// What a plugin is doing, how it fares, and since when.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatusView {
    /// The plugin.
    pub plugin: PluginName,
    /// Its name for people.
    pub display_name: String,
    /// Its active version.
    pub version: semver::Version,
    /// May it be used?
    pub enabled: bool,
    /// What it is doing.
    pub state: State,
    /// The host process it runs in.
    pub process_id: Option<u32>,
    /// Started, in milliseconds since the Unix epoch.
    pub started_at_ms: Option<u64>,
    /// Stopped.
    pub stopped_at_ms: Option<u64>,
    /// Last asked for its health.
    pub last_health_check_ms: Option<u64>,
    /// `healthy`, `degraded` or `unhealthy`.
    pub health_status: Option<String>,
    /// What went wrong last.
    pub error_message: Option<String>,
    /// How often the supervisor restarted it.
    pub restart_count: u64,
}

/// Which events to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventQuery {
    /// Only of these types; empty means all.
    pub types: Vec<String>,
    /// Only of the plugin of this name, also one that is gone.
    pub plugin: Option<String>,
    /// At most so many, the newest.
    pub limit: u32,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventView {
    /// Public id, a UUIDv7.
    pub id: Uuid,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The plugin, by the name it had.
    pub plugin: Option<String>,
    /// The plugin's public id, as long as it is registered.
    pub module: Option<Uuid>,
    /// Who did it, as `kind:name`; nothing for the host itself.
    pub actor: Option<String>,
    /// What there is to say.
    pub data: Value,
}

/// The first delivery of a lane that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryView {
    /// Its number.
    pub id: ares_kernel::DeliveryId,
    /// Who published.
    pub publisher: PluginName,
    /// Who subscribes.
    pub subscriber: PluginName,
    /// Not before this time, in milliseconds since the Unix epoch.
    pub due_ms: u64,
    /// Whether another process is at it.
    pub taken: bool,
}

/// How a delivery ended for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryEnd {
    /// The call that was made; nothing when there was none.
    pub invocation: Option<InvocationId>,
    /// `ok`, `failed`, `refused` or `fault`, as in the journal.
    pub status: &'static str,
    /// The code of whatever went wrong.
    pub code: Option<String>,
}

/// Which invocations to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvocationQuery {
    /// Only of this capability.
    pub capability: Option<CapabilityId>,
    /// Only made from this one.
    pub parent: Option<InvocationId>,
    /// At most so many, the newest.
    pub limit: u32,
}

/// One invocation as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InvocationView {
    /// Its id.
    pub id: InvocationId,
    /// Came in, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Ended.
    pub ended_ms: Option<u64>,
    /// `running`, `ok`, `failed`, `refused`, `fault`, or `lost` when the host died under it.
    pub status: String,
    /// The capability.
    pub capability: String,
    /// `human`, `agent` or `plugin`.
    pub caller_kind: String,
    /// The caller's name within its kind.
    pub caller: String,
    /// The invocation it was made from.
    pub parent: Option<InvocationId>,
    /// How many plugins stand between.
    pub depth: u32,
    /// The task it counts under.
    pub task: Option<String>,
    /// Who ran.
    pub plugin: Option<String>,
    /// In which version.
    pub version: Option<String>,
    /// Hash of its bytes.
    pub blake3: Option<Blake3>,
    /// What the call could do.
    pub effect: Option<String>,
    /// Code of the refusal, failure or fault.
    pub code: Option<String>,
    /// Its message.
    pub message: Option<String>,
    /// Hash of the input's text.
    pub input_blake3: Blake3,
    /// Length of the input's text.
    pub input_bytes: u64,
    /// Hash of the answer's text.
    pub output_blake3: Option<Blake3>,
    /// Length of the answer's text.
    pub output_bytes: Option<u64>,
    /// What was used.
    pub usage: Option<UsageView>,
    /// What it came to, where its capability costs something and its guest was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// What of its answer could harm whoever reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flags: Option<Value>,
    /// The gate's verdict.
    pub verdict: Option<Value>,
    /// Whether it was only a rehearsal, of which nothing was kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rehearsal: bool,
    /// Events it published, and the one it was called with; only where one invocation is asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventView>,
}

/// What an invocation used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsageView {
    /// Fuel.
    pub fuel: u64,
    /// The most linear memory at one time, in bytes.
    pub peak_memory_bytes: u64,
    /// Wall-clock time in the engine, in microseconds.
    pub wall_us: u64,
    /// Calls into the host.
    pub host_calls: u64,
    /// Log lines not kept.
    pub log_lines_dropped: u64,
    /// Requests sent over HTTP.
    pub http_requests: u64,
    /// Bytes sent with them.
    pub http_sent_bytes: u64,
    /// Bytes of the answers to them.
    pub http_received_bytes: u64,
    /// What it tried and was not granted.
    pub denied: u64,
    /// Whether the answer came from memory.
    pub cached: bool,
    /// Bytes written into files, or by which files grew where that is more.
    pub file_bytes_written: u64,
    /// Files and folders made.
    pub files_made: u64,
    /// The first limit on files it met, by the manifest's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_limit: Option<String>,
}
