//! What `#[capability]` makes of a function, and how the host's calls reach it.
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Context, Descriptor, Effect, Failure, json, schema};

/// One thing a plugin can do. `#[ares_sdk::capability]` implements it for a type with the
/// function's own name, so nobody writes this by hand.
pub trait Capability {
    /// What the function takes.
    type Input: DeserializeOwned + JsonSchema;
    /// What it answers.
    type Output: Serialize + JsonSchema;
    /// The name it is called by.
    const NAME: &'static str;
    /// The doc comment.
    const DESCRIPTION: &'static str;
    /// The strongest effect a call may have.
    const EFFECT: Effect;

    /// Calls the function.
    ///
    /// # Errors
    /// Whatever the function says.
    fn call(input: Self::Input, context: &Context) -> Result<Self::Output, Failure>;
}

/// What a capability may return: a `Result` whose error becomes a [`Failure`].
pub trait Answer {
    /// The value of a good answer.
    type Output: Serialize + JsonSchema;

    /// The answer with its error as the host wants it.
    ///
    /// # Errors
    /// The function's own error.
    fn into_result(self) -> Result<Self::Output, Failure>;
}

impl<T: Serialize + JsonSchema, E: Into<Failure>> Answer for Result<T, E> {
    type Output = T;

    fn into_result(self) -> Result<T, Failure> {
        self.map_err(Into::into)
    }
}

/// The input of a capability that takes none: an object without properties.
#[crate::data]
pub struct NoInput {}

/// What the host learns about a capability when the plugin is registered.
#[must_use]
pub fn describe<C: Capability>() -> Descriptor {
    Descriptor {
        name: C::NAME.to_owned(),
        description: C::DESCRIPTION.to_owned(),
        input_schema: schema::input::<C::Input>(),
        output_schema: schema::output::<C::Output>(),
        effect: C::EFFECT,
    }
}

/// Runs a capability on JSON text.
///
/// # Errors
/// `invalid-input` when the text is not what the function takes, `invalid-output` when the answer
/// cannot be written as JSON, otherwise what the function says.
pub fn invoke<C: Capability>(input: &str, context: &Context) -> Result<String, Failure> {
    let input = json::decode(input)
        .map_err(|error| Failure::new("invalid-input", format!("the input of `{}`: {error}", C::NAME)))?;
    let output = C::call(input, context)?;
    json::encode(&output)
        .map_err(|error| Failure::new("invalid-output", format!("the answer of `{}`: {error}", C::NAME)))
}
