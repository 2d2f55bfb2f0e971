//! Writes plugins for ares-host: a capability is a plain documented function.
//!
//! ```
//! use ares_sdk::Failure;
//!
//! /// What to greet.
//! #[ares_sdk::data]
//! pub struct Greeting {
//!     /// The name of the one who is greeted.
//!     name: String,
//! }
//!
//! /// Greets someone by name.
//! #[ares_sdk::capability(effect = "pure")]
//! pub fn greet(input: Greeting) -> Result<String, Failure> {
//!     if input.name.is_empty() {
//!         return Err(Failure::new("empty-name", "the name is empty; give at least one letter"));
//!     }
//!     Ok(format!("Hello, {}!", input.name))
//! }
//!
//! ares_sdk::plugin!(greet);
//! # fn main() {}
//! ```
//!
//! The JSON Schemas come from the types, the description from the doc comment. Compile it with
//! `cargo build --release --target wasm32-wasip2`; `docs/plugins.md` shows the way from an empty
//! folder to a registered plugin.
//!
//! On any other target than WebAssembly the imports answer from memory ([`native`]), so that the
//! logic of a plugin is tested with a plain `cargo test`.

extern crate self as ares_sdk;

#[doc(hidden)]
pub mod bindings;
pub mod call;
mod capability;
pub mod config;
mod context;
pub mod events;
mod failure;
pub mod health;
pub mod http;
mod json;
pub mod kv;
pub mod log;
#[cfg(not(target_family = "wasm"))]
pub mod native;
#[doc(hidden)]
pub mod plugin;
pub mod progress;
mod schema;
pub mod secrets;
pub mod skeptic;

#[cfg(test)]
mod tests;

pub use ares_sdk_macros::{capability, data};
pub use bindings::ares::host::types::{Caller, Context, Effect, Failure};
pub use bindings::exports::ares::host::capability::Descriptor;
pub use capability::{Answer, Capability, NoInput, describe, invoke};
pub use failure::OrFail;
pub use {schemars, serde, serde_json};
