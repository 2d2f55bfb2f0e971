//! One call, seen from inside.
use serde::de::DeserializeOwned;

use crate::{Caller, Context, Failure, json};

impl Context {
    /// What the caller attached, as a type of the plugin's own.
    ///
    /// # Errors
    /// `invalid-metadata` when it has another shape.
    pub fn metadata_as<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        json::decode(&self.metadata)
            .map_err(|error| Failure::new("invalid-metadata", format!("the metadata of the call: {error}")))
    }

    /// A context for tests: a direct call by a person, with five seconds left.
    #[cfg(not(target_family = "wasm"))]
    #[must_use]
    pub fn native() -> Self {
        Self {
            invocation: "native".to_owned(),
            caller: Caller::Human("tester".to_owned()),
            parent: None,
            task: None,
            depth: 0,
            remaining_ms: 5_000,
            metadata: "{}".to_owned(),
        }
    }
}

impl Caller {
    /// The caller's name, whatever it is.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Human(name) | Self::Agent(name) | Self::Plugin(name) => name,
        }
    }
}
