//! Everything that can go wrong with the registry. Each error names the thing and says what to do.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use ares_kernel::facts::{OverBudget, SchemaError};
use ares_kernel::ports::{ApprovalGone, StoreFull};
use ares_kernel::{Blake3, CapabilityId, InvocationId, PluginName, SecretName};
use rusqlite::ErrorCode;

use crate::manifest::ManifestError;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The file is something else.
    #[error("{path} is not an SQLite database; move it away, or name another state directory")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is an SQLite database of another program.
    #[error("{path} is a database of another program; move it away, or name another state directory")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error(
        "{path} is damaged ({detail}); restore a copy of it, or move it away and register the plugins again"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// In SQLite's words.
        detail: String,
    },
    /// The file was written by a newer host.
    #[error("{path} has schema version {found}, this host knows up to {known}; run the newer host")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest this host knows.
        known: i64,
    },
    /// Nothing can be written there.
    #[error(
        "{path} cannot be written; check the folder's owner and permissions, or name another state directory"
    )]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process holds the database.
    #[error("{path} is held by another process; try again, or end the process that holds it")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// No room.
    #[error("there is no room left to write {path}; free some space on its disk")]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// SQLite says no for another reason.
    #[error("{doing} in {path} failed")]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// The database.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: rusqlite::Error,
    },
    /// A file beside the database cannot be used.
    #[error("{doing} failed")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Why it failed; names the file.
        #[source]
        source: io::Error,
    },
    /// The registry was closed.
    #[error("the registry is closed")]
    Closed,

    /// No such plugin.
    #[error("no plugin `{name}` is registered; `ares-host list` shows those that are")]
    NoSuchPlugin {
        /// The name.
        name: PluginName,
    },
    /// No such version.
    #[error("version {version} of `{plugin}` is not registered; registered are {registered}")]
    NoSuchVersion {
        /// The plugin.
        plugin: PluginName,
        /// The version.
        version: semver::Version,
        /// Those that are, joined.
        registered: String,
    },
    /// No override of this key.
    #[error("`{key}` of `{plugin}` is not overridden; `ares-host config get {plugin}` shows what is")]
    NoSuchOverride {
        /// The plugin.
        plugin: PluginName,
        /// The key, escaped.
        key: String,
    },
    /// The version is registered with other content.
    #[error("{0}; raise the version, or register with `--replace`")]
    SameVersion(Box<OtherContent>),
    /// A capability is there twice.
    #[error("`{plugin}` declares the capability `{capability}` twice; rename one")]
    DuplicateCapability {
        /// The plugin.
        plugin: PluginName,
        /// The capability.
        capability: CapabilityId,
    },
    /// A limit over the host's maximum.
    #[error(
        "`{plugin}` asks for `{key} = {asked}`; this host allows at most {most}: lower it, or raise `limits.{key}` in ares.toml"
    )]
    OverMaximum {
        /// The plugin.
        plugin: PluginName,
        /// The manifest's key.
        key: &'static str,
        /// What it asks for.
        asked: u64,
        /// The most there is.
        most: u64,
    },
    /// A schema of a capability is none.
    #[error("the {which} schema of `{capability}` of `{plugin}` cannot be used")]
    Schema {
        /// The plugin.
        plugin: PluginName,
        /// The capability.
        capability: CapabilityId,
        /// `input` or `output`.
        which: &'static str,
        /// Why.
        #[source]
        source: SchemaError,
    },
    /// The stored manifest cannot be read any more.
    #[error("the stored manifest of `{plugin}` cannot be read by this host; register it again")]
    Manifest {
        /// The plugin.
        plugin: PluginName,
        /// Why.
        #[source]
        source: ManifestError,
    },
    /// A grant the plugin does not ask for.
    #[error("`{plugin}` does not ask for {scope}; it asks for {asked}")]
    NotAsked {
        /// The plugin.
        plugin: PluginName,
        /// The scope.
        scope: String,
        /// What it asks for, joined.
        asked: String,
    },
    /// A grant that is not there.
    #[error("`{plugin}` was not granted {scope}; `ares-host grants show {plugin}` lists its grants")]
    NotGranted {
        /// The plugin.
        plugin: PluginName,
        /// The scope.
        scope: String,
    },
    /// A folder scope without a place.
    #[error("{scope} needs a folder: write `{scope}=<folder>`")]
    FolderNeeded {
        /// The scope.
        scope: String,
    },
    /// A place for a scope that leads nowhere, or to another kind of place.
    #[error("{scope} does not take what was given behind its `=`")]
    PlaceNotTaken {
        /// The scope.
        scope: String,
    },
    /// A part of the network without hosts.
    #[error("{scope} needs hosts: write {scope}=https://HOST, several with `,` between them")]
    OriginNeeded {
        /// The scope.
        scope: String,
    },
    /// A host the manifest does not ask for.
    #[error("{origin} cannot be granted as {scope}: the manifest asks for {asked} alone")]
    OriginNotAsked {
        /// The scope.
        scope: String,
        /// The origin.
        origin: ares_kernel::facts::Origin,
        /// What is asked for, joined.
        asked: String,
    },
    /// The folder cannot be granted.
    #[error("{} cannot be granted as {scope}: {why}", folder.display())]
    FolderRefused {
        /// The scope.
        scope: String,
        /// The folder.
        folder: PathBuf,
        /// Why not.
        why: String,
    },
    /// A secret of this name is there already.
    #[error("the secret {name} is set already; `ares-host secrets rotate {name}` gives it another value")]
    SecretExists {
        /// The name.
        name: SecretName,
    },
    /// No secret of this name.
    #[error("no secret {name} is set; `ares-host secrets list` shows those that are")]
    NoSuchSecret {
        /// The name.
        name: SecretName,
    },
    /// The key of the stored secrets is not one.
    #[error("{} is not the key of the stored secrets: {why}", path.display())]
    SecretsKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A configuration the plugin's own schema does not take.
    #[error("`{plugin}` cannot be configured so: {why}")]
    Config {
        /// The plugin.
        plugin: PluginName,
        /// What is wrong with it.
        why: String,
    },
    /// What a call or a hook wants kept does not fit.
    #[error(transparent)]
    StoreFull(#[from] StoreFull),
    /// The approval a call was to be made with is gone.
    #[error(transparent)]
    ApprovalGone(#[from] ApprovalGone),
    /// Other calls reserved what was left of a budget.
    #[error(transparent)]
    OverBudget(#[from] OverBudget),
    /// No task of this name was planned.
    #[error("no task {name} is planned; `ares-host tasks list` shows those that are")]
    NoSuchTask {
        /// The name, escaped.
        name: String,
    },
    /// There is no budget of this name.
    #[error("there is no budget {name}; `ares-host budget list` shows those there are")]
    NoSuchBudget {
        /// The name, escaped.
        name: String,
    },
    /// Nothing is held under this id.
    #[error("no call waits or waited under {id}; `ares-host approvals list` shows those that wait")]
    NoSuchApproval {
        /// The id.
        id: InvocationId,
    },
    /// The journal holds no such call.
    #[error("the journal holds no invocation {id}; `ares-host invocations` lists the latest")]
    NoSuchInvocation {
        /// The id.
        id: InvocationId,
    },
    /// No snapshot was taken for this call.
    #[error("no snapshot was taken for {id}; `ares-host snapshots list` shows those that are kept")]
    NoSuchSnapshot {
        /// The invocation.
        id: InvocationId,
    },
    /// No pattern of this id.
    #[error("there is no pattern `{id}`; `ares-host patterns list` shows those there are")]
    NoSuchPattern {
        /// The id, escaped.
        id: String,
    },
    /// The question is not open any more.
    #[error("{id} is {state} already; make the call again to be asked again")]
    ApprovalClosed {
        /// The id.
        id: InvocationId,
        /// What became of it.
        state: String,
    },
    /// No rule stopped this call.
    #[error("no rule stopped {id}; `ares-host mandates log` shows the calls that one did")]
    NotStopped {
        /// The id.
        id: InvocationId,
    },
    /// A catastrophic rule stopped it.
    #[error("rule `{rule}` refused {id} as catastrophic, and nothing overrides that")]
    NothingOverrides {
        /// The call.
        id: InvocationId,
        /// The rule.
        rule: String,
    },
    /// Another rule stopped it, which cannot be overridden for this one call.
    #[error("rule `{rule}` cannot be overridden for {id}: {why}")]
    NotOverridable {
        /// The call.
        id: InvocationId,
        /// The rule.
        rule: String,
        /// Why not, and what can be done instead.
        why: &'static str,
    },
    /// The rule was overridden often: one more time must be meant.
    #[error(
        "rule `{rule}` was overridden for `{plugin}` {earlier} times in the last 30 days, so one more is final; if it is meant: `ares-host approvals approve {id} --final --note REASON`"
    )]
    FinalNeeded {
        /// The call.
        id: InvocationId,
        /// The rule.
        rule: String,
        /// Whose call.
        plugin: String,
        /// How often.
        earlier: u64,
    },
    /// A change that makes no sense.
    #[error("{0}")]
    Invalid(String),
}

/// One version, two contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherContent {
    /// The plugin.
    pub plugin: PluginName,
    /// The version.
    pub version: semver::Version,
    /// What differs: `component` or `manifest`.
    pub what: &'static str,
    /// The hash in the registry.
    pub registered: Blake3,
    /// The hash found now.
    pub found: Blake3,
}

impl fmt::Display for OtherContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plugin, version, what, registered, found } = self;
        write!(
            f,
            "{plugin} {version} is registered already with another {what}: registered is {registered}, found {found}"
        )
    }
}

impl RegistryError {
    /// The error of an SQLite call, sorted by what has to be done about it.
    pub(crate) fn sqlite(path: &Path, doing: &'static str, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        if let rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) = source
        {
            return Self::Corrupt { path, detail: format!("while {doing}: {source}") };
        }
        // On a full disk it is the shared memory beside the log that cannot grow first.
        if source.sqlite_extended_error_code() == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
            return Self::Full { path };
        }
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, detail: source.to_string() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::Unwritable { path, source: source.into() }
            }
            _ => Self::Sqlite { doing, path, source },
        }
    }

    /// The error of a file operation. `fs_err` puts the path into `source`.
    pub(crate) fn io(doing: &'static str, source: io::Error) -> Self {
        Self::Io { doing, source }
    }
}

/// Puts what was being done to an SQLite error.
pub(crate) trait Doing<T> {
    /// Names the action and the database.
    fn doing(self, path: &Path, doing: &'static str) -> Result<T, RegistryError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, path: &Path, doing: &'static str) -> Result<T, RegistryError> {
        self.map_err(|source| RegistryError::sqlite(path, doing, source))
    }
}
