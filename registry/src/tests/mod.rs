//! The registry as a whole, on files in a temporary folder.

mod administration;
mod budgets;
mod catalog;
mod config_layers;
mod journal;
mod opening;
mod outbox;
mod oversight;
mod patterns;
mod policies;
mod processes;
mod secrets;
mod snapshots;
mod speed;
mod surroundings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ares_kernel::facts::{Effect, Scope};
use ares_kernel::ports::{Begun, Clock, Closing, Journal as _, Opening};
use ares_kernel::{Blake3, Caller, InvocationId, KvWrite, PluginName, Request, Usage};
use futures::FutureExt as _;

use crate::manifest::Manifest;
use crate::{CapabilityRecord, Options, Registration, Registry};

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now_ms(&self) -> u64 {
        1_700_000_000_000
    }
}

/// A state directory.
struct State(tempfile::TempDir);

impl State {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("registry.db")
    }

    fn options(&self) -> Options {
        options(self.0.path())
    }

    fn open(&self) -> Registry {
        Registry::open(&self.path(), self.options()).unwrap()
    }

    /// A connection of another program, which knows nothing of ours.
    fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    fn spool_files(&self) -> Vec<PathBuf> {
        let entries = fs_err::read_dir(self.0.path().join("spool")).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|e| e == "log"));
        files.sort();
        files
    }
}

fn options(state: &Path) -> Options {
    Options::new(state, Arc::new(Still))
}

fn operator() -> Caller {
    Caller::Human("operator".to_owned())
}

fn name(text: &str) -> PluginName {
    text.parse().unwrap()
}

/// A plugin with one capability for each pair of name and effect class.
fn plugin(id: &str, version: &str, more: &str, capabilities: &[(&str, &str)]) -> Registration {
    let mut text = format!(
        "id = \"{id}\"\ndisplay_name = \"{id}\"\nversion = \"{version}\"\nkind = \"tool\"\n\
         description = \"A plugin for tests.\"\nauthor = \"tests\"\nlicense = \"Apache-2.0\"\n{more}\n\
         [component]\npath = \"it.wasm\"\nworld = \"plugin\"\n"
    );
    for (name, effect) in capabilities {
        text.push_str(&format!("[[capability]]\nname = \"{name}\"\neffects = \"{effect}\"\n"));
    }
    let manifest = Manifest::parse(&text, Path::new("plugin.toml")).unwrap();
    let capabilities =
        manifest.capabilities.iter().map(|declared| record(declared.id.as_str(), declared.effect));
    Registration {
        capabilities: capabilities.collect(),
        manifest_text: text,
        source: format!("/srv/{id}").into(),
        blake3: Blake3::of(format!("{id} {version}").as_bytes()),
        size: 100,
        wit_track: "0.1".to_owned(),
        replace: false,
        grants: BTreeMap::new(),
        manifest,
    }
}

fn record(id: &str, effect: Effect) -> CapabilityRecord {
    CapabilityRecord {
        id: id.parse().unwrap(),
        description: format!("Does {id} to a text."),
        input_schema:
            r#"{"additionalProperties":false,"properties":{"text":{"type":"string"}},"type":"object"}"#
                .to_owned(),
        output_schema: r#"{"type":"object"}"#.to_owned(),
        effect,
        reversible: false,
        undo: None,
        idempotent: false,
        needs: if effect == Effect::Pure { vec![] } else { vec![Scope::Kv] },
        targets: vec![],
        timeout_ms: None,
        trade_offs: vec![],
        implements: None,
        sequencing: None,
        cost: None,
        postcheck: None,
    }
}

/// `notes` with a store, which is granted.
fn notes() -> Registration {
    let more = "[permissions]\nkv = true\n[config]\npages = 3";
    let mut notes = plugin("notes", "1.0.0", more, &[("put_note", "write"), ("get_note", "read")]);
    notes.grants.insert(Scope::Kv, None);
    notes
}

fn opening(capability: &str) -> Opening {
    Opening {
        id: InvocationId::new(),
        at_ms: Still.now_ms(),
        caller: operator(),
        capability: capability.parse().unwrap(),
        parent: None,
        depth: 0,
        task: Some("a task".to_owned()),
        input_blake3: Blake3::of(b"{}"),
        input_bytes: 2,
        rehearsal: false,
    }
}

/// A verdict as only the kernel makes them: that of a request nobody can answer.
fn verdict() -> ares_kernel::gate::Verdict {
    struct Nothing;
    impl ares_kernel::ports::Journal for Nothing {
        fn ready(&self) -> Result<(), ares_kernel::ports::JournalError> {
            Ok(())
        }
        fn begin<'a>(
            &'a self,
            _: &'a Opening,
            _: Begun<'a>,
        ) -> futures::future::BoxFuture<'a, Result<(), ares_kernel::ports::JournalError>> {
            futures::future::ready(Ok(())).boxed()
        }
        fn close<'a>(
            &'a self,
            _: &'a Opening,
            _: Closing<'a>,
        ) -> futures::future::BoxFuture<'a, Result<(), ares_kernel::ports::JournalError>> {
            futures::future::ready(Ok(())).boxed()
        }
    }
    struct Nobody;
    impl ares_kernel::ports::Catalog for Nobody {
        fn resolve<'a>(
            &'a self,
            _: &'a Request,
        ) -> futures::future::BoxFuture<'a, ares_kernel::ports::Resolution> {
            let provision = ares_kernel::ports::Provision::NoSuchPlugin;
            futures::future::ready(ares_kernel::ports::Resolution::only(provision)).boxed()
        }
    }
    impl ares_kernel::ports::Engine for Nobody {
        fn call(&self, _: ares_kernel::Permit) -> futures::future::BoxFuture<'_, ares_kernel::Report> {
            unreachable!("nothing is ever admitted")
        }
    }
    let secrets = Arc::new(ares_kernel::ports::NoSecrets);
    let ports = ares_kernel::Ports {
        journal: Arc::new(Nothing),
        clock: Arc::new(Still),
        catalog: Arc::new(Nobody),
        policy: Arc::new(ares_kernel::ports::NoRules),
        engine: Arc::new(Nobody),
        secrets,
        machine: Arc::new(ares_kernel::ports::UnknownMachine),
    };
    let kernel = ares_kernel::Kernel::new(ports, ares_kernel::gate::Settings::default());
    let outcome = wait(kernel.invoke(Request::new(operator(), "x".parse().unwrap(), "{}")));
    outcome.verdict().clone()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// One call, from its opening to its end, without a guest.
async fn call(registry: &Registry, opening: &Opening, effect: Effect, writes: &[KvWrite]) {
    let snapshot = registry.snapshot();
    let provider = snapshot.providers(&opening.capability).next().cloned().unwrap();
    if effect.changes() {
        registry
            .begin(opening, Begun { plugin: &provider, effect, approval: None, charge: None, warned: None })
            .await
            .unwrap();
    }
    close(registry, opening, Some(&provider), effect, writes).await.unwrap();
}

async fn close(
    registry: &Registry,
    opening: &Opening,
    plugin: Option<&ares_kernel::facts::Plugin>,
    effect: Effect,
    writes: &[KvWrite],
) -> Result<(), ares_kernel::ports::JournalError> {
    close_with(registry, opening, plugin, effect, (writes, None)).await
}

/// The same with what the call published.
async fn close_with(
    registry: &Registry,
    opening: &Opening,
    plugin: Option<&ares_kernel::facts::Plugin>,
    effect: Effect,
    kept: (&[KvWrite], Option<&ares_kernel::Published>),
) -> Result<(), ares_kernel::ports::JournalError> {
    close_as(registry, opening, plugin, effect, (kept, None)).await
}

/// The same of a call that may change something, with what it came to.
async fn close_costing(
    registry: &Registry,
    opening: &Opening,
    plugin: Option<&ares_kernel::facts::Plugin>,
    cost: Option<ares_kernel::facts::Money>,
) -> Result<(), ares_kernel::ports::JournalError> {
    close_as(registry, opening, plugin, Effect::Write, ((&[], None), cost)).await
}

/// What a call keeps, and what it came to.
type Kept<'a> = ((&'a [KvWrite], Option<&'a ares_kernel::Published>), Option<ares_kernel::facts::Money>);

async fn close_as(
    registry: &Registry,
    opening: &Opening,
    plugin: Option<&ares_kernel::facts::Plugin>,
    effect: Effect,
    ((writes, published), cost): Kept<'_>,
) -> Result<(), ares_kernel::ports::JournalError> {
    static VERDICT: std::sync::OnceLock<ares_kernel::gate::Verdict> = std::sync::OnceLock::new();
    let verdict = VERDICT.get_or_init(|| std::thread::spawn(verdict).join().unwrap());
    let usage = Usage {
        fuel: 1234,
        peak_memory_bytes: 1 << 20,
        wall_us: 56,
        host_calls: 3,
        file_bytes_written: 70,
        files_made: 2,
        file_limit: Some(ares_kernel::facts::FileLimit::QuotaMb),
        ..Usage::default()
    };
    let closing = Closing {
        status: "ok",
        code: None,
        message: None,
        plugin,
        effect: Some(effect),
        begun: effect.changes(),
        usage,
        output: Some((Blake3::of(b"{}"), 2)),
        verdict,
        cost,
        ended_ms: Still.now_ms() + 1,
        writes,
        published,
        used: None,
        held: None,
        stopped: None,
        warned: None,
        flags: &[],
    };
    registry.close(opening, closing).await
}
