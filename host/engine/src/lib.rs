//! Runs one permit in one sandbox: the only crate that knows Wasmtime.
//!
//! [`WasmEngine`] stands behind two of the kernel's ports, `Engine` and `Runtime`. Read in this
//! order: `engine`, `run` (one call from permit to report), `state` (what a call's store holds),
//! `imports` (what a guest can reach), `fault` (how a call can end), `load` with `compile` and
//! `artifact` (how bytes become something that can be called).

mod artifact;
mod authority;
mod captured;
mod clocks;
mod compile;
mod config;
mod engine;
mod fault;
mod imports;
mod key;
mod limits;
mod load;
mod log;
mod network;
mod options;
mod rehearsal;
mod run;
mod singleton;
mod snapshot;
mod source;
mod state;
mod ticker;
mod turns;
mod world;

pub use compile::child::compile_child_main;
pub use engine::{PoolUse, WasmEngine};
pub use network::NetworkOptions;
pub use options::{Compiler, EngineError, EngineOptions, Pool};
pub use rehearsal::RehearsalOptions;
pub use snapshot::{FolderSnapshots, SnapshotOptions};
