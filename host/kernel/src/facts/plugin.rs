//! One registered version of a plugin and what it can do, as the registry's snapshot holds it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Cost, Effect, Grants, Limits, Rate, Schema, Scope, Spot, Track};
use crate::name::{Blake3, CapabilityId, PluginName};

/// Which of several providers is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// After all others.
    Low,
    /// The usual.
    #[default]
    Normal,
    /// Before the usual.
    High,
    /// Before all others.
    Critical,
}

/// Which hooks of `lifecycle` the manifest asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hooks {
    /// Call `setup` before the first call.
    pub setup: bool,
    /// Call `teardown` after the last.
    pub teardown: bool,
}

/// How often and how patiently the plugin's health is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthPolicy {
    /// Time between two checks.
    pub interval: Duration,
    /// How long one check may take.
    pub timeout: Duration,
}

/// Whether the bytes on disk are still the registered ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Integrity {
    /// They are, or nothing has said otherwise yet.
    #[default]
    Intact,
    /// They are not: what differs, in words.
    Changed(String),
    /// They are gone: what is missing, in words.
    Missing(String),
}

/// An argument that names something in the world, and inside which grant that must lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The argument's name at the top level of the input.
    pub argument: String,
    /// The grant it must stay in: a folder for paths, a part of the network for addresses.
    pub within: Scope,
}

impl Target {
    /// What the arguments say for it: one text, or each of a list.
    pub fn texts<'a>(&self, arguments: &'a serde_json::Value) -> impl Iterator<Item = &'a str> + use<'a> {
        let texts = match arguments.get(&self.argument) {
            Some(serde_json::Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        texts.iter().filter_map(serde_json::Value::as_str)
    }

    /// The places that are, where it is about a granted folder.
    pub fn spots<'a>(
        &self,
        grants: &'a Grants,
        arguments: &'a serde_json::Value,
    ) -> impl Iterator<Item = Spot> + use<'a> {
        let folder = match &self.within {
            Scope::Folder(name) => grants.folder(name),
            _ => None,
        };
        let texts = folder.map(|folder| (folder, self.texts(arguments)));
        texts.into_iter().flat_map(|(folder, texts)| {
            texts.map(|path| Spot { folder: folder.host.clone(), path: path.to_owned() })
        })
    }
}

/// What a manifest says of a capability that no call needs, but every verdict on one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// What cannot be said plainly: `description`, `argument x`, `undo`. Empty is best.
    pub unexplained: Vec<String>,
    /// Whether its undo or its caller can take it back.
    pub reversible: bool,
    /// The capability that takes it back.
    pub undo: Option<String>,
    /// Whether the author wrote down what is bad about it.
    pub trade_offs: bool,
    /// The recorded anti-patterns that what is said of it fits, by id.
    pub anti_patterns: Vec<String>,
}

impl About {
    /// The shortest description that says something, in characters.
    const DESCRIPTION_MIN: usize = 20;

    /// What is said of a capability, and what is left unsaid: a description of at least 20
    /// characters that is not just the name, a word on each argument, and how to take back what
    /// changes something.
    #[must_use]
    pub fn of(capability: &Capability, reversible: bool, undo: Option<String>, trade_offs: bool) -> Self {
        let mut unexplained = Vec::new();
        let description = capability.description.trim();
        let name = |text: &str| text.replace(['_', '-', ' ', '.'], "").to_lowercase();
        if description.chars().count() < Self::DESCRIPTION_MIN
            || name(description) == name(capability.id.as_str())
        {
            unexplained.push("description".to_owned());
        }
        let arguments = capability.input.value().get("properties").and_then(serde_json::Value::as_object);
        let silent = |schema: &serde_json::Value| {
            let text = schema.get("description").and_then(serde_json::Value::as_str);
            text.is_none_or(|text| text.trim().is_empty())
        };
        let silent = arguments.into_iter().flatten().filter(|(_, schema)| silent(schema));
        unexplained.extend(silent.map(|(name, _)| format!("argument {}", crate::text::escaped(name, 64))));
        if capability.effect.changes() && !reversible {
            unexplained.push("undo".to_owned());
        }
        Self { unexplained, reversible, undo, trade_offs, anti_patterns: Vec::new() }
    }
}

/// Something a manifest claims that the host can measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// What about.
    pub what: Claimed,
    /// How much, in the unit of what it is about.
    pub value: u32,
}

/// What can be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claimed {
    /// At most so many milliseconds in 95 of 100 calls.
    LatencyP95Ms,
    /// At least so many good answers, in basis points.
    SuccessRate,
}

/// The place of a capability within a task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sequencing {
    /// Each of these was called well in the task before.
    #[serde(default)]
    pub requires: Vec<CapabilityId>,
    /// None of these was.
    #[serde(default)]
    pub conflicts_with: Vec<CapabilityId>,
    /// One of these was the last.
    #[serde(default)]
    pub must_follow: Vec<CapabilityId>,
}

/// What must be so after a call that says it went well: arguments that name paths.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Postcheck {
    /// Where something must be.
    #[serde(default)]
    pub present: Vec<String>,
    /// Where nothing may be.
    #[serde(default)]
    pub absent: Vec<String>,
}

/// One capability of one plugin version.
#[derive(Debug)]
pub struct Capability {
    /// The name it is called by.
    pub id: CapabilityId,
    /// What it does.
    pub description: String,
    /// What it takes.
    pub input: Schema,
    /// What it answers.
    pub output: Schema,
    /// The strongest effect a call may have.
    pub effect: Effect,
    /// Calling it twice with the same input is as good as once.
    pub idempotent: bool,
    /// What a call needs.
    pub needs: Vec<Scope>,
    /// What a call really gets: the plugin's grants, narrowed to `needs` and `effect`.
    pub grants: Arc<Grants>,
    /// Arguments that name paths and addresses.
    pub targets: Vec<Target>,
    /// What a call may use: the plugin's limits, with the capability's own time-out.
    pub limits: Limits,
    /// Its place within a task, where it has one.
    pub sequencing: Option<Sequencing>,
    /// What a call costs, where it costs something.
    pub cost: Option<Cost>,
    /// What must be so after it, where its manifest says so.
    pub postcheck: Option<Postcheck>,
    /// What the manifest says of it.
    pub about: About,
    /// What came of earlier calls of it in this component.
    pub track: Arc<Track>,
    /// The same of the version before this one, where there is one.
    pub before: Option<Arc<Track>>,
}

/// One version of one plugin: the active one, unless someone asks for another.
#[derive(Debug)]
pub struct Plugin {
    /// Its name.
    pub name: PluginName,
    /// Its name for people.
    pub display_name: String,
    /// Semantic version.
    pub version: semver::Version,
    /// Hash of the component's bytes.
    pub blake3: Blake3,
    /// The host's own copy of those bytes.
    pub component: PathBuf,
    /// May it be used?
    pub enabled: bool,
    /// Start it with the host?
    pub auto_start: bool,
    /// One instance for all calls instead of one for each.
    pub singleton: bool,
    /// Answer an identical pure call from memory.
    pub cache_results: bool,
    /// Which of several providers is asked first.
    pub priority: Priority,
    /// Hooks to call.
    pub hooks: Hooks,
    /// Health checks.
    pub health: HealthPolicy,
    /// Everything granted to the plugin.
    pub grants: Arc<Grants>,
    /// What one call of it may use.
    pub limits: Limits,
    /// Its configuration: a JSON object.
    pub config: Arc<serde_json::Map<String, serde_json::Value>>,
    /// Why the plugin does not take the configuration it was given, with the place of what is wrong;
    /// it does not run then. Foreign text in it is escaped.
    pub misconfigured: Option<String>,
    /// How often it may be called.
    pub rate: Arc<Rate>,
    /// What it claims.
    pub claims: Vec<Claim>,
    /// What it can do.
    pub capabilities: Vec<Arc<Capability>>,
}

impl Plugin {
    /// The capability of this name.
    #[must_use]
    pub fn capability(&self, id: &CapabilityId) -> Option<&Arc<Capability>> {
        self.capabilities.iter().find(|capability| &capability.id == id)
    }
}
