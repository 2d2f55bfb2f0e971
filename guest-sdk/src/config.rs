//! The plugin's configuration: the manifest's values, overridden by what the operator set.
use serde::de::DeserializeOwned;

#[cfg(target_family = "wasm")]
use crate::bindings::ares::host::config_values as host;
#[cfg(not(target_family = "wasm"))]
use crate::native::config as host;
use crate::{Failure, json};

/// The value of a key, or nothing when it is not set.
///
/// # Errors
/// `invalid-config` when the value is of another type.
pub fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Failure> {
    host::get(key)
        .map(|text| json::decode(&text))
        .transpose()
        .map_err(|error| Failure::new("invalid-config", format!("the configuration key `{key}`: {error}")))
}

/// The whole configuration as a type of the plugin's own.
///
/// # Errors
/// `invalid-config` when it has another shape.
pub fn all<T: DeserializeOwned>() -> Result<T, Failure> {
    json::decode(&host::all())
        .map_err(|error| Failure::new("invalid-config", format!("the configuration: {error}")))
}
