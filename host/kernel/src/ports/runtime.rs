//! What an engine does around calls: compile, ask, load, and run the hooks of a plugin's life.

use std::path::PathBuf;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::facts::Plugin;
use crate::name::Blake3;
use crate::report::{Ended, KvWrite, Usage};

/// The host's own copy of a component, and the hash its bytes must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Where it is.
    pub path: PathBuf,
    /// What it must be.
    pub blake3: Blake3,
}

/// One capability as the component itself describes it, unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of the input, as text.
    pub input_schema: String,
    /// JSON Schema of the output, as text.
    pub output_schema: String,
    /// The effect class, in the WIT's words.
    pub effect: crate::facts::Effect,
}

/// A hook of a plugin's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hook {
    /// `lifecycle.setup`
    Setup,
    /// `lifecycle.teardown`
    Teardown,
    /// `health.check`
    Health,
    /// `config.validate` with these values, a JSON object.
    Validate(String),
    /// `config.apply` with these values, a JSON object.
    Apply(String),
}

/// A plugin's word on its own fitness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// All is well.
    Healthy,
    /// It works, but something is missing or slow.
    Degraded,
    /// It cannot do its work.
    Unhealthy,
}

/// How a hook ended.
#[derive(Debug, Clone)]
pub struct HookReport {
    /// Health and its detail (escaped and cut) for `Health`, `Healthy` and nothing for the others.
    pub result: Result<(Health, String), Ended>,
    /// What was used.
    pub usage: Usage,
    /// Changes to keep; only `Setup` and `Teardown` can have any.
    pub writes: Vec<KvWrite>,
}

/// Why a component cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No file there.
    #[error("there is no component at {0}")]
    Missing(PathBuf),
    /// The bytes are not the registered ones.
    #[error("{path} is not what was registered: its BLAKE3 is {found}, registered is {expected}")]
    Changed {
        /// The file.
        path: PathBuf,
        /// What it must be.
        expected: Blake3,
        /// What it is.
        found: Blake3,
    },
    /// Not a component at all.
    #[error("{path} is not a WebAssembly component: {why}")]
    NotAComponent {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// Compiling was ended by a limit.
    #[error(
        "compiling {path} was stopped: {limit}; the component is too large or built to be slow to compile"
    )]
    CompileLimit {
        /// The file.
        path: PathBuf,
        /// Which limit.
        limit: String,
    },
    /// It needs more than the engine allows.
    #[error("{path} needs {what}")]
    Exceeds {
        /// The file.
        path: PathBuf,
        /// What it needs and what there is.
        what: String,
    },
    /// It does not fit the WIT world.
    #[error("{path} does not fit the world `ares:host/plugin`: {why}")]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is missing or different.
        why: String,
    },
    /// Asking it `describe` ended in a fault.
    #[error("{path} could not describe itself: {fault}")]
    Undescribed {
        /// The file.
        path: PathBuf,
        /// What happened, escaped.
        fault: String,
    },
    /// The machine failed.
    #[error("{what} failed")]
    Io {
        /// What was being done, and to which file.
        what: String,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// An engine's work around calls.
pub trait Runtime: Send + Sync {
    /// Compiles a component unless a sound artifact is there already, and asks it once for its
    /// capabilities, in a sandbox without any grant.
    fn describe<'a>(&'a self, component: &'a Component) -> BoxFuture<'a, Result<Vec<Described>, LoadError>>;

    /// Makes a plugin ready to be called. Does nothing when these bytes are loaded already.
    fn load<'a>(&'a self, plugin: &'a Arc<Plugin>) -> BoxFuture<'a, Result<(), LoadError>>;

    /// Forgets a loaded component; running calls finish.
    fn unload(&self, blake3: &Blake3);

    /// Runs a hook of a loaded plugin.
    fn hook<'a>(&'a self, plugin: &'a Arc<Plugin>, hook: Hook) -> BoxFuture<'a, HookReport>;
}
