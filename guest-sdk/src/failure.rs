//! Errors as values: what a capability says when it cannot answer.
use std::fmt::Display;

use crate::Failure;

impl Failure {
    /// A failure with a short stable code in kebab-case and a sentence for a person.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

/// Turns what the standard library and other crates answer into a [`Failure`], for `?`.
pub trait OrFail<T> {
    /// The value, or a failure with this code. `message` says what was being done; the cause of
    /// a `Result` is put behind it.
    ///
    /// # Errors
    /// When there is no value.
    fn or_fail(self, code: &str, message: impl Display) -> Result<T, Failure>;
}

impl<T> OrFail<T> for Option<T> {
    fn or_fail(self, code: &str, message: impl Display) -> Result<T, Failure> {
        self.ok_or_else(|| Failure::new(code, message.to_string()))
    }
}

impl<T, E: Display> OrFail<T> for Result<T, E> {
    fn or_fail(self, code: &str, message: impl Display) -> Result<T, Failure> {
        self.map_err(|cause| Failure::new(code, format!("{message}: {cause}")))
    }
}
