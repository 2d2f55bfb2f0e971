//! The gate alone, as it is in a host: real registry, real rules, a warm record; from resolved facts to a
//! permit, nothing before and nothing after. With few and with many capabilities, and with a short and
//! with a long past.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ares_kernel::facts::Effect;
use ares_kernel::gate::{Gate, Settings};
use ares_kernel::ports::{Clock, Engine, Invoke, NoSecrets};
use ares_kernel::rehearsal::Tried;
use ares_kernel::{Blake3, Caller, Kernel, Ledger, Outcome, Permit, Ports, Report, Request, Usage};
use ares_policy::{Options as RuleOptions, Roles, Rules};
use ares_registry::manifest::Manifest;
use ares_registry::{CapabilityRecord, Options, Registration, Registry};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::measure::Latencies;
use crate::report::{Goal, Report as Lines};

/// How many capabilities one plugin has.
const OF_ONE: usize = 100;
/// Few and many capabilities, a short and a long past.
const SIZES: [(usize, usize); 4] = [(10, 100), (10_000, 100), (10, 1_000_000), (10_000, 1_000_000)];

/// The time of day.
struct Now;

impl Clock for Now {
    fn now_ms(&self) -> u64 {
        let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Answers at once: what a guest costs is not the question here.
struct Echo;

impl Engine for Echo {
    fn call(&self, permit: Permit) -> BoxFuture<'_, Report> {
        let usage = Usage { fuel: 1000, wall_us: 20, ..Usage::default() };
        let result = Ok(permit.request().input.clone());
        let tried = Tried::default();
        async move { Report { result, usage, writes: Vec::new(), events: Vec::new(), tried } }.boxed()
    }
}

struct Nowhere;

impl Invoke for Nowhere {
    fn invoke(&self, _: Request) -> BoxFuture<'static, Outcome> {
        // The gate hands this on and never calls it.
        std::future::pending().boxed()
    }
}

const SCHEMA: &str = r#"{"properties":{"text":{"description":"What to say.","maxLength":10000,"type":"string"}},"required":["text"],"type":"object"}"#;

fn plugin(number: usize, capabilities: usize) -> anyhow::Result<Registration> {
    let mut text = format!(
        "id = \"plugin-{number}\"\nversion = \"1.0.0\"\nkind = \"tool\"\ndescription = \"Says it again.\"\n\
         author = \"bench\"\nlicense = \"Apache-2.0\"\n[component]\npath = \"x.wasm\"\nworld = \"plugin\"\n"
    );
    for n in 0..capabilities {
        text.push_str(&format!("[[capability]]\nname = \"echo_{number}_{n}\"\neffects = \"pure\"\n"));
    }
    let manifest = Manifest::parse(&text, Path::new("plugin.toml"))?;
    let record = |n: usize| -> anyhow::Result<CapabilityRecord> {
        Ok(CapabilityRecord {
            id: format!("echo_{number}_{n}").parse()?,
            description: "Says again what it was told, word by word.".to_owned(),
            input_schema: SCHEMA.to_owned(),
            output_schema: SCHEMA.to_owned(),
            effect: Effect::Pure,
            reversible: false,
            undo: None,
            idempotent: true,
            needs: Vec::new(),
            targets: Vec::new(),
            timeout_ms: None,
            trade_offs: vec!["It adds nothing.".to_owned()],
            implements: None,
            sequencing: None,
            cost: None,
            postcheck: None,
        })
    };
    Ok(Registration {
        capabilities: (0..capabilities).map(record).collect::<anyhow::Result<_>>()?,
        manifest_text: text,
        source: format!("/srv/plugin-{number}").into(),
        blake3: Blake3::of(format!("plugin {number}").as_bytes()),
        size: 100,
        wit_track: "0.1".to_owned(),
        replace: false,
        grants: BTreeMap::new(),
        manifest,
    })
}

/// Everything the gate of a host stands on.
struct World {
    registry: Arc<Registry>,
    rules: Arc<Rules>,
    kernel: Kernel,
    _folder: tempfile::TempDir,
}

fn world(capabilities: usize) -> anyhow::Result<World> {
    let folder = tempfile::tempdir()?;
    let clock: Arc<dyn Clock> = Arc::new(Now);
    let options = Options::new(folder.path(), Arc::clone(&clock));
    let registry = Arc::new(Registry::open(&folder.path().join("registry.db"), options)?);
    for number in 0..capabilities.div_ceil(OF_ONE) {
        let plugin = plugin(number, OF_ONE.min(capabilities - number * OF_ONE))?;
        registry.register(plugin, &Caller::Human("bench".to_owned()))?;
    }
    let rules = Arc::new(Rules::open(RuleOptions {
        file: folder.path().join("policy.cedar"),
        named: false,
        roles: Roles::default(),
        registry: Arc::clone(&registry),
        clock: Arc::clone(&clock),
    })?);
    let ports = Ports {
        journal: registry.clone(),
        clock,
        catalog: registry.clone(),
        policy: rules.clone(),
        engine: Arc::new(Echo),
        secrets: Arc::new(NoSecrets),
        machine: Arc::new(ares_kernel::ports::UnknownMachine),
    };
    let kernel = Kernel::new(ports, Settings::default());
    Ok(World { registry, rules, kernel, _folder: folder })
}

fn request(number: usize) -> anyhow::Result<Request> {
    let capability = format!("echo_{}_{}", number / OF_ONE, number % OF_ONE).parse()?;
    // Four callers, so that the record has variety.
    let caller = Caller::Agent(format!("agent-{}", number % 4));
    Ok(Request::new(caller, capability, r#"{"text":"hello"}"#))
}

/// Measures all sizes.
pub(crate) async fn all(rounds: usize, report: &mut Lines) -> anyhow::Result<()> {
    for (capabilities, past) in SIZES {
        let world = world(capabilities)?;
        // The past: spread over ten capabilities, those that are measured.
        for number in 0..past {
            let outcome = world.kernel.invoke(request(number % 10)?).await;
            anyhow::ensure!(outcome.status().as_str() == "ok", "{:?}", outcome.status());
        }
        world.registry.flush()?;
        let alone = alone(&world, rounds).await?;
        report.line(
            &format!("gate, {capabilities} capabilities, {past} past calls: p50 / p99"),
            format!("{:.1} µs / {:.1} µs", alone.percentile(50), alone.percentile(99)),
            Goal::at_most(
                "p50 10 µs, p99 25 µs",
                (alone.percentile(50) / 10.0).max(alone.percentile(99) / 25.0),
                1.0,
            ),
        );
    }
    Ok(())
}

/// Times so many judgements, from resolved facts to a permit.
async fn alone(world: &World, rounds: usize) -> anyhow::Result<Latencies> {
    Kernel::warm();
    let ledger = Ledger::new(world.registry.clone(), Arc::new(Now));
    let gate = Gate::standard(
        Settings::default(),
        world.rules.clone(),
        Arc::new(ares_kernel::ports::UnknownMachine),
    );
    let invoke: Arc<dyn Invoke> = Arc::new(Nowhere);
    let mut nanos = Vec::with_capacity(rounds);
    for number in 0..rounds + 1000 {
        let resolved = ledger.open(request(number % 10)?)?.resolve(&*world.registry).await;
        let start = Instant::now();
        let admitted = match gate.weigh(resolved) {
            Ok(weighed) => gate.decide(weighed, Arc::clone(&invoke)),
            Err(refused) => Err(refused),
        };
        let took = u64::try_from(start.elapsed().as_nanos())?;
        anyhow::ensure!(admitted.is_ok(), "the gate refused what it should admit");
        if number >= 1000 {
            nanos.push(took);
        }
    }
    Ok(Latencies::new(nanos))
}
