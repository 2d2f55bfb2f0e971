//! Deliveries over a real registry and a real kernel, with guests that are none.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use ares_kernel::facts::{Effect, Scope};
use ares_kernel::ports::Engine;
use ares_kernel::rehearsal::Tried;
use ares_kernel::{
    Blake3, Caller, Ended, Event, EventId, Failure, FaultKind, Permit, Ports, Report, Request, Usage,
};
use ares_registry::manifest::Manifest;
use ares_registry::{CapabilityRecord, EventQuery, Options, Registration};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::*;
use crate::testing::trusting;

/// A clock that is moved by hand.
struct Moved(AtomicU64);

impl Clock for Moved {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// `tell` publishes its payloads about `news.made`; `hear` notes what it hears, and ends as told.
struct Stage {
    heard: Mutex<Vec<String>>,
    ends: Mutex<VecDeque<&'static str>>,
    slow: Duration,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Stage {
    fn report(&self, permit: &Permit) -> Report {
        let mut report = Report {
            result: Ok("{}".to_owned()),
            usage: Usage::default(),
            writes: Vec::new(),
            events: Vec::new(),
            tried: Tried::default(),
        };
        let arguments = permit.arguments();
        if permit.capability().id.as_str() == "tell" {
            for payload in arguments["payloads"].as_array().unwrap() {
                let (id, topic) = (EventId::new(), "news.made".parse().unwrap());
                report.events.push(Event { id, topic, payload: payload.to_string() });
            }
            return report;
        }
        self.heard.lock().unwrap().push(arguments["payload"].to_string());
        match self.ends.lock().unwrap().pop_front() {
            Some("trap") => Report::fault(FaultKind::Trap, "unreachable"),
            Some("no") => Report { result: Err(Ended::Failed(Failure::new("no", "not me"))), ..report },
            _ => report,
        }
    }
}

impl Engine for Stage {
    fn call(&self, permit: Permit) -> BoxFuture<'_, Report> {
        async move {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            let report = self.report(&permit);
            if permit.capability().id.as_str() == "hear" {
                tokio::time::sleep(self.slow).await;
            }
            self.now.fetch_sub(1, Ordering::SeqCst);
            report
        }
        .boxed()
    }
}

struct Scene {
    folder: tempfile::TempDir,
    registry: Arc<Registry>,
    kernel: Kernel,
    stage: Arc<Stage>,
    clock: Arc<Moved>,
    delivery: Delivery,
}

fn open(folder: &Path, clock: &Arc<Moved>) -> Arc<Registry> {
    Arc::new(Registry::open(&folder.join("registry.db"), Options::new(folder, clock.clone())).unwrap())
}

fn plugin(id: &str, capability: &str, more: &str, granted: Scope) -> Registration {
    let text = format!(
        "id = \"{id}\"\nversion = \"1.0.0\"\nkind = \"tool\"\n[component]\npath = \"x.wasm\"\n\
         world = \"plugin\"\n[[capability]]\nname = \"{capability}\"\neffects = \"write\"\n{more}"
    );
    let manifest = Manifest::parse(&text, Path::new("plugin.toml")).unwrap();
    let needs = manifest.capabilities[0].needs.clone();
    Registration {
        capabilities: vec![CapabilityRecord {
            id: capability.parse().unwrap(),
            description: "A capability.".to_owned(),
            input_schema: r#"{"type":"object","additionalProperties":true}"#.to_owned(),
            output_schema: "{}".to_owned(),
            effect: Effect::Write,
            reversible: false,
            undo: None,
            idempotent: false,
            needs,
            targets: Vec::new(),
            timeout_ms: None,
            trade_offs: Vec::new(),
            implements: None,
            sequencing: None,
            cost: None,
            postcheck: None,
        }],
        manifest_text: text,
        source: format!("/srv/{id}").into(),
        blake3: Blake3::of(id.as_bytes()),
        size: 1,
        wit_track: "0.1".to_owned(),
        replace: false,
        grants: BTreeMap::from([(granted, None)]),
        manifest,
    }
}

fn operator() -> Caller {
    Caller::Human("operator".to_owned())
}

impl Scene {
    fn new(mode: Mode, listeners: &[&str], ends: &[&'static str], slow: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join("spool")).unwrap();
        let clock = Arc::new(Moved(AtomicU64::new(1_700_000_000_000)));
        let registry = open(folder.path(), &clock);
        let topic = "news.made".parse().unwrap();
        let publish = "[permissions.events]\npublish = [\"news.made\"]\n";
        let teller = plugin("teller", "tell", publish, Scope::Publish(topic));
        registry.register(teller, &operator()).unwrap();
        for id in listeners {
            let topic = "news.made".parse().unwrap();
            let subscribe =
                "[[permissions.events.subscribe]]\ntopic = \"news.made\"\ncapability = \"hear\"\n";
            registry.register(plugin(id, "hear", subscribe, Scope::Subscribe(topic)), &operator()).unwrap();
        }
        let stage = Arc::new(Stage {
            heard: Mutex::default(),
            ends: Mutex::new(ends.iter().copied().collect()),
            slow,
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        });
        Self::over(folder, registry, stage, clock, mode)
    }

    fn over(
        folder: tempfile::TempDir,
        registry: Arc<Registry>,
        stage: Arc<Stage>,
        clock: Arc<Moved>,
        mode: Mode,
    ) -> Self {
        let news = News::default();
        let journal = Arc::new(Telling::new(registry.clone(), news.clone()));
        let secrets = registry.clone();
        let ports = Ports {
            journal,
            clock: clock.clone(),
            catalog: registry.clone(),
            policy: Arc::new(ares_kernel::ports::NoRules),
            engine: stage.clone(),
            secrets,
            machine: Arc::new(ares_kernel::ports::UnknownMachine),
        };
        let kernel = Kernel::new(ports, trusting());
        let delivery = Delivery::new(registry.clone(), kernel.clone(), clock.clone(), mode, news);
        Self { folder, registry, kernel, stage, clock, delivery }
    }

    /// Another process on the same state, after this one has gone.
    fn next(self, mode: Mode) -> Self {
        let Self { folder, registry, kernel, stage, clock, delivery } = self;
        drop((kernel, delivery));
        registry.shutdown().unwrap();
        let registry = open(folder.path(), &clock);
        Self::over(folder, registry, stage, clock, mode)
    }

    async fn tell(&self, payloads: Value) {
        let input = json!({ "payloads": payloads }).to_string();
        let outcome = self.kernel.invoke(Request::new(operator(), "tell".parse().unwrap(), input)).await;
        assert_eq!(outcome.status().as_str(), "ok");
    }

    fn heard(&self) -> Vec<String> {
        self.stage.heard.lock().unwrap().clone()
    }

    fn events(&self, kind: &str) -> Vec<Value> {
        let query = EventQuery { types: vec![kind.to_owned()], plugin: None, limit: 1000 };
        self.registry.events(&query).unwrap().into_iter().map(|event| event.data).collect()
    }

    async fn until(&self, holds: impl Fn() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it heard {:?}", self.heard());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// As if so much time had gone by.
    fn wait_for(&self, time: Duration) {
        self.clock.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
        self.delivery.0.news.ring();
    }
}

const QUICK: Duration = Duration::ZERO;

#[tokio::test]
async fn each_subscriber_hears_everything_in_order_and_one_at_a_time() {
    let scene = Scene::new(Mode::Serving, &["listener"], &[], Duration::from_millis(5));
    let running = tokio::spawn(scene.delivery.clone().run());
    scene.tell(json!([1, 2, 3])).await;
    scene.tell(json!([4, 5])).await;
    scene.until(|| scene.events("delivered").len() == 5).await;
    assert_eq!(scene.heard(), ["1", "2", "3", "4", "5"]);
    assert_eq!(scene.stage.most.load(Ordering::SeqCst), 1);
    running.abort();
}

#[tokio::test]
async fn many_subscribers_are_called_a_few_at_a_time() {
    let names: Vec<String> = (0..12).map(|n| format!("listener-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let scene = Scene::new(Mode::Serving, &names, &[], Duration::from_millis(20));
    let running = tokio::spawn(scene.delivery.clone().run());
    scene.tell(json!([1, 2])).await;
    scene.until(|| scene.events("delivered").len() == 24).await;
    let most = scene.stage.most.load(Ordering::SeqCst);
    assert!((1..=AT_A_TIME).contains(&most), "{most}");
    running.abort();
}

#[tokio::test]
async fn a_fault_is_tried_again_later_and_given_up_after_five() {
    let scene = Scene::new(
        Mode::Serving,
        &["listener"],
        &["trap", "ok", "trap", "trap", "trap", "trap", "trap"],
        QUICK,
    );
    let running = tokio::spawn(scene.delivery.clone().run());
    scene.tell(json!([1, 2])).await;
    scene.until(|| scene.heard().len() == 1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(scene.heard(), ["1"], "it waits, and what comes after it too");
    scene.wait_for(Duration::from_secs(1));
    scene.until(|| scene.heard().len() == 3).await;
    assert_eq!(scene.events("delivered")[0]["attempts"], 2);
    for (times, pause) in [(4, 1), (5, 4), (6, 16), (7, 64)] {
        scene
            .until(|| scene.stage.now.load(Ordering::SeqCst) == 0 && scene.delivery.0.attempts.now() == 0)
            .await;
        scene.wait_for(Duration::from_secs(pause));
        scene.until(|| scene.heard().len() == times).await;
    }
    scene.until(|| scene.events("undelivered").len() == 1).await;
    let given_up = scene.events("undelivered").remove(0);
    assert_eq!((&given_up["code"], &given_up["attempts"]), (&json!("trap"), &json!(5)));
    assert_eq!(scene.heard()[2..], ["2"; 5]);
    assert_eq!(scene.registry.deliveries_waiting(false).await.unwrap(), 0);
    running.abort();
}

#[tokio::test]
async fn a_failure_and_a_refusal_are_final() {
    let scene = Scene::new(Mode::Serving, &["listener"], &["no"], QUICK);
    scene.tell(json!([1, 2])).await;
    let running = tokio::spawn(scene.delivery.clone().run());
    scene.until(|| scene.events("undelivered").len() == 1 && scene.events("delivered").len() == 1).await;
    assert_eq!(scene.events("undelivered")[0]["code"], "no");
    let topic = [Scope::Subscribe("news.made".parse().unwrap())].into();
    running.abort();
    scene.tell(json!([3])).await;
    scene.registry.grants_revoke(&"listener".parse().unwrap(), &topic, &operator()).unwrap();
    let running = tokio::spawn(scene.delivery.clone().run());
    scene.until(|| scene.events("undelivered").len() == 2).await;
    let refused = scene.events("undelivered").remove(1);
    assert_eq!((&refused["status"], &refused["code"]), (&json!("refused"), &json!("not-granted")));
    assert_eq!(scene.heard(), ["1", "2"]);
    running.abort();
}

#[tokio::test]
async fn a_host_that_ends_waits_for_what_runs_and_leaves_the_rest_to_the_next() {
    let scene = Scene::new(Mode::Serving, &["listener"], &[], Duration::from_millis(200));
    let running = tokio::spawn(scene.delivery.clone().run());
    scene.tell(json!([1, 2, 3])).await;
    scene.until(|| scene.heard().len() == 1).await;
    running.abort();
    assert_eq!(scene.delivery.end(Duration::from_secs(10)).await, 2);
    assert_eq!(scene.events("delivered").len(), 1);
    let scene = scene.next(Mode::Command);
    assert_eq!(scene.delivery.end(Duration::from_secs(10)).await, 0, "nothing of its own");
    assert_eq!(scene.heard(), ["1"]);
    let scene = scene.next(Mode::Serving);
    let running = tokio::spawn(scene.delivery.clone().run());
    scene.until(|| scene.events("delivered").len() == 3).await;
    assert_eq!(scene.heard(), ["1", "2", "3"]);
    running.abort();
}

#[tokio::test]
async fn a_command_delivers_what_it_published_and_does_not_wait_for_a_second_try() {
    let scene = Scene::new(Mode::Command, &["listener"], &["ok", "trap"], QUICK);
    scene.tell(json!([1, 2, 3])).await;
    let begun = Instant::now();
    assert_eq!(scene.delivery.end(Duration::from_secs(60)).await, 2);
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(scene.heard(), ["1", "2"]);
    let scene = scene.next(Mode::Serving);
    scene.wait_for(Duration::from_secs(1));
    let running = tokio::spawn(scene.delivery.clone().run());
    scene.until(|| scene.events("delivered").len() == 3).await;
    assert_eq!(scene.heard(), ["1", "2", "2", "3"]);
    running.abort();
}

#[tokio::test]
async fn what_the_host_dies_of_is_given_up_too() {
    let scene = Scene::new(Mode::Serving, &["listener"], &[], QUICK);
    scene.tell(json!([1])).await;
    let id = scene.registry.deliveries(false).await.unwrap()[0].id;
    for attempt in 1..=ATTEMPTS_MAX {
        assert_eq!(scene.registry.delivery_claim(id).await.unwrap(), Some(attempt));
    }
    let running = tokio::spawn(scene.delivery.clone().run());
    scene.until(|| scene.events("undelivered").len() == 1).await;
    assert_eq!(scene.events("undelivered")[0]["code"], "given-up");
    assert!(scene.heard().is_empty());
    running.abort();
}
