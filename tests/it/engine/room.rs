//! Many calls at one time: a bounded pool, nobody starved, nobody waiting for each other.

use std::time::{Duration, Instant};

use ares_engine::{Pool, PoolUse};
use ares_kernel::FaultKind;
use ares_kernel::facts::Limits;
use serde_json::json;

use super::house::{House, Registration, fault, may_call};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_calls_than_places_take_turns() {
    let house = House::new();
    house.register(Registration::of("echo")).await;
    let input = json!({"text": "x"});
    let calls = (0..300).map(|_| house.answer("echo", &input));
    assert_eq!(futures::future::join_all(calls).await.len(), 300);
    assert_eq!(house.engine.pool_use(), PoolUse::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_calls_cannot_wait_for_each_other() {
    let house = House::with(|options| options.pool = Pool { calls: 2, singletons: 0 });
    house.register(Registration::of("echo")).await;
    house.register(Registration { grants: may_call(&["echo"]), ..Registration::of("caller") }).await;
    let input = json!({"capability": "echo", "input": {"text": "x"}});
    let calls = (0..50).map(|_| house.answer("relay", &input));
    assert_eq!(futures::future::join_all(calls).await.len(), 50);
}

#[tokio::test]
async fn one_thread_serves_others_while_a_guest_spins() {
    let house = House::new();
    let limits = Limits { deadline: Duration::from_secs(1), fuel: u64::MAX / 2, ..Limits::default() };
    house.register(Registration { limits, ..Registration::of("chaos") }).await;
    house.register(Registration::of("echo")).await;
    let (nothing, text) = (json!({}), json!({"text": "x"}));
    let spinning = async {
        let outcome = house.invoke("spin", &nothing).await;
        assert_eq!(fault(&outcome).0, FaultKind::Deadline);
        Instant::now()
    };
    let others = async {
        for _ in 0..10 {
            house.answer("echo", &text).await;
        }
        Instant::now()
    };
    let (spun, served) = tokio::join!(spinning, others);
    assert!(served < spun, "the other calls had to wait for the spinning one");
}

#[tokio::test]
async fn a_call_that_gets_no_place_ends_in_time() {
    let house = House::with(|options| options.pool = Pool { calls: 1, singletons: 0 });
    let limits = Limits { deadline: Duration::from_secs(10), ..Limits::default() };
    house.register(Registration { limits, ..Registration::of("chaos") }).await;
    let limits = Limits { deadline: Duration::from_millis(200), ..Limits::default() };
    house.register(Registration { limits, ..Registration::of("echo") }).await;
    house.invoke("fail", &json!({"amount": 1})).await;
    let (nap, text) = (json!({"amount": 600}), json!({"text": "x"}));
    let (slept, waited) = tokio::join!(house.invoke("sleep", &nap), house.invoke("echo", &text));
    assert_eq!(slept.status().value(), Some("600"));
    assert_eq!(fault(&waited).0, FaultKind::Busy);
    let limit = waited.status().limit().unwrap();
    assert_eq!((limit.key, limit.value, limit.host_key), ("engine.calls", 1, Some("engine.calls")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_one_plugin_take_turns_and_hold_nobody_else_up() {
    let house = House::new();
    let deadline = Duration::from_millis(1500);
    let limits = Limits { concurrency: Some(1), deadline, ..Limits::default() };
    house.register(Registration { limits, ..Registration::of("chaos") }).await;
    house.register(Registration::of("echo")).await;
    house.invoke("fail", &json!({"amount": 1})).await;
    // More waiting calls than the pool has places.
    let (nap, text) = (json!({"amount": 400}), json!({"text": "x"}));
    let naps = futures::future::join_all((0..6).map(|_| house.invoke("sleep", &nap)));
    let other = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let began = Instant::now();
        house.answer("echo", &text).await;
        began.elapsed()
    };
    let (slept, served) = tokio::join!(naps, other);
    assert!(served < Duration::from_millis(700), "another plugin's call waited {served:?}");
    let (good, late): (Vec<_>, Vec<_>) = slept.iter().partition(|outcome| outcome.status().value().is_some());
    // One after the other: three naps fit, a fourth may begin and not end, the rest have no turn.
    assert!((1..=3).contains(&good.len()), "{} naps at once", good.len());
    let busy: Vec<_> = late.iter().filter(|outcome| fault(outcome).0 == FaultKind::Busy).collect();
    assert!(busy.len() >= 2, "{:?}", late.iter().map(|outcome| fault(outcome)).collect::<Vec<_>>());
    let limit = busy[0].status().limit().unwrap();
    assert_eq!((limit.key, limit.value, busy[0].usage().fuel), ("concurrency", 1, 0));
    assert!(fault(busy[0]).1.contains("`chaos` runs 1 at one time"), "{:?}", fault(busy[0]));
    assert_eq!(house.engine.pool_use(), PoolUse::default());
}

#[tokio::test]
async fn a_turn_serves_the_calls_within_a_call() {
    let house = House::new();
    let one = |name: &'static str| {
        let limits = Limits { concurrency: Some(1), deadline: Duration::from_secs(5), ..Limits::default() };
        Registration { limits, grants: may_call(&["relay", "relay_self"]), ..Registration::of(name) }
    };
    house.register(one("caller")).await;
    // `caller` waits for `caller`: with a turn of its own each would wait for the other.
    let inner = json!({"capability": "relay_self", "input": {"levels": 0}});
    assert_eq!(house.answer("relay", &inner).await, 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_nothing_behind() {
    let house = House::new();
    house.register(Registration::of("chaos")).await;
    let (spin, nap) = (json!({}), json!({"amount": 10_000}));
    for _ in 0..3 {
        let calls = futures::future::join(house.invoke("spin", &spin), house.invoke("sleep", &nap));
        assert!(tokio::time::timeout(Duration::from_millis(100), calls).await.is_err());
        assert_eq!(house.engine.pool_use(), PoolUse::default());
    }
}

#[test]
fn an_engine_that_cannot_be_had_says_why() {
    use ares_engine::EngineError;
    let refused = |pool: Pool, memory_bytes: u64| {
        let engine = House::try_with(|options| {
            options.pool = pool;
            options.maxima.memory_bytes = memory_bytes;
        });
        engine.err().unwrap()
    };
    let pool = |calls| Pool { calls, singletons: 1 };
    assert!(matches!(refused(pool(0), 1 << 20), EngineError::Pool { .. }));
    assert!(matches!(refused(pool(100_000), 1 << 20), EngineError::Pool { .. }));
    // More than a memory can be addressed with.
    let error = refused(pool(1), 5 << 30);
    assert!(matches!(error, EngineError::Wasmtime { .. }), "{error}");
    let key = House::try_with(|options| options.key = options.artifacts.join("key")).err().unwrap();
    assert!(matches!(key, EngineError::KeyInside { .. }), "{key}");
}
