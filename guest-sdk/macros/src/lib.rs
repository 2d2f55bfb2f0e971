//! The attribute macros of ares-sdk: `#[capability]` and `#[data]`.
use proc_macro::TokenStream;

mod capability;
mod data;
mod doc;
#[cfg(test)]
mod tests;

/// Makes a capability of a plain function.
///
/// `#[ares_sdk::capability(effect = "read")]` on `fn(input: Input) -> Result<Output, Failure>`,
/// optionally with a second parameter `&Context`, or without the first. `effect` is one of `pure`,
/// `read`, `write`, `network`, `message`, `destructive` and must equal what `plugin.toml` declares.
/// The doc comment becomes the description, the function's name the capability's, unless
/// `name = "…"` says otherwise.
#[proc_macro_attribute]
pub fn capability(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let function = syn::parse_macro_input!(item as syn::ItemFn);
    capability::expand(arguments.into(), &function).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a type of a struct or enum that a capability takes, answers or stores.
///
/// Derives `Debug`, `Clone`, `Serialize`, `Deserialize` and `JsonSchema`; doc comments of fields
/// become their descriptions, and a struct refuses fields it does not know.
/// `#[ares_sdk::data(open)]` lets unknown fields pass, for instance to read a part of another
/// plugin's answer. Attributes of serde and schemars work as always.
#[proc_macro_attribute]
pub fn data(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(item as syn::DeriveInput);
    data::expand(arguments.into(), &input).unwrap_or_else(syn::Error::into_compile_error).into()
}
