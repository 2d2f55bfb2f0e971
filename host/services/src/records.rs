//! What the services read from and write to the registry, as ports: so that their loops can be
//! tried without a database.

use std::sync::Arc;

use ares_kernel::facts::Plugin;
use ares_kernel::ports::Health;
use ares_kernel::{KvWrite, PluginName};
use futures::future::BoxFuture;
use serde_json::Value;

/// Something that happened to a plugin or to the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// In one word.
    pub kind: &'static str,
    /// To whom.
    pub plugin: Option<PluginName>,
    /// What there is to say.
    pub data: Value,
}

/// Keeps events. An event that cannot be kept goes to the log and stops nothing.
pub trait Events: Send + Sync {
    /// Keeps one.
    fn emit(&self, notice: Notice) -> BoxFuture<'_, ()>;
}

/// A plugin goes from one state of its life to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It is being loaded and set up.
    Starting,
    /// It takes calls.
    Running {
        /// It crashed before.
        again: bool,
    },
    /// It was stopped.
    Stopped,
    /// It could not be started, and why.
    Error(String),
    /// A call trapped, and how.
    Crashed(String),
}

/// The registry cannot do its part. Details are the source.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the registry cannot {what}")]
pub struct RecordsError {
    /// Its part.
    pub what: &'static str,
    /// Why.
    #[source]
    pub source: Arc<dyn std::error::Error + Send + Sync>,
}

/// What a plugin's life is written to and read from.
pub trait Records: Events {
    /// The active version of a plugin, from memory.
    fn plugin(&self, name: &PluginName) -> Option<Arc<Plugin>>;

    /// The first required dependency that is not met, in one sentence.
    fn unmet<'a>(&'a self, plugin: &'a Plugin) -> BoxFuture<'a, Result<Option<String>, RecordsError>>;

    /// Writes a turn down, with its event.
    fn turn<'a>(&'a self, plugin: &'a PluginName, turn: Turn) -> BoxFuture<'a, Result<(), RecordsError>>;

    /// Writes down how a plugin fares, with an event when that is news.
    fn health<'a>(
        &'a self,
        plugin: &'a PluginName,
        health: Health,
        detail: String,
    ) -> BoxFuture<'a, Result<(), RecordsError>>;

    /// Keeps what a hook of this version wants kept.
    fn keep<'a>(
        &'a self,
        plugin: &'a Plugin,
        writes: Vec<KvWrite>,
    ) -> BoxFuture<'a, Result<(), RecordsError>>;
}
