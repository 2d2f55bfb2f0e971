//! The gate alone: from resolved facts to an admission, nothing before and nothing after.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ares_kernel::facts::{
    About, Capability, Effect, Grants, HealthPolicy, Hooks, Integrity, Limits, Plugin, Priority, Schema,
};
use ares_kernel::gate::{Gate, Settings};
use ares_kernel::ports::{
    Begun, Catalog, Clock, Closing, Invoke, Journal, JournalError, NoRules, Opening, Provision, Resolution,
    Route,
};
use ares_kernel::{Blake3, Caller, Ledger, Outcome, Request};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::measure::Latencies;

/// A world in which everything is ready and nothing is kept.
struct Ready(Route);

impl Catalog for Ready {
    fn resolve<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Resolution> {
        let provision = Provision::Ready(self.0.clone());
        async { Resolution::only(provision) }.boxed()
    }
}

impl Journal for Ready {
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

impl Clock for Ready {
    fn now_ms(&self) -> u64 {
        0
    }
}

struct Nowhere(Ledger);

impl Invoke for Nowhere {
    fn invoke(&self, request: Request) -> BoxFuture<'static, Outcome> {
        // The gate hands this on and never calls it.
        let refused = self.0.open(request).err();
        async move { unreachable!("the gate does not invoke: {refused:?}") }.boxed()
    }
}

fn route() -> anyhow::Result<Route> {
    let grants = Arc::new(Grants::none());
    let input =
        r#"{"type":"object","properties":{"text":{"type":"string","maxLength":10000}},"required":["text"]}"#;
    let capability = Capability {
        id: "echo".parse()?,
        description: "Says what it was told.".to_owned(),
        input: Schema::parse(input)?,
        output: Schema::parse(input)?,
        effect: Effect::Pure,
        idempotent: true,
        needs: Vec::new(),
        grants: Arc::clone(&grants),
        targets: Vec::new(),
        limits: Limits::default(),
        sequencing: None,
        about: About::default(),
        track: Arc::default(),
        before: None,
    };
    capability.input.prepare()?;
    let plugin = Plugin {
        name: "echo".parse()?,
        display_name: "Echo".to_owned(),
        version: "1.0.0".parse()?,
        blake3: Blake3::of(b"echo"),
        component: "/nowhere".into(),
        enabled: true,
        auto_start: false,
        singleton: false,
        cache_results: false,
        priority: Priority::Normal,
        hooks: Hooks::default(),
        health: HealthPolicy { interval: Duration::from_secs(30), timeout: Duration::from_secs(10) },
        grants,
        limits: Limits::default(),
        config: Arc::default(),
        misconfigured: None,
        claims: Vec::new(),
        rate: Arc::default(),
        capabilities: Vec::new(),
    };
    Ok(Route {
        plugin: Arc::new(plugin),
        capability: Arc::new(capability),
        integrity: Integrity::Intact,
        health: None,
    })
}

/// Times so many admissions of one small pure request.
pub(crate) async fn alone(rounds: usize, input: &str) -> anyhow::Result<Latencies> {
    let world = Arc::new(Ready(route()?));
    let ledger = || Ledger::new(world.clone(), world.clone());
    let (gate, opener, invoke) =
        (Gate::standard(Settings::default(), Arc::new(NoRules)), ledger(), Arc::new(Nowhere(ledger())));
    let mut nanos = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let request = Request::new(Caller::Human("bench".to_owned()), "echo".parse()?, input);
        let resolved = opener.open(request)?.resolve(&*world).await;
        let start = Instant::now();
        let admitted = match gate.weigh(resolved) {
            Ok(weighed) => gate.decide(weighed, invoke.clone()),
            Err(refused) => Err(refused),
        };
        nanos.push(u64::try_from(start.elapsed().as_nanos())?);
        anyhow::ensure!(admitted.is_ok(), "the gate refused what it should admit");
    }
    Ok(Latencies::new(nanos))
}
