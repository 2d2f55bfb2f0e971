//! What the registry is told when it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use ares_kernel::facts::Maxima;
use ares_kernel::ports::Clock;

use crate::file_layer::FileLayer;

/// When a closing row is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JournalSync {
    /// Before the reply for calls that may change something; within a second for the rest, which
    /// survives a killed process at once.
    #[default]
    ByEffect,
    /// Before every reply.
    EveryReply,
}

/// What the registry is told when it is opened.
#[derive(Clone)]
pub struct Options {
    /// The host's state directory: no folder in it or around it can be granted.
    pub state: PathBuf,
    /// Files of the host outside of it: no folder around one can be granted to be changed.
    pub own_files: Vec<PathBuf>,
    /// The folder that holds the host's own copies of components, `<blake3>.wasm`.
    pub components: PathBuf,
    /// The file with the key of the stored secrets. Made when the first secret is set.
    pub secrets_key: PathBuf,
    /// When a closing row is on disk.
    pub journal_sync: JournalSync,
    /// Whether closing leaves a short write-ahead log to the next one instead of bringing it into
    /// the file: for a process that lives for one command. Everything is on disk either way.
    pub leave_log: bool,
    /// The most any plugin may ask for.
    pub maxima: Maxima,
    /// What the host's configuration file says of plugins.
    pub plugins: FileLayer,
    /// Tells the time of day.
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// The usual options for a state directory.
    #[must_use]
    pub fn new(state: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        let state = state.into();
        Self {
            components: state.join("components"),
            secrets_key: state.join("keys/secrets.key"),
            state,
            own_files: Vec::new(),
            journal_sync: JournalSync::default(),
            leave_log: false,
            maxima: Maxima::default(),
            plugins: FileLayer::default(),
            clock,
        }
    }
}
