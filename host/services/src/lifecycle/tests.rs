//! Starting, stopping and crashing, without a guest.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ares_kernel::facts::{Capability, Hooks, Plugin, Schema};
use ares_kernel::ports::{Engine, Hook};
use ares_kernel::{Ended, Failure, Fault, FaultKind, Kernel};

use super::{Lifecycle, OnDemand, StartError};
use crate::host::Mode;
use crate::testing::{Ends, FakeEngine, FakeRecords, FakeRuntime, kernel, plugin, request};

struct Fixture {
    plugin: Arc<Plugin>,
    records: Arc<FakeRecords>,
    runtime: Arc<FakeRuntime>,
    engine: Arc<FakeEngine>,
    life: Lifecycle,
}

fn with(change: impl FnOnce(&mut Plugin), runtime: FakeRuntime, ends: &[Ends]) -> Fixture {
    let mut plugin = plugin(|_| {});
    change(&mut plugin);
    let plugin = Arc::new(plugin);
    let (records, runtime) = (Arc::new(FakeRecords::of(&plugin)), Arc::new(runtime));
    let engine = Arc::new(FakeEngine::ending(ends));
    let life = Lifecycle::new(records.clone(), runtime.clone(), Mode::Serving);
    Fixture { plugin, records, runtime, engine, life }
}

impl Fixture {
    /// A kernel that knows a plugin made the same way.
    fn kernel(&self, change: impl FnOnce(&mut Plugin)) -> Kernel {
        let mut plugin = plugin(|_| {});
        change(&mut plugin);
        let engine: Arc<dyn Engine> = Arc::new(OnDemand::new(self.engine.clone(), self.life.clone()));
        kernel(engine, plugin)
    }
}

fn hooks(plugin: &mut Plugin) {
    plugin.hooks = Hooks { setup: true, teardown: true };
}

#[tokio::test]
async fn the_first_call_starts_a_plugin_and_the_second_finds_it_running() {
    let f = with(hooks, FakeRuntime::default(), &[]);
    let kernel = f.kernel(hooks);
    assert!(f.life.running().is_empty());
    for _ in 0..2 {
        assert_eq!(kernel.invoke(request()).await.status().as_str(), "ok");
    }
    assert_eq!(f.records.taken(), ["demo starting", "demo keeps 1", "demo running"]);
    assert_eq!((f.runtime.loads.load(Ordering::SeqCst), f.engine.calls()), (1, 2));
    assert_eq!(*f.runtime.hooks.lock().unwrap(), [Hook::Setup]);
    assert!(f.life.is_running(&f.plugin.name));
}

#[tokio::test(start_paused = true)]
async fn many_first_calls_are_one_start() {
    let f = with(|_| {}, FakeRuntime { slow: Duration::from_secs(1), ..FakeRuntime::default() }, &[]);
    let kernel = f.kernel(|_| {});
    let calls = (0..50).map(|_| kernel.invoke(request()));
    let outcomes = futures::future::join_all(calls).await;
    assert!(outcomes.iter().all(|outcome| outcome.status().as_str() == "ok"));
    assert_eq!((f.runtime.loads.load(Ordering::SeqCst), f.engine.calls()), (1, 50));
}

#[tokio::test(start_paused = true)]
async fn a_start_goes_on_though_its_caller_gave_up() {
    let f = with(|_| {}, FakeRuntime { slow: Duration::from_secs(5), ..FakeRuntime::default() }, &[]);
    let start = f.life.start(&f.plugin);
    assert!(tokio::time::timeout(Duration::from_secs(1), start).await.is_err());
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(f.life.is_running(&f.plugin.name));
}

#[tokio::test(start_paused = true)]
async fn who_leaves_no_time_for_a_start_opens_no_breaker() {
    let f = with(|_| {}, FakeRuntime { slow: Duration::from_secs(60), ..FakeRuntime::default() }, &[]);
    let kernel = f.kernel(|_| {});
    // By the caller's clock, and by the capability's own.
    for deadline in [Some(Duration::from_millis(1)), None] {
        for _ in 0..4 {
            let mut request = request();
            request.deadline = deadline;
            let outcome = kernel.invoke(request).await;
            assert_eq!(outcome.status().code(), Some("deadline"), "{outcome:?}");
            assert_eq!(outcome.status().limit().unwrap().is_caller_s(), deadline.is_some());
        }
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(kernel.invoke(request()).await.status().as_str(), "ok");
}

#[tokio::test]
async fn what_cannot_start_is_in_error_and_is_tried_again_by_the_next_call() {
    let no = Err(Ended::Failed(Failure::new("no-model", "the model is missing")));
    let runtime = FakeRuntime { ends: std::sync::Mutex::new([no].into()), ..FakeRuntime::default() };
    let f = with(hooks, runtime, &[]);
    let kernel = f.kernel(hooks);
    let outcome = kernel.invoke(request()).await;
    assert_eq!(outcome.status().fault(), Some(FaultKind::NotStarted));
    assert!(outcome.status().message().unwrap().contains("the model is missing"));
    let error = "demo error: its setup ended with the failure `no-model`: the model is missing";
    assert_eq!(f.records.taken(), ["demo starting", error]);
    assert_eq!((f.runtime.unloads.load(Ordering::SeqCst), f.engine.calls()), (1, 0));
    assert_eq!(kernel.invoke(request()).await.status().as_str(), "ok");
    assert_eq!(f.records.taken(), ["demo starting", "demo keeps 1", "demo running"]);
}

#[tokio::test]
async fn each_reason_not_to_start_is_its_own_error() {
    let f = with(|_| {}, FakeRuntime::default(), &[]);
    *f.records.unmet.lock().unwrap() = Some("`demo` needs plugin `base`".to_owned());
    assert!(matches!(f.life.start(&f.plugin).await, Err(StartError::Dependency(_))));
    assert_eq!(f.runtime.loads.load(Ordering::SeqCst), 0, "dependencies come first");
    *f.records.unmet.lock().unwrap() = None;
    f.runtime.broken.store(true, Ordering::SeqCst);
    assert!(matches!(f.life.start(&f.plugin).await, Err(StartError::Load(_))));

    let bad = |capability: &mut Capability| capability.output = Schema::parse(r#"{"type":7}"#).unwrap();
    let broken = Arc::new(plugin(bad));
    assert!(matches!(
        Lifecycle::new(Arc::new(FakeRecords::of(&broken)), Arc::new(FakeRuntime::default()), Mode::Serving)
            .start(&broken)
            .await,
        Err(StartError::Schema { .. })
    ));
}

#[tokio::test]
async fn a_plugin_is_stopped_once() {
    let f = with(hooks, FakeRuntime::default(), &[]);
    f.life.start(&f.plugin).await.unwrap();
    f.records.taken();
    assert!(f.life.stop(&f.plugin.name).await.unwrap());
    assert!(!f.life.stop(&f.plugin.name).await.unwrap());
    assert_eq!(f.records.taken(), ["demo stopped"]);
    assert_eq!(*f.runtime.hooks.lock().unwrap(), [Hook::Setup, Hook::Teardown]);
    assert_eq!(f.runtime.unloads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_broken_teardown_stops_a_plugin_all_the_same() {
    let trap = Err(Ended::Fault(Fault::new(FaultKind::Trap, "unreachable")));
    let teardown = |plugin: &mut Plugin| plugin.hooks.teardown = true;
    let f = with(
        teardown,
        FakeRuntime { ends: std::sync::Mutex::new([trap].into()), ..FakeRuntime::default() },
        &[],
    );
    f.life.start(&f.plugin).await.unwrap();
    f.records.taken();
    assert!(f.life.stop(&f.plugin.name).await.unwrap());
    assert_eq!(f.records.taken(), ["event teardown_failed", "demo stopped"]);
}

#[tokio::test]
async fn a_trap_is_a_crash_and_the_next_call_a_restart() {
    let f = with(|_| {}, FakeRuntime::default(), &[Ends::Ok, Ends::Trap, Ends::Ok]);
    let kernel = f.kernel(|_| {});
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(kernel.invoke(request()).await.status().as_str());
    }
    assert_eq!(statuses, ["ok", "fault", "ok"]);
    let lines =
        ["demo starting", "demo running", "demo crashed: unreachable", "demo starting", "demo running again"];
    assert_eq!(f.records.taken(), lines);
}

#[tokio::test]
async fn reaching_a_limit_is_no_crash() {
    let f = with(|_| {}, FakeRuntime::default(), &[Ends::OutOfFuel]);
    assert_eq!(f.kernel(|_| {}).invoke(request()).await.status().as_str(), "fault");
    assert_eq!(f.records.taken(), ["demo starting", "demo running"]);
}

#[tokio::test]
async fn another_version_takes_the_place_of_the_one_that_runs() {
    let f = with(hooks, FakeRuntime::default(), &[]);
    f.life.start(&f.plugin).await.unwrap();
    let newer = |plugin: &mut Plugin| {
        hooks(plugin);
        plugin.version = semver::Version::new(2, 0, 0);
    };
    let old = f.kernel(hooks);
    let mut active = plugin(|_| {});
    newer(&mut active);
    *f.records.active.lock().unwrap() = vec![Arc::new(active)];
    f.records.taken();
    f.runtime.hooks.lock().unwrap().clear();
    assert_eq!(f.kernel(newer).invoke(request()).await.status().as_str(), "ok");
    assert_eq!(*f.runtime.hooks.lock().unwrap(), [Hook::Teardown, Hook::Setup]);
    assert_eq!(f.life.running()[0].version, semver::Version::new(2, 0, 0));
    f.records.taken();
    // A call admitted before still gets its version, and changes nothing.
    assert_eq!(old.invoke(request()).await.status().as_str(), "ok");
    assert_eq!(f.records.taken(), [""; 0]);
    assert_eq!(f.life.running()[0].version, semver::Version::new(2, 0, 0));
}

#[tokio::test]
async fn a_call_admitted_before_its_plugin_was_disabled_leaves_nothing_running() {
    let f = with(|_| {}, FakeRuntime::default(), &[]);
    let disabled = Plugin { enabled: false, ..plugin(|_| {}) };
    *f.records.active.lock().unwrap() = vec![Arc::new(disabled)];
    assert_eq!(f.kernel(|_| {}).invoke(request()).await.status().as_str(), "ok");
    assert!(f.life.running().is_empty());
    assert_eq!(f.records.taken(), [""; 0]);
}

fn rehearsal() -> ares_kernel::Request {
    let mut request = request();
    request.rehearse = true;
    request
}

#[tokio::test]
async fn a_rehearsal_runs_no_setup_and_crashes_nothing() {
    let f = with(hooks, FakeRuntime::default(), &[Ends::Trap]);
    let kernel = f.kernel(hooks);
    let outcome = kernel.invoke(rehearsal()).await;
    assert_eq!(outcome.status().fault(), Some(FaultKind::NotStarted));
    assert!(outcome.status().message().unwrap().contains("ares-host start demo"));
    assert_eq!((f.engine.calls(), f.records.taken()), (0, Vec::new()));
    f.life.start(&f.plugin).await.unwrap();
    f.records.taken();
    assert_eq!(kernel.invoke(rehearsal()).await.status().fault(), Some(FaultKind::Trap));
    assert_eq!(f.records.taken(), [""; 0]);
    assert_eq!(kernel.invoke(rehearsal()).await.status().as_str(), "ok");
}
