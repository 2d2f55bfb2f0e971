//! The whole host, as its users have it: the real binary, real components built from source, a
//! real database. Guests come from `target/guests`; `cargo xtask guests` builds them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test that meets the unexpected should stop right there"
)]

mod analyze;
mod author;
mod bad_input;
mod bombs;
mod budgets;
mod commands;
mod conformance;
mod crash;
mod engine;
mod events;
mod gate;
mod grants;
mod harness;
mod host;
mod hostile;
mod layers;
mod lock;
mod matrix;
mod mcp;
mod network;
mod oversight;
mod patterns;
mod policy;
mod progress;
mod refusals;
mod rehearsal;
mod scan;
mod secrets;
mod servers;
mod skeptics;
mod snapshots;
mod spending;
mod tasks;
mod thief;
