//! The composition root: the only place that knows the database, Wasmtime and all that stands on
//! them, and puts them together.

use std::path::PathBuf;
use std::sync::Arc;

use ares_engine::{
    EngineOptions, FolderSnapshots, NetworkOptions, RehearsalOptions, SnapshotOptions, WasmEngine,
};
use ares_kernel::gate;
use ares_kernel::ports::{Clock, Policy};
use ares_policy::Rules;
use ares_registry::{JournalSync, Options, Registry};
use ares_services::operation::Problem;
use ares_services::snapshots::SnapshotKeeping;
use ares_services::state::{Lock, State};
use ares_services::{Foundation, Host, Mode};

use crate::clock::SystemClock;
use crate::compiler;
use crate::config::{Gate, Settings, SnapshotBounds};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::rules::Book;
use crate::text_file;

/// Puts a host together on the state directory this lock is for. Nothing runs yet.
pub(crate) fn host(lock: Lock, settings: &Settings, mode: Mode) -> Result<Host, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let registry = Arc::new(registry(lock.state(), settings, mode)?);
    let engine = Arc::new(engine(lock.state(), settings, &registry, Arc::clone(&clock))?);
    let rules = Arc::new(rules(lock.state(), settings, &registry, Arc::clone(&clock))?);
    let policy = Arc::clone(&rules) as Arc<dyn Policy>;
    let rules = Arc::new(Book(rules));
    let Gate { weights, ask_untried, breaker, patience, approval, headroom, prefer_simpler, snapshots: when } =
        settings.gate;
    let gate =
        gate::Settings { weights, ask_untried, breaker, patience, headroom, prefer_simpler, snapshots: when };
    let snapshots = snapshots(lock.state(), settings);
    let (runtime, patterns) = (engine.clone(), settings.patterns);
    let foundation =
        Foundation { registry, engine, runtime, clock, policy, rules, gate, approval, patterns, snapshots };
    Ok(Host::assemble(lock, mode, foundation))
}

fn snapshots(state: &State, settings: &Settings) -> SnapshotKeeping {
    let SnapshotBounds { bytes, entries, keep, all } = settings.snapshots;
    let options = SnapshotOptions { folder: state.snapshots(), bytes, entries };
    SnapshotKeeping { copies: Arc::new(FolderSnapshots::new(options)), keep, all }
}

/// The registry of a state directory. Several processes may have it open.
pub(crate) fn registry(state: &State, settings: &Settings, mode: Mode) -> Result<Registry, Failure> {
    let mut options = Options::new(state.root(), Arc::new(SystemClock));
    options.components = state.components();
    options.secrets_key = state.keys().join("secrets.key");
    options.maxima = settings.maxima.clone();
    options.plugins = settings.plugins.clone();
    options.own_files = settings.own_files().chain(std::env::current_exe()).collect();
    options.leave_log = mode == Mode::Command;
    if settings.sync_every_reply {
        options.journal_sync = JournalSync::EveryReply;
    }
    Ok(Registry::open(&state.registry(), options).map_err(Problem::from)?)
}

/// The rules of a state directory: the file the configuration names, or `policy.cedar` in it.
fn rules(
    state: &State,
    settings: &Settings,
    registry: &Arc<Registry>,
    clock: Arc<dyn Clock>,
) -> Result<Rules, Failure> {
    let named = settings.policy_file.clone();
    let options = ares_policy::Options {
        named: named.is_some(),
        file: named.unwrap_or_else(|| state.root().join("policy.cedar")),
        roles: settings.roles.clone(),
        registry: Arc::clone(registry),
        clock,
    };
    Rules::open(options).map_err(|error| Failure::chain(ExitStatus::Failed, "policy", &error))
}

fn network(settings: &Settings) -> Result<NetworkOptions, Failure> {
    let read = |path: &PathBuf| {
        text_file::read(path).map_err(|error| Failure::io("reading `network.ca_file`", &error))
    };
    let authorities = settings.ca_file.as_ref().map(read).transpose()?.map(String::into_bytes);
    Ok(NetworkOptions { nameserver: settings.nameserver, authorities })
}

fn engine(
    state: &State,
    settings: &Settings,
    registry: &Arc<Registry>,
    clock: Arc<dyn Clock>,
) -> Result<WasmEngine, Failure> {
    let (bytes, entries) = settings.rehearsal;
    let options = EngineOptions {
        artifacts: state.artifacts(),
        key: state.keys().join("artifacts.key"),
        logs: Some(state.logs()),
        maxima: settings.maxima.clone(),
        kv: registry.clone(),
        outbox: registry.clone(),
        secrets: registry.clone(),
        clock,
        compiler: compiler::compiler()?,
        pool: settings.pool,
        network: network(settings)?,
        rehearsals: RehearsalOptions { folder: state.rehearsals(), bytes, entries },
    };
    WasmEngine::new(options).map_err(|error| Failure::chain(ExitStatus::Failed, "engine", &error))
}
