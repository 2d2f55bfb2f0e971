//! Answers what it was given: the input, the configuration, the context.
use ares_sdk::{Caller, Context, Failure, config, serde_json::Value};

/// What to say again.
#[ares_sdk::data]
pub struct Saying {
    /// The text.
    text: String,
    /// Anything else that should come back.
    #[serde(default)]
    extra: Value,
}

/// The context, as the guest sees it.
#[ares_sdk::data]
pub struct Seen {
    /// The invocation's id.
    invocation: String,
    /// `human`, `agent` or `plugin`.
    caller_kind: String,
    /// The caller's name.
    caller: String,
    /// The invocation this one was called from.
    parent: Option<String>,
    /// The task.
    task: Option<String>,
    /// How many plugins stand between.
    depth: u32,
    /// Milliseconds left.
    remaining_ms: u64,
    /// What the caller attached.
    metadata: Value,
}

/// Answers its input.
#[ares_sdk::capability(effect = "pure")]
pub fn echo(input: Saying) -> Result<Saying, Failure> {
    Ok(input)
}

/// Answers the whole configuration.
#[ares_sdk::capability(effect = "read")]
pub fn show_config() -> Result<Value, Failure> {
    config::all()
}

/// Answers the context of the call.
#[ares_sdk::capability(effect = "read")]
pub fn show_context(context: &Context) -> Result<Seen, Failure> {
    let caller_kind = match context.caller {
        Caller::Human(_) => "human",
        Caller::Agent(_) => "agent",
        Caller::Plugin(_) => "plugin",
    };
    Ok(Seen {
        invocation: context.invocation.clone(),
        caller_kind: caller_kind.to_owned(),
        caller: context.caller.name().to_owned(),
        parent: context.parent.clone(),
        task: context.task.clone(),
        depth: context.depth,
        remaining_ms: context.remaining_ms,
        metadata: context.metadata_as()?,
    })
}

/// A configuration the plugin itself refuses although it matches the schema.
#[ares_sdk::data(open)]
pub struct Settings {
    #[serde(default)]
    greeting: String,
}

fn validate(settings: Settings) -> Result<(), Failure> {
    if settings.greeting == "forbidden" {
        return Err(Failure::new("bad-greeting", "this greeting is not polite"));
    }
    Ok(())
}

ares_sdk::plugin! { capabilities: [echo, show_config, show_context], validate: validate }
