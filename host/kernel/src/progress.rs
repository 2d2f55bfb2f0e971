//! How far a running call has come: told to whoever made the call and wants to know.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::name::PluginName;
use crate::text::escaped;

/// The longest message, in bytes.
const MESSAGE_BYTES_MAX: usize = 200;

/// One report of a running guest. What it says is the guest's word and decides nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// Who reports: the plugin that was called, or one that it calls in turn.
    pub plugin: PluginName,
    /// How much is done, in units of the plugin's own.
    pub done: u64,
    /// How much there is to do, where that is known.
    pub total: Option<u64>,
    /// What it is at, escaped and cut to 200 bytes.
    pub message: String,
}

impl Update {
    /// A report in the guest's words, which are escaped and cut here.
    #[must_use]
    pub fn new(plugin: PluginName, done: u64, total: Option<u64>, message: &str) -> Self {
        Self { plugin, done, total, message: escaped(message, MESSAGE_BYTES_MAX) }
    }
}

/// Hears of running calls.
pub trait Progress: Send + Sync {
    /// Takes an update. It must not wait: the guest waits for it.
    fn report(&self, update: Update);
}

/// Where the updates of one call go, and of all calls it makes in turn.
#[derive(Clone)]
pub struct Sink(Arc<dyn Progress>);

impl Sink {
    /// Updates go there.
    #[must_use]
    pub fn new(progress: impl Progress + 'static) -> Self {
        Self(Arc::new(progress))
    }

    /// Hands an update on.
    pub fn report(&self, update: Update) {
        self.0.report(update);
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sink")
    }
}
