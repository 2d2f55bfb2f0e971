//! What is in a frame.

use ares_kernel::Caller;
use ares_kernel::progress::Update;
use ares_services::operation::{Operation, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Chosen by the client; comes back with the reply.
    pub id: u64,
    /// In whose name. `plugin` is refused: only a running call can speak for a plugin.
    pub caller: Caller,
    /// What to do.
    pub operation: Operation,
}

/// The first frame of a connection, from the host: it is there and takes requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Greeting {
    /// Nothing: the greeting answers no request.
    pub id: Option<u64>,
    /// The host's version.
    pub host: String,
}

impl Greeting {
    /// This host's greeting.
    #[must_use]
    pub fn own() -> Self {
        Self { id: None, host: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// One reply: either `ok` or `problem`, or, of a request that still runs, `progress`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The request's id; nothing where it could not be read.
    pub id: Option<u64>,
    /// The answer. `null` is an answer too.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub ok: Option<Value>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// How far it has come; a reply with it is not the last word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Update>,
}

impl Reply {
    /// The reply to the request of this id.
    #[must_use]
    pub fn new(id: Option<u64>, result: Result<Value, Problem>) -> Self {
        match result {
            Ok(value) => Self { id, ok: Some(value), problem: None, progress: None },
            Err(problem) => Self { id, ok: None, problem: Some(problem), progress: None },
        }
    }

    /// News of the request of this id.
    #[must_use]
    pub fn news(id: u64, update: Update) -> Self {
        Self { id: Some(id), ok: None, problem: None, progress: Some(update) }
    }

    /// The result it carries, if it is the last word on its request.
    #[must_use]
    pub fn into_result(self) -> Option<Result<Value, Problem>> {
        match (self.problem, self.ok) {
            (Some(problem), _) => Some(Err(problem)),
            (None, Some(value)) => Some(Ok(value)),
            (None, None) => None,
        }
    }
}

/// `null` is a value here, and only a missing key is nothing.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
