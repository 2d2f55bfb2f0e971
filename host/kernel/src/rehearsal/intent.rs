//! What a rehearsed guest would have done, one thing at a time.

use std::borrow::Cow;

use serde::Serialize;

use crate::event::Event;
use crate::facts::Effect;
use crate::name::{FolderName, Topic};
use crate::ports::Secrets;
use crate::report::KvWrite;

/// What would have become of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was not there.
    Made,
    /// It was there and would be another.
    Changed,
    /// It would have this value, whether it was there or not.
    Set,
    /// It would be gone.
    Removed,
}

impl Change {
    /// The word in outcomes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Changed => "changed",
            Self::Set => "set",
            Self::Removed => "removed",
        }
    }
}

/// One thing a call would have done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Intent {
    /// To a file in a granted folder.
    File {
        /// What.
        change: Change,
        /// The folder, by the name of its grant.
        folder: FolderName,
        /// The path in it, with `/` between names.
        path: String,
        /// The file's length afterwards; before, where it would be removed.
        bytes: u64,
    },
    /// To a folder in a granted folder.
    Folder {
        /// What.
        change: Change,
        /// The granted folder, by the name of its grant.
        folder: FolderName,
        /// The path in it.
        path: String,
    },
    /// To the plugin's store.
    Kv {
        /// What.
        change: Change,
        /// The key.
        key: String,
        /// The value's length.
        bytes: u64,
    },
    /// A request over the network.
    Request {
        /// The method.
        method: String,
        /// Scheme, host and port. The path and what follows it may hold secrets and is not told.
        origin: String,
        /// Address, headers and body, before any secret is put in.
        bytes: u64,
    },
    /// An event for whoever subscribes.
    Event {
        /// What about.
        topic: Topic,
        /// The payload's length.
        bytes: u64,
    },
}

impl Intent {
    /// The least class a capability must be of to do this.
    #[must_use]
    pub fn class(&self) -> Effect {
        match self {
            Self::File { .. } | Self::Folder { .. } | Self::Kv { .. } | Self::Event { .. } => Effect::Write,
            Self::Request { .. } => Effect::Network,
        }
    }

    pub(super) fn of_write(write: &KvWrite) -> Self {
        let bytes = write.value.as_ref().map_or(0, |value| value.len() as u64);
        let change = if write.value.is_some() { Change::Set } else { Change::Removed };
        Self::Kv { change, key: write.key.clone(), bytes }
    }

    pub(super) fn of_event(event: &Event) -> Self {
        Self::Event { topic: event.topic.clone(), bytes: event.payload.len() as u64 }
    }

    /// The words in it that a guest chose.
    pub(super) fn words(&mut self) -> Option<&mut String> {
        match self {
            Self::File { path, .. } | Self::Folder { path, .. } => Some(path),
            Self::Kv { key, .. } => Some(key),
            Self::Request { origin, .. } => Some(origin),
            Self::Event { .. } => None,
        }
    }
}

/// What an engine saw a rehearsed guest do. Empty for every other call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tried {
    /// What it would have done to folders and to other machines. Stored values and events are in the
    /// report itself.
    pub intents: Vec<Intent>,
    /// What it tried and was not granted, as the plugin's log names it.
    pub undeclared: Vec<String>,
    /// What the rehearsal could not show it, in words.
    pub left_out: Vec<String>,
}

impl Tried {
    /// Hides stored secrets in the words that a guest chose.
    pub(crate) fn scrub(&mut self, secrets: &dyn Secrets) {
        let words = self.intents.iter_mut().filter_map(Intent::words);
        for text in words.chain(&mut self.undeclared).chain(&mut self.left_out) {
            if let Cow::Owned(clean) = secrets.scrub(text) {
                *text = clean;
            }
        }
    }
}
