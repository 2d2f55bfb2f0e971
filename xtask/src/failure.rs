//! What went wrong, in one message for the person at the terminal.

use std::fmt;
use std::path::Path;

/// The result of every step.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// One message that names the thing and says what to do.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// A file operation that failed: `doing` is a verb, such as "read".
    pub(crate) fn file(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self(format!("could not {doing} {}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
