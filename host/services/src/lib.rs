//! What runs around the kernel: operations, the life of plugins, integrity, health, retries, and
//! the host that holds them together. Loops over ports: nothing here knows Wasmtime.

mod analyze;
mod book;
pub mod budgets;
mod cached;
mod count;
mod delivery;
mod dependencies;
mod extent;
pub mod health;
mod host;
mod inflight;
mod integrity;
mod lifecycle;
mod machine;
pub mod operation;
mod operations;
pub mod oversight;
mod passing;
pub mod patterns;
pub mod progress;
mod records;
mod retry;
mod returning;
pub mod rules;
pub mod snapshots;
pub mod state;
pub mod tasks;
#[cfg(test)]
mod testing;

pub use book::Book;
pub use cached::Cached;
pub use host::{Foundation, Host, Left, Mode, Started};
pub use inflight::Tracked;
pub use integrity::{Files, Provisioned, Sources};
pub use lifecycle::{Lifecycle, OnDemand, StartError};
pub use machine::ThisMachine;
pub use records::{Events, Notice, Records, RecordsError, Turn};
pub use retry::{RetryPolicies, RetryPolicy, Retrying};
