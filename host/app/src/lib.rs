//! A host for an AI agent's tools, as a program and as a library.
//!
//! The program is [`run`]. A program of your own opens a [`Host`] on a state directory and invokes
//! capabilities of the plugins that are registered there:
//!
//! ```
//! use ares_host::Host;
//! use serde_json::json;
//!
//! # let folder = tempfile::tempdir()?;
//! # let state = folder.path().join("state");
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let host = Host::open(&state).await?;
//! let outcome = host.invoke("analyze_sentiment", &json!({"text": "not profitable"})).await?;
//! // Nothing is registered there yet, and every answer says why it is what it is.
//! assert_eq!(outcome["status"], "refused");
//! assert_eq!(outcome["error"]["code"], "no-provider");
//! host.close().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cli;
mod clock;
mod compiler;
mod config;
mod exit;
mod failure;
mod grants_file;
mod host;
mod locked;
mod log;
mod render;
mod rules;
mod text_file;
mod user;
mod wire;

pub mod files;

pub use cli::run;
pub use compiler::compile_child;
pub use exit::ExitStatus;
pub use failure::Failure;
pub use host::Host;

pub use ares_kernel::Caller;
pub use ares_services::operation::{Operate, Operation, Problem};
