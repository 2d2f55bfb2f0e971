//! Arguments of real capabilities, through the gate with all its checks.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use arbitrary::Unstructured;
use ares_kernel::gate::{self, Gate};
use ares_kernel::ports::{
    Begun, Catalog as _, Clock, Closing, Invoke, Journal, JournalError, NoRules, Opening, Provision,
    UnknownMachine,
};
use ares_kernel::{Caller, Ledger, Outcome, Request};
use ares_registry::{Options, Registry};
use ares_services::operation::Operation;
use ares_services::state::State;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Map, Value};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{Examine, Target, holds, plain};
use crate::finding::Finding;
use crate::generate::{mutated_bytes, value, word};

pub(super) const TARGET: Target = Target { name: "arguments", open };

/// Plugins with arguments of several sorts, one with a path.
const PLUGINS: [(&str, Option<&str>); 3] =
    [("notes", None), ("sentiment-analysis", None), ("security-scanner", Some("fs:target"))];
/// The folder the paths must stay in, as it is thought of.
const GRANTED: &str = "/granted";

/// The first word is the capability, the rest its arguments.
struct Requests {
    runtime: Runtime,
    registry: Registry,
    gate: Gate,
    ledger: Ledger,
    names: BTreeMap<String, Vec<String>>,
    _state: TempDir,
}

/// Keeps nothing: the gate alone is looked at.
struct Nowhere;

impl Journal for Nowhere {
    fn ready(&self) -> Result<(), JournalError> {
        Ok(())
    }

    fn begin<'a>(&'a self, _: &'a Opening, _: Begun<'a>) -> BoxFuture<'a, Result<(), JournalError>> {
        async { Ok(()) }.boxed()
    }

    fn close<'a>(&'a self, _: &'a Opening, _: Closing<'a>) -> BoxFuture<'a, Result<(), JournalError>> {
        async { Ok(()) }.boxed()
    }
}

impl Clock for Nowhere {
    fn now_ms(&self) -> u64 {
        0
    }
}

impl Invoke for Nowhere {
    fn invoke(&self, _: Request) -> BoxFuture<'static, Outcome> {
        // The gate hands this on and never calls it.
        std::future::pending().boxed()
    }
}

fn open(root: &Path) -> anyhow::Result<Box<dyn Examine>> {
    let (runtime, folder) = (Runtime::new()?, tempfile::tempdir()?);
    let place = folder.path().join("state");
    runtime.block_on(register(root, &place, folder.path()))?;
    let state = State::prepare(&place)?;
    let mut options = Options::new(state.root(), Arc::new(Nowhere));
    options.components = state.components();
    let registry = Registry::open(&state.registry(), options)?;
    let ledger = Ledger::new(Arc::new(Nowhere), Arc::new(Nowhere));
    let gate = Gate::standard(gate::Settings::default(), Arc::new(NoRules), Arc::new(UnknownMachine));
    let mut requests = Requests { runtime, registry, gate, ledger, names: BTreeMap::new(), _state: folder };
    for capability in ["put_note", "get_note", "list_notes", "analyze_sentiment", "scan_folder"] {
        let names = requests.names_of(capability).with_context(|| format!("the schema of `{capability}`"))?;
        requests.names.insert(capability.to_owned(), names);
    }
    Ok(Box::new(requests))
}

/// Real plugins with their real schemas, which only they themselves can tell.
async fn register(root: &Path, state: &Path, beside: &Path) -> anyhow::Result<()> {
    let host = ares_host::Host::open(state).await?;
    let granted = beside.join("granted");
    fs_err::create_dir(&granted)?;
    for (name, folder) in PLUGINS {
        let register = Operation::Register {
            folder: root.join("target/guests").join(name),
            grants: folder
                .map(|scope| (scope.to_owned(), Some(granted.display().to_string())))
                .into_iter()
                .collect(),
            grant_all: true,
            replace: false,
        };
        host.operate().operate(host.caller().clone(), register).await?;
    }
    host.close().await;
    Ok(())
}

impl Requests {
    fn request(&self, capability: &str, arguments: &str) -> Option<Request> {
        Some(Request::new(Caller::Human("fuzz".to_owned()), capability.parse().ok()?, arguments))
    }

    /// The names a capability takes.
    fn names_of(&self, capability: &str) -> Option<Vec<String>> {
        let request = self.request(capability, "{}")?;
        let found = self.runtime.block_on(self.registry.resolve(&request));
        let Provision::Ready(route) = found.provision else { return None };
        let schema: Value = serde_json::from_str(route.capability.input.text()).ok()?;
        Some(schema.get("properties").and_then(Value::as_object)?.keys().cloned().collect())
    }
}

impl Examine for Requests {
    fn generate(&self, u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
        let all: Vec<_> = self.names.iter().collect();
        let (capability, names) = *u.choose(&all)?;
        let mut arguments = Map::new();
        for name in names {
            if u.ratio(3, 4)? {
                let value = if u.ratio(1, 3)? { path(u)?.into() } else { value(u, 4)? };
                arguments.insert(name.clone(), value);
            }
        }
        if u.ratio(1, 6)? {
            arguments.insert(word(u)?, value(u, 2)?);
        }
        let mut text = Value::from(arguments).to_string().into_bytes();
        if u.ratio(1, 5)? {
            text = mutated_bytes(text, u)?;
        }
        Ok([capability.as_bytes(), b" ", &text].concat())
    }

    fn examine(&self, input: &[u8]) -> Result<(), Finding> {
        let text = String::from_utf8_lossy(input);
        let (capability, arguments) = text.split_once(' ').unwrap_or((&text, ""));
        let Some(request) = self.request(capability, arguments) else { return Ok(()) };
        let received = self.ledger.open(request).map_err(|error| Finding(error.to_string()))?;
        let admitted = self.runtime.block_on(async {
            let resolved = received.resolve(&self.registry).await;
            match self.gate.weigh(resolved) {
                Ok(weighed) => self.gate.decide(weighed, Arc::new(Nowhere)),
                Err(refused) => Err(refused),
            }
        });
        match admitted {
            Ok(_) => inside(capability, arguments),
            Err(refused) => {
                let outcome = self.runtime.block_on(self.ledger.close(refused));
                plain(outcome.status().message().unwrap_or_default())
            }
        }
    }
}

/// What the gate let through of paths stays in the folder, however it is read.
fn inside(capability: &str, arguments: &str) -> Result<(), Finding> {
    let Ok(Value::Object(arguments)) = serde_json::from_str(arguments) else {
        return Err(Finding(format!("arguments that are no object got through: {arguments}")));
    };
    let paths = arguments.get("path").into_iter().filter(|_| capability == "scan_folder");
    for path in paths.filter_map(Value::as_str) {
        let mut place = PathBuf::from(GRANTED);
        for part in Path::new(GRANTED).join(path).components().skip(2) {
            match part {
                Component::ParentDir => drop(place.pop()),
                Component::RootDir => place = PathBuf::from("/"),
                part => place.push(part),
            }
            holds(place.starts_with(GRANTED), || format!("{path:?} leaves the folder"))?;
        }
        holds(Path::new(path).is_relative(), || format!("{path:?} leaves the folder"))?;
    }
    Ok(())
}

/// A path that may or may not leave a folder.
fn path(u: &mut Unstructured<'_>) -> arbitrary::Result<String> {
    let mut path = String::new();
    for _ in 0..u.int_in_range(0..=6)? {
        path.push_str(
            u.choose(&["a", "..", ".", "/", "//", "../", "./", "b/", "\\", "\0", "..\\", "~", "%2e%2e/"])?,
        );
        if u.ratio(1, 2)? {
            path.push('/');
        }
    }
    Ok(path)
}
