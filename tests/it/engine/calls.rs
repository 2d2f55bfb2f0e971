//! Calls that go well: what a guest is told, and calls of calls.

use ares_engine::PoolUse;
use ares_kernel::Status;
use serde_json::json;

use super::house::{House, Registration, may_call, request};

#[tokio::test]
async fn a_guest_answers_and_leaves_nothing_behind() {
    let house = House::new();
    house.register(Registration::of("echo")).await;
    let outcome = house.invoke("echo", &json!({"text": "γειά", "extra": [1, null]})).await;
    let Status::Ok(answer) = outcome.status() else { panic!("{:?}", outcome.status()) };
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(answer).unwrap(),
        json!({"text": "γειά", "extra": [1, null]})
    );
    let usage = outcome.usage();
    assert!(usage.fuel > 1000 && usage.wall_us > 0, "{usage:?}");
    assert!(usage.peak_memory_bytes >= 1 << 16 && usage.peak_memory_bytes % (1 << 16) == 0, "{usage:?}");
    assert_eq!(house.engine.pool_use(), PoolUse::default());
}

#[tokio::test]
async fn a_guest_from_before_the_sdk_still_runs() {
    let house = House::new();
    let plugin = house.register(Registration::of("since-v0-1")).await;
    assert!(!plugin.capabilities.is_empty());
}

#[tokio::test]
async fn a_guest_learns_who_asks() {
    let house = House::new();
    house.register(Registration::of("echo")).await;
    let mut request = request("show_context", &json!({}));
    request.task = Some("spring cleaning".to_owned());
    request.metadata = Some(r#"{"page":3}"#.to_owned());
    let id = request.id.to_string();
    let outcome = house.kernel.invoke(request).await;
    let seen: serde_json::Value = serde_json::from_str(outcome.status().value().unwrap()).unwrap();
    assert_eq!(seen["invocation"], id);
    assert_eq!((&seen["caller_kind"], &seen["caller"]), (&json!("human"), &json!("tester")));
    assert_eq!(
        (&seen["task"], &seen["depth"], &seen["parent"]),
        (&json!("spring cleaning"), &json!(0), &json!(null))
    );
    assert_eq!(seen["metadata"], json!({"page": 3}));
    assert!((1..=20_000).contains(&seen["remaining_ms"].as_u64().unwrap()), "{seen}");
}

#[tokio::test]
async fn a_guest_reads_its_configuration() {
    let house = House::new();
    let config = json!({"greeting": "hi", "limit": 3}).as_object().unwrap().clone();
    house.register(Registration { config, ..Registration::of("echo") }).await;
    assert_eq!(house.answer("show_config", &json!({})).await, json!({"greeting": "hi", "limit": 3}));
}

#[tokio::test]
async fn a_guest_calls_a_guest() {
    let house = House::new();
    house.register(Registration::of("echo")).await;
    house.register(Registration { grants: may_call(&["show_context"]), ..Registration::of("caller") }).await;
    let seen = house.answer("relay", &json!({"capability": "show_context"})).await;
    assert_eq!((&seen["caller_kind"], &seen["caller"]), (&json!("plugin"), &json!("caller")));
    assert_eq!(seen["depth"], 1);
    assert!(seen["parent"].is_string());
}

#[tokio::test]
async fn what_a_called_guest_cannot_do_is_an_error_for_its_caller() {
    let house = House::new();
    house.register(Registration::of("chaos")).await;
    house.register(Registration { grants: may_call(&["trap", "fail"]), ..Registration::of("caller") }).await;
    for (capability, input) in [("trap", json!({})), ("fail", json!({"amount": 3})), ("echo", json!({}))] {
        let outcome = house.invoke("relay", &json!({"capability": capability, "input": input})).await;
        let Status::Failed(failure) = outcome.status() else { panic!("{:?}", outcome.status()) };
        assert!(!failure.message.contains('\u{1b}'), "{}", failure.message);
    }
}
