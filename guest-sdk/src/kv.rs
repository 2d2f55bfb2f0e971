//! Stored values that survive a restart. Granted by `kv = true` in the manifest.
//!
//! A call sees its own writes at once; they are kept only when the call succeeds.
use serde::{Serialize, de::DeserializeOwned};

#[cfg(target_family = "wasm")]
use crate::bindings::ares::host::kv as host;
#[cfg(not(target_family = "wasm"))]
use crate::native::kv as host;
use crate::{Failure, json};

pub use crate::bindings::ares::host::kv::Error;

/// The bytes under a key, or nothing.
///
/// # Errors
/// When the store is not granted or cannot be read.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    host::get(key)
}

/// Keeps bytes under a key of 1 to 256 bytes.
///
/// # Errors
/// When the store is not granted, the capability only reads, or a limit is passed.
pub fn set(key: &str, value: &[u8]) -> Result<(), Error> {
    host::set(key, value)
}

/// Forgets a key. Answers whether it was there.
///
/// # Errors
/// When the store is not granted or the capability only reads.
pub fn delete(key: &str) -> Result<bool, Error> {
    host::delete(key)
}

/// Keys that begin with `prefix`, in byte order, after `after`; at most `limit`, never more
/// than 1,000.
///
/// # Errors
/// When the store is not granted or cannot be read.
pub fn keys(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, Error> {
    host::keys(prefix, after, limit)
}

/// The value under a key, read from JSON.
///
/// # Errors
/// As [`get`]; `stored-value` when what is stored is of another type.
pub fn get_json<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Failure> {
    let Some(bytes) = get(key)? else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|error| stored(key, &error))?;
    json::decode(&text).map(Some).map_err(|error| stored(key, &error))
}

/// Keeps a value as JSON.
///
/// # Errors
/// As [`set`]; `stored-value` when the value cannot be written as JSON.
pub fn set_json<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<(), Failure> {
    let text = json::encode(value).map_err(|error| stored(key, &error))?;
    Ok(set(key, text.as_bytes())?)
}

fn stored(key: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new("stored-value", format!("the stored value `{key}`: {error}"))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::NotGranted(text) => Self::new("not-granted", text),
            Error::TooLarge(text) => Self::new("too-large", text),
            Error::Unavailable(text) => Self::new("unavailable", text),
        }
    }
}
