//! What an engine is made of, and why one cannot be made.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use ares_kernel::facts::Maxima;
use ares_kernel::ports::{Clock, KvStore, Outbox, Secrets};

use crate::network::NetworkOptions;
use crate::rehearsal::RehearsalOptions;

/// Everything an engine needs from outside.
pub struct EngineOptions {
    /// Folder for compiled components. Made when missing.
    pub artifacts: PathBuf,
    /// File with the 32 bytes that authenticate them. Made when missing; it must lie outside
    /// `artifacts`, so that who can write there cannot also sign.
    pub key: PathBuf,
    /// Folder for one log file per plugin; without one, guests' lines go to `tracing` alone.
    pub logs: Option<PathBuf>,
    /// The most a plugin may ask for: the memory pool is laid out for it.
    pub maxima: Maxima,
    /// Where the stored values of plugins are read.
    pub kv: Arc<dyn KvStore>,
    /// How many events of a plugin wait for their subscribers.
    pub outbox: Arc<dyn Outbox>,
    /// The stored secrets: spent where they are granted, hidden in what guests say.
    pub secrets: Arc<dyn Secrets>,
    /// The time of day, for log lines and for guests that ask.
    pub clock: Arc<dyn Clock>,
    /// How the compiling child is started.
    pub compiler: Compiler,
    /// How much may run at one time.
    pub pool: Pool,
    /// How other machines are reached.
    pub network: NetworkOptions,
    /// Where calls are rehearsed.
    pub rehearsals: RehearsalOptions,
}

/// How the compiling child is started: a program that ends in [`crate::compile_child_main`].
#[derive(Debug, Clone)]
pub struct Compiler {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

impl Compiler {
    /// This very program with these arguments: the one that runs, also when its file has been
    /// replaced by another version in the meantime.
    ///
    /// # Errors
    /// When the system does not say where this program is.
    pub fn this_program<S: Into<OsString>>(args: impl IntoIterator<Item = S>) -> std::io::Result<Self> {
        let path = std::env::current_exe()?;
        let program = if path.exists() { path } else { PathBuf::from("/proc/self/exe") };
        Ok(Self { program, args: args.into_iter().map(Into::into).collect() })
    }
}

/// How many guests may be alive at one time. Address space is laid out for all of them at the
/// start; memory is used only by those that run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// Calls that came from outside. Calls they make in turn have room of their own, so that
    /// waiting callers cannot starve the calls they wait for. Further calls wait for their turn.
    pub calls: u32,
    /// Instances kept for plugins that ask for `singleton`.
    pub singletons: u32,
}

impl Default for Pool {
    fn default() -> Self {
        Self { calls: 32, singletons: 32 }
    }
}

/// Why an engine cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Wasmtime refuses the configuration on this machine.
    #[error(
        "the WebAssembly engine cannot start with room for {calls} calls of {memory_mb} MiB: {why}; lower these limits or raise `ulimit -v`"
    )]
    Wasmtime {
        /// Calls from outside at one time.
        calls: u32,
        /// Memory of one call.
        memory_mb: u64,
        /// Wasmtime's own words.
        why: String,
    },
    /// The pool has no room for a single call, or more room than there are addresses.
    #[error(
        "the pool must have room for 1 to {most} calls and for at most {most} singletons, not {calls} and {singletons}"
    )]
    Pool {
        /// Calls that were asked for.
        calls: u32,
        /// Kept instances that were asked for.
        singletons: u32,
        /// The most that fits an address space.
        most: u32,
    },
    /// The key can be reached by whoever can write artifacts.
    #[error("the key {key} lies inside the artifact folder {artifacts}; move it outside")]
    KeyInside {
        /// The key file.
        key: PathBuf,
        /// The folder.
        artifacts: PathBuf,
    },
    /// The key file is not one.
    #[error("{key} is not a key: {why}; remove it and a new one is made, components are then compiled again")]
    KeyUnfit {
        /// The key file.
        key: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The authorities to be trusted beside the public ones are none.
    #[error("the file of `network.ca_file` cannot be used: {why}; it must hold certificates in PEM")]
    AuthoritiesUnfit {
        /// What is wrong with it.
        why: String,
    },
    /// The machine failed.
    #[error("{what} failed")]
    Io {
        /// What was being done, and to which file.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
}
