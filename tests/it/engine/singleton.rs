//! Plugins that keep one instance for all calls.

use ares_engine::Pool;
use ares_kernel::FaultKind;
use serde_json::json;

use super::house::{House, Registration, fault, may_keep, request};

fn counter(name: &'static str, singleton: bool) -> Registration {
    Registration { name, singleton, grants: may_keep(), ..Registration::of("counter") }
}

#[tokio::test]
async fn one_instance_counts_on_and_many_do_not() {
    let house = House::new();
    house.register(counter("fresh", false)).await;
    for _ in 0..3 {
        assert_eq!(house.answer("next", &json!({})).await, json!(1));
    }
    let house = House::new();
    house.register(counter("kept", true)).await;
    for count in 1..=3 {
        assert_eq!(house.answer("next", &json!({})).await, json!(count));
    }
    assert_eq!(house.engine.pool_use().instances, 1);
}

#[tokio::test]
async fn calls_of_one_instance_come_one_after_the_other() {
    let house = House::new();
    house.register(counter("kept", true)).await;
    let nothing = json!({});
    let calls = (0..20).map(|_| house.answer("next", &nothing));
    let mut counts: Vec<u64> =
        futures::future::join_all(calls).await.iter().map(|n| n.as_u64().unwrap()).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn nothing_of_a_call_remains_for_the_next() {
    let house = House::new();
    house.register(counter("kept", true)).await;
    for count in 1..=3 {
        let outcome = house.invoke("kv_increment", &json!({"by": 2})).await;
        assert_eq!(outcome.status().value(), Some(format!("{}", count * 2).as_str()));
        assert_eq!(outcome.usage().host_calls, 2, "{:?}", outcome.usage());
    }
}

#[tokio::test]
async fn a_broken_instance_is_not_used_again() {
    let house = House::new();
    let limits = ares_kernel::facts::Limits { host_calls: 1, ..Registration::of("counter").limits };
    house.register(Registration { limits, ..counter("kept", true) }).await;
    assert_eq!(house.answer("next", &json!({})).await, json!(1));
    assert_eq!(house.answer("next", &json!({})).await, json!(2));
    assert_eq!(fault(&house.invoke("kv_increment", &json!({})).await).0, FaultKind::HostLimit);
    assert_eq!(house.engine.pool_use().instances, 0);
    assert_eq!(house.answer("next", &json!({})).await, json!(1));
}

#[tokio::test]
async fn the_same_bytes_under_two_names_are_two_instances() {
    let house = House::new();
    for name in ["one", "two"] {
        house.register(counter(name, true)).await;
    }
    assert_eq!(house.answer("next", &json!({})).await, json!(1));
    let mut request = request("next", &json!({}));
    request.provider = Some("two".parse().unwrap());
    assert_eq!(house.kernel.invoke(request).await.status().value(), Some("1"));
}

#[tokio::test]
async fn room_for_kept_instances_is_bounded_and_unloading_gives_it_back() {
    use ares_kernel::ports::Runtime as _;
    let house = House::with(|options| options.pool = Pool { calls: 2, singletons: 1 });
    let plugin = house.register(counter("one", true)).await;
    house.register(counter("two", true)).await;
    assert_eq!(house.answer("next", &json!({})).await, json!(1));
    let second = || {
        let mut request = request("next", &json!({}));
        request.provider = Some("two".parse().unwrap());
        house.kernel.invoke(request)
    };
    assert_eq!(fault(&second().await).0, FaultKind::NotStarted);
    house.engine.unload(&plugin.blake3);
    assert_eq!(second().await.status().value(), Some("1"));
}
