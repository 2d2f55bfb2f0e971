//! Greets people by name.
use ares_sdk::Failure;

/// Whom to greet.
#[ares_sdk::data]
pub struct Input {
    /// The name of the one who is greeted.
    name: String,
}

/// What to say.
#[ares_sdk::data]
pub struct Output {
    /// The greeting.
    text: String,
}

/// Greets someone by name.
#[ares_sdk::capability(effect = "pure")]
pub fn greet(input: Input) -> Result<Output, Failure> {
    if input.name.is_empty() {
        return Err(Failure::new("empty-name", "the name is empty; give at least one letter"));
    }
    Ok(Output { text: format!("Hello, {}!", input.name) })
}

ares_sdk::plugin!(greet);
