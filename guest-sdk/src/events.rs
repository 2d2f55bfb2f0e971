//! Tells other plugins that something happened. Granted by `events.publish = ["…"]`.
//!
//! ```
//! use ares_sdk::{Failure, events};
//!
//! /// What came of a scan.
//! #[ares_sdk::data]
//! pub struct Finished {
//!     /// How many findings.
//!     findings: u32,
//! }
//!
//! /// Scans something and tells who wants to know.
//! #[ares_sdk::capability(effect = "write")]
//! pub fn scan() -> Result<u32, Failure> {
//!     let finished = Finished { findings: 3 };
//!     events::publish("scan.finished", &finished)?;
//!     Ok(finished.findings)
//! }
//!
//! /// Takes note of a scan; `[[permissions.events.subscribe]]` names it.
//! #[ares_sdk::capability(effect = "write")]
//! pub fn on_scan(event: events::Event<Finished>) -> Result<(), Failure> {
//!     ares_sdk::log::info!("{} findings, says {}", event.payload.findings, event.publisher);
//!     Ok(())
//! }
//!
//! ares_sdk::plugin!(scan, on_scan);
//! # fn main() {}
//! ```
//!
//! Events are kept only when the call that publishes them succeeds, and are delivered after it: at
//! least once, in the order they were published. A subscriber that must not do a thing twice keeps
//! the `id` of the last event it has seen.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[cfg(target_family = "wasm")]
use crate::bindings::ares::host::events as host;
#[cfg(not(target_family = "wasm"))]
use crate::native::events as host;
use crate::{Failure, json};

pub use crate::bindings::ares::host::events::Error;

/// What a capability is called with that subscribes to a topic. The host made everything but the
/// payload, which is the publisher's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event<T> {
    /// What it is about.
    pub topic: String,
    /// What the publisher says.
    pub payload: T,
    /// The same each time this event is delivered.
    pub id: String,
    /// The plugin that published it.
    pub publisher: String,
    /// When it was published, in milliseconds since the Unix epoch.
    pub at: u64,
}

/// Publishes a value about a topic such as `scan.finished`, once this call has succeeded.
///
/// # Errors
/// When the topic is not granted or the capability only reads, a limit is passed, or too many of
/// this plugin's events wait already.
pub fn publish<T: Serialize + ?Sized>(topic: &str, payload: &T) -> Result<(), Failure> {
    let text = json::encode(payload)
        .map_err(|error| Failure::new("invalid-event", format!("the event `{topic}`: {error}")))?;
    Ok(host::publish(topic, &text)?)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::NotGranted(text) => Self::new("not-granted", text),
            Error::TooLarge(text) => Self::new("too-large", text),
            Error::Invalid(text) => Self::new("invalid-event", text),
            Error::Full(text) => Self::new("events-full", text),
        }
    }
}
