//! Opens secrets, and says in every way there is what it was told.
use ares_sdk::{Failure, config, log, secrets, serde_json::Value};

/// Which secret.
#[ares_sdk::data]
pub struct Which {
    /// Its name.
    name: String,
}

/// What to say, and how to end.
#[ares_sdk::data]
pub struct Blurt {
    /// The text.
    text: String,
    /// `answer`, `fail`, `code` or `panic`.
    end: String,
}

/// Opens a secret and answers its placeholder.
#[ares_sdk::capability(effect = "network")]
pub fn open_secret(input: Which) -> Result<String, Failure> {
    Ok(secrets::open(&input.name)?.placeholder())
}

/// The same, in a capability that needs none.
#[ares_sdk::capability(effect = "network")]
pub fn open_without_need(input: Which) -> Result<String, Failure> {
    Ok(secrets::open(&input.name)?.placeholder())
}

/// Says a text in its log and on both streams, and ends with it.
#[ares_sdk::capability(effect = "read")]
pub fn blurt(input: Blurt) -> Result<String, Failure> {
    let Blurt { text, end } = input;
    log::info!("in the log: {text}");
    println!("on standard output: {text}");
    eprintln!("on standard error: {text}");
    match end.as_str() {
        "fail" => Err(Failure::new("said-no", format!("{}{text}", " ".repeat(4090)))),
        "code" => Err(Failure::new(text, "a code of its own")),
        "panic" => panic!("the end of {text}"),
        _ => Ok(text),
    }
}

/// Answers its configuration.
#[ares_sdk::capability(effect = "read")]
pub fn read_config() -> Result<Value, Failure> {
    config::all()
}

ares_sdk::plugin! { capabilities: [open_secret, open_without_need, blurt, read_config] }
