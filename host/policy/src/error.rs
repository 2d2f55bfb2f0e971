//! Why rules are not taken, and why something cannot be done with them.

use std::io;
use std::path::PathBuf;

use ares_registry::RegistryError;

/// The largest file of rules, in bytes: some thousand rules. Reading and checking one is done while
/// others wait for it.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 20;

/// Why rules are not taken. Foreign text in it is escaped.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The file cannot be read.
    #[error("the rules cannot be read")]
    Read(#[source] io::Error),
    /// The configuration names a file that is not there.
    #[error("`policy.file` names {0}, which is not there; write the file or take the key out")]
    Missing(PathBuf),
    /// The file is too large.
    #[error("{place} has {bytes} bytes; the most is {FILE_BYTES_MAX}")]
    TooLarge {
        /// Which file.
        place: String,
        /// How large it is.
        bytes: u64,
    },
    /// The file is not text.
    #[error("{0} is not UTF-8")]
    NotText(String),
    /// Something is wrong with a rule.
    #[error("{place}: {why}")]
    Rule {
        /// File and line.
        place: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// The file cannot be written.
    #[error("the rules cannot be written")]
    Write(#[source] io::Error),
    /// The rules this host was built with do not hold together.
    #[error("the shipped rules are unsound: {0}")]
    Shipped(String),
    /// A pattern, a caller or a time that is none.
    #[error("{0}")]
    Bad(String),
    /// What is to be tried is not there.
    #[error("{0}; `ares-host capabilities` shows those there are")]
    NotProvided(String),
    /// No rule has this id.
    #[error("no rule of {file} has the id {id}; `ares-host policy list` shows them")]
    NoSuchRule {
        /// The operator's file.
        file: String,
        /// What was asked for, escaped.
        id: String,
    },
    /// No rules have this number.
    #[error("there are no rules number {0}; `ares-host policy history` shows them")]
    NoSuchRevision(u64),
    /// A shipped rule cannot be removed.
    #[error(
        "`{0}` is shipped and cannot be removed; a rule of your own with @replaces(\"{0}\") takes its place"
    )]
    Shipping(String),
    /// The file was changed by hand and is not sound now.
    #[error("{file} is broken and was left as it was; put it right first")]
    Broken {
        /// The operator's file.
        file: String,
        /// What is wrong.
        #[source]
        source: Box<PolicyError>,
    },
    /// The registry cannot be used.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl PolicyError {
    /// The error and its causes in one line.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}
