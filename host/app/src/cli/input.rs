//! Where an invocation's input comes from: `--input`, `--arg`, standard input, or nowhere.

use std::io::{self, IsTerminal, Read};

use ares_services::operation::Operation;
use serde_json::Value;

use super::context::Session;
use super::typed;
use crate::failure::Failure;
use crate::render::field;

/// The most that is read from standard input; every plugin's own limit is lower.
const STDIN_BYTES_MAX: u64 = 16 << 20;

/// The three ways to give an input.
#[derive(Debug, clap::Args)]
pub(super) struct Input {
    /// One named argument, typed by the capability's schema; NAME:=JSON gives raw JSON. May be repeated
    #[arg(long = "arg", value_name = "NAME=VALUE", conflicts_with = "input")]
    arguments: Vec<String>,
    /// The whole input as JSON; - reads standard input
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
}

impl Input {
    /// The input's JSON text. The host judges it; here it is only found.
    pub(super) async fn text(
        self,
        session: &Session,
        capability: &str,
        plugin: Option<&str>,
    ) -> Result<String, Failure> {
        if !self.arguments.is_empty() {
            let schema = schema(session, capability, plugin).await?;
            return typed::object(&self.arguments, &schema).map(|value| value.to_string());
        }
        match self.input {
            Some(text) if text == "-" => stdin(),
            Some(text) => Ok(text),
            None if io::stdin().is_terminal() => Ok("{}".to_owned()),
            None => stdin().map(|text| if text.trim().is_empty() { "{}".to_owned() } else { text }),
        }
    }
}

/// The input schema of the provider that will be asked; nothing when there is none. The invocation
/// itself says so better.
async fn schema(session: &Session, capability: &str, plugin: Option<&str>) -> Result<Value, Failure> {
    let operation = Operation::Capabilities { name: Some(capability.to_owned()), find: None, feature: None };
    let Ok(answer) = session.operate(operation).await else { return Ok(Value::Null) };
    let providers = answer.as_array().map(Vec::as_slice).unwrap_or_default();
    let chosen = providers.iter().find(|provider| match plugin {
        Some(plugin) => *field::at(provider, "plugin") == plugin,
        None => true,
    });
    Ok(chosen.and_then(|provider| provider.get("input_schema")).cloned().unwrap_or_default())
}

fn stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let read = io::stdin().lock().take(STDIN_BYTES_MAX + 1).read_to_string(&mut text);
    let length = read.map_err(|error| Failure::io("reading standard input", &error))?;
    if length as u64 > STDIN_BYTES_MAX {
        let message = format!("standard input has more than {STDIN_BYTES_MAX} bytes");
        return Err(Failure::input("input-too-large", message));
    }
    Ok(text)
}
