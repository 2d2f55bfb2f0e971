//! What a plugin may put into a folder: how much the folder may hold, and which limit was met.

use serde::{Deserialize, Serialize};

/// How much a writable folder may hold, whoever put it there, before a plugin can add nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Lengths of all its files together, in bytes.
    pub bytes: u64,
    /// Files, folders and everything else in it, at any depth.
    pub entries: u64,
}

impl Default for Quota {
    /// What a folder may hold whose request does not say: 1 GiB in 100,000 entries.
    fn default() -> Self {
        Self { bytes: 1 << 30, entries: 100_000 }
    }
}

/// A limit on files that a call met. The guest got an error and could go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileLimit {
    /// The bytes one call may write.
    FileBytes,
    /// The files one call may make.
    Files,
    /// The folders one call may make.
    Folders,
    /// The bytes a folder may hold.
    QuotaMb,
    /// The entries a folder may hold.
    Entries,
}

impl FileLimit {
    /// The manifest's key for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FileBytes => "file_bytes",
            Self::Files => "files",
            Self::Folders => "folders",
            Self::QuotaMb => "quota_mb",
            Self::Entries => "entries",
        }
    }
}
