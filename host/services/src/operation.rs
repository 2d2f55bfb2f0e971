//! Everything a person or a program can ask of a host, as data: the same over the control socket
//! and in-process.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ares_kernel::Caller;
use ares_kernel::progress::Sink;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::budgets::BudgetWish;
use crate::oversight::OversightWish;
use crate::patterns::PatternWish;
use crate::rules::RuleWish;
use crate::snapshots::SnapshotWish;
use crate::tasks::TaskWish;

/// One thing to do. The answer's shape is documented at each variant; all answers are JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Operation {
    /// Invoke a capability. Answers the outcome.
    Invoke(Call),
    /// Register the plugin in a folder. Answers `{plugin, version, blake3, capabilities, asked,
    /// granted, missing, unchanged, was, asks, judged}`: scopes asked for, those of them granted and not granted;
    /// whether it was registered so already; the version that was active before; each grant it asks for; and
    /// how its capabilities stand with the gate by their record, `{depth, why, capabilities}`.
    Register {
        /// The folder, absolute.
        folder: PathBuf,
        /// Scopes to grant: scope → what it leads to: an absolute folder for `fs:` scopes, origins with
        /// `,` between them for `net:` scopes.
        grants: BTreeMap<String, Option<String>>,
        /// Grant everything asked for that needs no place.
        grant_all: bool,
        /// Accept other bytes under a registered version.
        replace: bool,
    },
    /// Take a plugin out, with all versions. Answers `{plugin, versions}`.
    Unregister {
        /// The plugin.
        plugin: String,
    },
    /// Allow or forbid use. Answers `{plugin, enabled}`.
    Enable {
        /// The plugin.
        plugin: String,
        /// Allow or forbid.
        enabled: bool,
    },
    /// All plugins, by name. Answers an array.
    List {
        /// Only this kind.
        kind: Option<String>,
        /// Only this category.
        category: Option<String>,
        /// Only with this tag.
        tag: Option<String>,
    },
    /// Everything about one plugin. Answers the fields of `List` and below them `capabilities`,
    /// `dependencies` (with `met`), `grants`, `config`, `status` and `versions`.
    Info {
        /// The plugin.
        plugin: String,
    },
    /// Capabilities of enabled plugins. Answers an array, best match first when searched.
    Capabilities {
        /// Only this one.
        name: Option<String>,
        /// Words to look for in names and descriptions.
        find: Option<String>,
        /// Only of plugins with this feature tag.
        feature: Option<String>,
    },
    /// Start a plugin. Answers `{plugin, version, state, was_running, process_id}`.
    Start {
        /// The plugin.
        plugin: String,
    },
    /// Stop a plugin. Answers `{plugin, state, was_running}`.
    Stop {
        /// The plugin.
        plugin: String,
    },
    /// Counts and states. Answers `{host: {version, process_id, serving, state}, total, running,
    /// stopped, error, modules}`. `running` counts starting ones, `stopped` those never started,
    /// `error` crashed ones.
    Status {
        /// Only this plugin.
        plugin: Option<String>,
    },
    /// Ask plugins for their health now. Answers an array of `{plugin, health, detail}`.
    Health {
        /// Only this plugin; else every running one.
        plugin: Option<String>,
    },
    /// The newest events, oldest first. Answers an array.
    Events {
        /// Only of these types.
        types: Vec<String>,
        /// Only of this plugin.
        plugin: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// The newest invocations, oldest first. Answers an array.
    Invocations {
        /// Only this one.
        id: Option<String>,
        /// Only of this capability.
        capability: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// How one invocation was judged, and what came of it. Answers what docs/schema/verdict.json says.
    Explain {
        /// Which.
        id: String,
    },
    /// Say of an answer that it was wrong. Answers `{id, capability, plugin, counted}`: whether it was
    /// still among those that count.
    Feedback {
        /// The invocation.
        id: String,
        /// What was wrong with it.
        note: Option<String>,
    },
    /// Record how many cases of a plugin's component passed. Answers `{plugin, passed}`.
    Tested {
        /// The plugin.
        plugin: String,
        /// Hash of the component that was tested.
        blake3: String,
        /// How many, by capability.
        passed: BTreeMap<String, u32>,
    },
    /// What all calls may do, and with a word: choose another. Answers `{mode}`, or `{mode, was}`.
    Mode {
        /// `ask`, `plan`, `build` or `auto`.
        mode: Option<String>,
    },
    /// Whether everything is stopped. Answers `{locked, reason, since_at_ms, by, …}`.
    LockoutStatus,
    /// Stop everything. Answers like `LockoutStatus`.
    LockoutOn {
        /// Why.
        reason: String,
    },
    /// Lift the stop for a day. Answers like `LockoutStatus`.
    LockoutAcknowledge {
        /// What was found.
        note: String,
    },
    /// End the stop. Answers like `LockoutStatus`.
    LockoutOff {
        /// What was done about it.
        note: String,
    },
    /// Calls that wait for a person, oldest first. Answers an array.
    Approvals {
        /// Also those that wait no more.
        all: bool,
        /// At most so many.
        limit: u32,
    },
    /// One of them. Answers `{id, state, capability, plugin, effect, caller, arguments, reason, …}`.
    Approval {
        /// The held invocation.
        id: String,
    },
    /// Say yes to one call, once. Answers like `Approval`, and with `standing` also `rule`: `{id, text,
    /// revision}`, the rule that was written.
    Approve {
        /// The held invocation.
        id: String,
        /// Why.
        note: Option<String>,
        /// Permit such calls from now on, too.
        #[serde(default)]
        standing: Option<Standing>,
        /// The last word: for an override, where there were others before it.
        #[serde(default, rename = "final")]
        is_final: bool,
    },
    /// Say no, or take a yes back that was not used. Answers like `Approval`.
    Deny {
        /// The held invocation.
        id: String,
        /// Why.
        note: Option<String>,
    },
    /// A plugin's configuration with each value's origin. Answers `{plugin, values, problem}`,
    /// or with a key the one value: `{key, value, origin, place, manifest, ares.toml}`. `origin` is
    /// `manifest`, `ares.toml` or `database`; `problem` is why the plugin does not take them.
    ConfigGet {
        /// The plugin.
        plugin: String,
        /// Only this key.
        key: Option<String>,
    },
    /// Override one value. Answers the value with its origin.
    ConfigSet {
        /// The plugin.
        plugin: String,
        /// The key.
        key: String,
        /// JSON text.
        value: String,
    },
    /// Take an override back. Answers the value that holds now.
    ConfigUnset {
        /// The plugin.
        plugin: String,
        /// The key.
        key: String,
    },
    /// What a plugin asks for and what it was granted. Answers `{plugin, grants}`.
    GrantsShow {
        /// The plugin.
        plugin: String,
    },
    /// Grant scopes. Answers like `GrantsShow`, and `judged` as [`Operation::Register`] does.
    GrantsAllow {
        /// The plugin.
        plugin: String,
        /// Scope → what it leads to, as in [`Operation::Register`].
        grants: BTreeMap<String, Option<String>>,
    },
    /// Take grants back. Answers like `GrantsShow`.
    GrantsRevoke {
        /// The plugin.
        plugin: String,
        /// The scopes.
        scopes: Vec<String>,
    },
    /// The stored secrets, by name. Answers an array of `{name, created_at_ms, rotated_at_ms,
    /// revision, granted}`; never a value.
    SecretsList,
    /// Store a new secret. Answers it as `SecretsList` does.
    SecretSet {
        /// Its name.
        name: String,
        /// Its value.
        value: Hidden,
    },
    /// Give a secret another value. Answers it as `SecretsList` does.
    SecretRotate {
        /// Its name.
        name: String,
        /// Its new value.
        value: Hidden,
    },
    /// Forget a secret. Answers `{name, granted}`: the plugins that were granted it.
    SecretRemove {
        /// Its name.
        name: String,
    },
    /// All versions of a plugin. Answers an array.
    Versions {
        /// The plugin.
        plugin: String,
    },
    /// Make another registered version the active one. Answers `{plugin, version, was, judged}`, the last as
    /// [`Operation::Register`] does.
    Activate {
        /// The plugin.
        plugin: String,
        /// The version.
        version: String,
    },
    /// Compare every registered plugin with the bytes on disk. Answers `{checked, drift}`, where a
    /// drift is `{plugin, version, what, path, expected, actual}` and `what` is `copy` (the host's
    /// own), `component` or `manifest` (in the plugin's folder).
    Verify,
    /// What `ares.lock` should hold now. Answers `{version, plugins, text}`.
    Lock,
    /// Ask for the operator's rules or change them. Answers what the wish says.
    Policy {
        /// What to do with them.
        wish: RuleWish,
    },
    /// Ask for budgets or set them. Answers what the wish says.
    Budget {
        /// What to do with them.
        wish: BudgetWish,
    },
    /// Ask for planned tasks or change them. Answers what the wish says.
    Tasks {
        /// What to do with them.
        wish: TaskWish,
    },
    /// Ask for patterns or tell of them. Answers what the wish says.
    Patterns {
        /// What to do with them.
        wish: PatternWish,
    },
    /// Look at snapshots of what calls changed, put one back or forget one. Answers what the wish says.
    Snapshots {
        /// What to do with them.
        wish: SnapshotWish,
    },
    /// Ask what the mandates and other rules stopped, and what became of it. Answers what the wish says.
    Oversight {
        /// What to ask.
        wish: OversightWish,
    },
    /// Look over everything that is installed and what came of it, without running anything. Answers
    /// `{at_ms, host_version, looked_at, findings, sections}`; docs/analyze.md says what each of the
    /// seven sections holds.
    Analyze,
    /// Look the installation over. Answers an array of `{severity, code, plugin, message}`;
    /// severities are `error` and `warning`.
    Doctor,
}

/// One call as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The capability.
    pub capability: String,
    /// The plugin, where the caller insists on one.
    #[serde(default)]
    pub plugin: Option<String>,
    /// JSON text of the input.
    pub input: String,
    /// A shorter deadline.
    #[serde(default)]
    pub deadline_ms: Option<u64>,
    /// The task it counts under.
    #[serde(default)]
    pub task: Option<String>,
    /// JSON text of an object that the guest finds in its context.
    #[serde(default)]
    pub metadata: Option<String>,
    /// The approval it is made with: the id of the held call.
    #[serde(default)]
    pub approval: Option<String>,
    /// Whether to look as closely as the gate can.
    #[serde(default)]
    pub thorough: bool,
    /// Whether it is only a rehearsal: it runs, nothing of it lasts, and the outcome says what it
    /// would have done.
    #[serde(default)]
    pub rehearse: bool,
    /// Whether to take a snapshot of what it may change, whatever the host does of itself. For people.
    #[serde(default)]
    pub snapshot: bool,
}

/// What a yes is to hold for beside the one call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// A capability, `plugin/capability`, `plugin/*`, an effect class or a scope; the held capability of
    /// its plugin where there is none.
    #[serde(default)]
    pub pattern: Option<String>,
    /// When it ends (RFC 3339).
    #[serde(default)]
    pub until: Option<String>,
}

/// A text on its way into the store of secrets. It is wiped from memory when dropped and shows
/// nothing of itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(Zeroizing<String>);

impl Hidden {
    /// Hides a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text; whoever takes it wipes it.
    #[must_use]
    pub(crate) fn reveal(mut self) -> String {
        std::mem::take(&mut *self.0)
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden")
    }
}

/// Why an operation was not done. The code decides the exit code, the HTTP status, the MCP error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What sort of problem.
    pub kind: ProblemKind,
    /// Stable, kebab-case.
    pub code: String,
    /// Names the thing and says what to do.
    pub message: String,
}

/// The sorts of problem, one for each way a door answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The request is wrong.
    Invalid,
    /// A file is not there.
    MissingFile,
    /// No such plugin, capability, version, key.
    NotFound,
    /// Disabled or suspended.
    Disabled,
    /// Something it depends on is missing.
    Dependency,
    /// Not allowed.
    Denied,
    /// Not what was registered.
    Integrity,
    /// A guest broke while it was asked.
    Guest,
    /// It took too long.
    Timeout,
    /// The host or the machine failed.
    Failed,
}

/// Who can carry operations out: a host in this process or one behind a socket.
pub trait Operate: Send + Sync {
    /// Does one thing in the caller's name. Only a human may change what is registered, granted,
    /// configured or running.
    fn operate(&self, caller: Caller, operation: Operation) -> BoxFuture<'_, Result<Value, Problem>>;

    /// The same, and `progress` hears how far a call has come. Only calls have anything to tell; a
    /// host that hears nothing of them itself tells nothing.
    fn operate_heard(
        &self,
        caller: Caller,
        operation: Operation,
        progress: Sink,
    ) -> BoxFuture<'_, Result<Value, Problem>> {
        drop(progress);
        self.operate(caller, operation)
    }
}
