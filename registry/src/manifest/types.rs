//! The parts of a manifest, as values.

use std::collections::BTreeSet;
use std::time::Duration;

use ares_kernel::facts::{
    Access, Cost, Effect, NetAsk, Postcheck, Priority, Quota, Scope, Sequencing, Target,
};
use ares_kernel::{Blake3, CapabilityId, FolderName, NetName, SecretName, Topic};
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every one, in the order they are shown.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word the manifest uses.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// What sort of plugin it is.
    Kind {
        /// Breaks goals down and hands them on.
        Orchestrator = "orchestrator",
        /// Looks at something and says what it sees.
        Analyzer = "analyzer",
        /// Does something.
        Executor = "executor",
        /// Connects to another system.
        Integration = "integration",
        /// A single useful thing.
        Tool = "tool",
        /// Watches over something.
        Monitor = "monitor",
        /// Text, speech or pictures.
        AiFeature = "ai-feature",
        /// Doubts what others claim.
        Skeptic = "skeptic",
    }
}

words! {
    /// How far a plugin is to be relied on, by its author's word.
    Category {
        /// Kept with the host.
        Core = "core",
        /// May change or go.
        Experimental = "experimental",
        /// From others.
        Community = "community",
        /// Written by a program.
        Forged = "forged",
    }
}

words! {
    /// What a dependency is on.
    DependencyGroup {
        /// Another plugin.
        Modules = "modules",
        /// Something installed on the machine. Named only: the sandbox cannot reach it.
        System = "system",
        /// A Python package. Named only: there is no Python in the sandbox.
        Python = "python",
        /// A service on the network. Named only; `[[permissions.net]]` asks for the way there.
        Apis = "apis",
        /// The host itself.
        Host = "host",
    }
}

/// `[metadata]`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// When it was first written, as the author writes dates.
    pub created: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// How far it is to be relied on.
    pub category: Option<Category>,
}

/// `[component]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentFile {
    /// The file, relative to the manifest and inside its folder.
    pub path: String,
    /// What its bytes must hash to, when the author says so.
    pub hash: Option<Blake3>,
}

/// `[behavior]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behavior {
    /// Start it with the host.
    pub auto_start: bool,
    /// May it be used?
    pub enabled: bool,
    /// One instance for all calls.
    pub singleton: bool,
    /// Which of several providers is asked first.
    pub priority: Priority,
    /// Answer an identical pure call from memory.
    pub cache_results: bool,
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            auto_start: false,
            enabled: true,
            singleton: false,
            priority: Priority::Normal,
            cache_results: false,
        }
    }
}

/// `[[capability]]`: what the manifest says; the component's own description completes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Its name.
    pub id: CapabilityId,
    /// What it does, when the component's own words shall not be used.
    pub description: Option<String>,
    /// JSON Schema of the input, canonical text, when the component's own shall not be used.
    pub input: Option<String>,
    /// JSON Schema of the output, likewise.
    pub output: Option<String>,
    /// The strongest effect a call may have.
    pub effect: Effect,
    /// Can it be undone?
    pub reversible: bool,
    /// The capability that undoes it.
    pub undo: Option<CapabilityId>,
    /// Twice is as good as once.
    pub idempotent: bool,
    /// What a call needs.
    pub needs: Vec<Scope>,
    /// Which arguments name paths.
    pub targets: Vec<Target>,
    /// Its own deadline, never longer than `[limits] deadline_ms`.
    pub timeout_ms: Option<u64>,
    /// What the author says against it.
    pub trade_offs: Vec<String>,
    /// The interface it implements, for finding others like it.
    pub implements: Option<String>,
    /// Its place within a task.
    pub sequencing: Option<Sequencing>,
    /// What a call costs.
    pub cost: Option<Cost>,
    /// What must be so after a call.
    pub postcheck: Option<Postcheck>,
}

/// One entry of `[dependencies]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// What it is on.
    pub group: DependencyGroup,
    /// The name in that group; for `host` it is `ares-host`.
    pub name: String,
    /// Which versions will do, as written; `*` for any. For modules and the host it is a semantic
    /// version requirement.
    pub requirement: String,
    /// The plugin works without it.
    pub optional: bool,
    /// Where an API is.
    pub endpoint: Option<String>,
    /// How an API wants to be asked: a word such as `bearer`, never a secret.
    pub auth: Option<String>,
}

impl Dependency {
    /// Whether this version will do. Nothing for groups without semantic versions.
    #[must_use]
    pub fn accepts(&self, version: &semver::Version) -> Option<bool> {
        match self.group {
            DependencyGroup::Modules | DependencyGroup::Host => semver::VersionReq::parse(&self.requirement)
                .ok()
                .map(|requirement| requirement.matches(version)),
            DependencyGroup::System | DependencyGroup::Python | DependencyGroup::Apis => None,
        }
    }
}

/// `[permissions]`: what the plugin asks for. The operator grants it or does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    /// A store of its own.
    pub kv: bool,
    /// Clocks finer than a millisecond.
    pub clock: bool,
    /// Capabilities it wants to call.
    pub call: BTreeSet<CapabilityId>,
    /// Folders it wants to reach.
    pub folders: Vec<FolderRequest>,
    /// Parts of the network it wants to reach.
    pub net: Vec<NetRequest>,
    /// Events it wants to publish and to be called with.
    pub events: EventRequests,
    /// Secrets it wants to spend.
    pub secrets: Vec<SecretRequest>,
}

impl Permissions {
    /// Every scope that is asked for.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        let kv = self.kv.then_some(Scope::Kv);
        let clock = self.clock.then_some(Scope::Clock);
        let call = self.call.iter().cloned().map(Scope::Call);
        let folders = self.folders.iter().map(|folder| Scope::Folder(folder.name.clone()));
        let net = self.net.iter().map(|net| Scope::Net(net.name.clone()));
        let secrets = self.secrets.iter().map(|secret| Scope::Secret(secret.name.clone()));
        let first = kv.into_iter().chain(clock).chain(call).chain(folders).chain(net);
        first.chain(self.events.scopes()).chain(secrets).collect()
    }

    /// Those of them a capability may need: it is the host that uses a subscription.
    #[must_use]
    pub fn needable(&self) -> Vec<Scope> {
        let mut scopes = self.scopes();
        scopes.retain(|scope| !matches!(scope, Scope::Subscribe(_)));
        scopes
    }

    /// The request for the folder of this name.
    #[must_use]
    pub fn folder(&self, name: &FolderName) -> Option<&FolderRequest> {
        self.folders.iter().find(|folder| &folder.name == name)
    }

    /// What a scope is asked for, in the author's words.
    #[must_use]
    pub fn reason(&self, scope: &Scope) -> Option<String> {
        match scope {
            Scope::Folder(name) => self.folder(name)?.reason.clone(),
            Scope::Net(name) => self.net(name)?.reason.clone(),
            Scope::Secret(name) => self.secret(name)?.reason.clone(),
            Scope::Kv | Scope::Clock | Scope::Call(_) | Scope::Publish(_) | Scope::Subscribe(_) => None,
        }
    }

    /// The request for the part of the network of this name.
    #[must_use]
    pub fn net(&self, name: &NetName) -> Option<&NetRequest> {
        self.net.iter().find(|net| &net.name == name)
    }

    /// The request for the secret of this name.
    #[must_use]
    pub fn secret(&self, name: &SecretName) -> Option<&SecretRequest> {
        self.secrets.iter().find(|secret| &secret.name == name)
    }
}

/// `[[permissions.net]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetRequest {
    /// What it is called in `needs`, `targets` and grants.
    pub name: NetName,
    /// Which hosts, by which methods.
    pub ask: NetAsk,
    /// What for, in words for the operator.
    pub reason: Option<String>,
}

/// `[permissions.events]`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventRequests {
    /// Topics it wants to publish.
    pub publish: BTreeSet<Topic>,
    /// Topics it wants to be called with.
    pub subscribe: Vec<Subscription>,
}

impl EventRequests {
    fn scopes(&self) -> impl Iterator<Item = Scope> {
        let subscribe = self.subscribe.iter().map(|one| Scope::Subscribe(one.topic.clone()));
        self.publish.iter().cloned().map(Scope::Publish).chain(subscribe)
    }
}

/// `[[permissions.events.subscribe]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// What the events are about.
    pub topic: Topic,
    /// The plugin's own capability that is called with each.
    pub capability: CapabilityId,
}

/// `[[permissions.fs]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderRequest {
    /// The guest finds it at `/<name>`.
    pub name: FolderName,
    /// Reading, or changing too.
    pub access: Access,
    /// What for, in words for the operator.
    pub reason: Option<String>,
    /// How much the folder may hold before nothing more can be added.
    pub quota: Quota,
}

/// `[[permissions.secrets]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRequest {
    /// The operator sets its value under this name.
    pub name: SecretName,
    /// The parts of the network into which it may be spent; never empty.
    pub net: Vec<NetName>,
    /// What for, in words for the operator.
    pub reason: Option<String>,
}

/// `[retry]`: a call of an idempotent capability that ended in a fault is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often again; 0 without `[retry]`.
    pub max_retries: u32,
    /// The pause before the first, doubled for each further one.
    pub backoff: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { max_retries: 0, backoff: Duration::from_secs(1) }
    }
}
