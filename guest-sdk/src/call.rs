//! Another plugin's capability, through the host's gate. Granted by `call = ["…"]`.
use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

#[cfg(target_family = "wasm")]
use crate::bindings::ares::host::call as host;
use crate::bindings::ares::host::call as wit;
#[cfg(not(target_family = "wasm"))]
use crate::native::call as host;
use crate::{Failure, json};

pub use wit::Problem;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The gate said no.
    Refused(Problem),
    /// The other plugin answered with a failure of its own.
    Failed(Problem),
    /// The other plugin trapped, ran out of something or answered nonsense.
    Fault(Problem),
    /// Input or answer is not what the types of this call say.
    Shape(String),
}

/// Invokes a capability and waits for its answer. The time it takes counts against this call's
/// own deadline.
///
/// # Errors
/// See [`Error`]; each becomes a [`Failure`] by `?`.
pub fn invoke<In: Serialize + ?Sized, Out: DeserializeOwned>(
    capability: &str,
    input: &In,
) -> Result<Out, Error> {
    let shape = |error: serde_json::Error| Error::Shape(format!("`{capability}`: {error}"));
    let text = json::encode(input).map_err(shape)?;
    let answer = host::invoke(capability, &text)?;
    json::decode(&answer).map_err(shape)
}

impl From<wit::Error> for Error {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::Refused(problem) => Self::Refused(problem),
            wit::Error::Failed(problem) => Self::Failed(problem),
            wit::Error::Fault(problem) => Self::Fault(problem),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problem) => write!(f, "refused ({}): {}", problem.code, problem.message),
            Self::Failed(problem) => write!(f, "failed ({}): {}", problem.code, problem.message),
            Self::Fault(problem) => write!(f, "fault ({}): {}", problem.code, problem.message),
            Self::Shape(text) => write!(f, "unexpected shape: {text}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Error> for Failure {
    /// The code says which of the four it was; the message keeps the other side's code.
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Refused(_) => "call-refused",
            Error::Failed(_) => "call-failed",
            Error::Fault(_) => "call-fault",
            Error::Shape(_) => "call-shape",
        };
        Self::new(code, error.to_string())
    }
}
