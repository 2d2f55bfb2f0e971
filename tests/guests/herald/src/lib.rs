//! Publishes whatever its input says, and answers news of its news with the same news again.
use ares_sdk::{Failure, events, serde_json::Value};

/// What to publish.
#[ares_sdk::data]
pub struct News {
    /// The topic.
    #[serde(default = "made")]
    topic: String,
    /// One event each.
    payloads: Vec<Value>,
    /// Fail after it.
    #[serde(default)]
    fail: bool,
}

fn made() -> String {
    "news.made".to_owned()
}

/// Publishes one event for each payload and answers how many.
#[ares_sdk::capability(effect = "write")]
pub fn announce(input: News) -> Result<usize, Failure> {
    for payload in &input.payloads {
        events::publish(&input.topic, payload)?;
    }
    if input.fail { Err(Failure::new("told", "as told")) } else { Ok(input.payloads.len()) }
}

/// Tries the same although it only reads.
#[ares_sdk::capability(effect = "read")]
pub fn whisper(input: News) -> Result<usize, Failure> {
    for payload in &input.payloads {
        events::publish(&input.topic, payload)?;
    }
    Ok(input.payloads.len())
}

/// A text to publish as it is.
#[ares_sdk::data]
pub struct Raw {
    /// The topic.
    topic: String,
    /// Whatever it is.
    text: String,
}

/// Publishes a text without making JSON of it.
#[ares_sdk::capability(effect = "write")]
pub fn announce_raw(input: Raw) -> Result<(), Failure> {
    Ok(ares_sdk::bindings::ares::host::events::publish(&input.topic, &input.text)?)
}

/// Publishes again what somebody heard.
#[ares_sdk::capability(effect = "write")]
pub fn on_heard(event: events::Event<Value>) -> Result<(), Failure> {
    events::publish("news.made", &event.payload)
}

ares_sdk::plugin!(announce, announce_raw, whisper, on_heard);
