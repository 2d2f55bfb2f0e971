//! Keeps the events it is called with, and does what their payload says.
use std::time::Duration;

use ares_sdk::{Context, Failure, events, kv, serde_json::Value};

const KEY: &str = "heard";

/// One event that was heard.
#[ares_sdk::data]
pub struct Heard {
    /// Its id.
    id: String,
    /// Who published it.
    publisher: String,
    /// Who called, by the context.
    caller: String,
    /// What it said.
    payload: Value,
}

/// Keeps an event. With `pause_ms` it takes its time, with `break` it traps, with `echo` it says so.
#[ares_sdk::capability(effect = "write")]
pub fn hear(event: events::Event<Value>, context: &Context) -> Result<(), Failure> {
    let payload = &event.payload;
    if let Some(pause) = payload.get("pause_ms").and_then(Value::as_u64) {
        std::thread::sleep(Duration::from_millis(pause));
    }
    let mut all = kv::get_json::<Vec<Heard>>(KEY)?.unwrap_or_default();
    let (id, publisher, caller) = (event.id, event.publisher, context.caller.name().to_owned());
    all.push(Heard { id, publisher, caller, payload: payload.clone() });
    kv::set_json(KEY, &all)?;
    assert!(payload.get("break").is_none(), "as told");
    if payload.get("echo").is_some() {
        events::publish("news.heard", payload)?;
    }
    Ok(())
}

/// Answers every event that was heard, in order.
#[ares_sdk::capability(effect = "read")]
pub fn heard() -> Result<Vec<Heard>, Failure> {
    Ok(kv::get_json(KEY)?.unwrap_or_default())
}

/// Forgets everything, which cannot be undone.
#[ares_sdk::capability(effect = "destructive")]
pub fn end(_event: events::Event<Value>) -> Result<(), Failure> {
    kv::delete(KEY)?;
    Ok(())
}

ares_sdk::plugin!(hear, heard, end);
