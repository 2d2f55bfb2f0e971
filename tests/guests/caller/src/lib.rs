//! Calls any capability that its input names, itself included.
use ares_sdk::{
    Context, call,
    serde_json::{Map, Value, json},
};

/// Whom to call with what.
#[ares_sdk::data]
pub struct Relay {
    /// The capability to call.
    capability: String,
    /// Its input.
    #[serde(default)]
    input: Map<String, Value>,
}

/// How often.
#[ares_sdk::data]
pub struct Levels {
    /// How many calls deep.
    levels: u32,
}

/// Calls a capability and answers what it answered; an error becomes this call's failure.
#[ares_sdk::capability(effect = "write")]
pub fn relay(input: Relay) -> Result<Value, call::Error> {
    call::invoke(&input.capability, &input.input)
}

/// Calls itself `levels` times and answers the depth that was reached.
#[ares_sdk::capability(effect = "read")]
pub fn relay_self(input: Levels, context: &Context) -> Result<u32, call::Error> {
    if input.levels == 0 {
        return Ok(context.depth);
    }
    call::invoke("relay_self", &json!({ "levels": input.levels - 1 }))
}

ares_sdk::plugin!(relay, relay_self);
