//! The control socket: operations over a Unix socket in the state directory, for the same user on
//! the same machine.
//!
//! Each side writes frames: one JSON object a line, ended by `\n`.
//!
//! ```text
//! ← {"id":null,"host":"0.1.0"}
//! → {"id":1,"caller":{"kind":"human","name":"operator"},"operation":{"operation":"status","plugin":null}}
//! ← {"id":1,"progress":{"plugin":"demo","done":3,"total":null,"message":"…"}}        any number of times
//! ← {"id":1,"ok":{…}}        or        {"id":1,"problem":{"kind":…,"code":…,"message":…}}
//! ```
//!
//! The host greets first. The id is the client's; several requests may run on one connection and are answered as they
//! end. A problem with `"id":null` is about the connection or about a line that could not be read;
//! the server closes the connection after it. A client passes over frames that are neither `ok`
//! nor `problem`: they are news of a request that still runs, of `invoke` its progress.

mod bind;
mod client;
mod connection;
mod frame;
mod line;
mod server;

pub use bind::{BindError, bind};
pub use client::Remote;
pub use frame::{Ask, Greeting, Reply};
pub use server::serve;

use std::time::Duration;

/// The longest request, in bytes, its newline included.
pub const REQUEST_BYTES_MAX: usize = 16 << 20;
/// The longest reply: an answer of the largest size a plugin may give, and what stands around it.
pub const REPLY_BYTES_MAX: usize = 2 * REQUEST_BYTES_MAX;
/// What all requests that are being read or carried out may take together, in bytes.
const BUDGET_BYTES: usize = 4 * REQUEST_BYTES_MAX;
/// How many clients may be connected at a time.
const CONNECTIONS_MAX: usize = 64;
/// How many requests of one connection may run at a time; the next is not read before one ends.
const IN_FLIGHT_MAX: usize = 32;
/// How long a request may take to arrive once its first byte is there, and how long the other side
/// may take to accept each piece of a reply.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
