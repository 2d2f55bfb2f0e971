//! Which limit ended a call: each by its key and value, with the key of the host above it.

use std::time::Duration;

use ares_kernel::Outcome;
use ares_kernel::facts::Limits;
use serde_json::{Value, json};

use super::house::{House, Registration, fault, request};

const CHAOS: &str = "chaos";

async fn chaos(limits: Limits, capability: &str, amount: u64) -> Outcome {
    let house = House::new();
    house.register(Registration { limits, ..Registration::of(CHAOS) }).await;
    house.invoke(capability, &json!({ "amount": amount })).await
}

fn limits() -> Limits {
    Limits { deadline: Duration::from_secs(20), ..Limits::default() }
}

/// The outcome's `limit`, as every door writes it; the message must name its key, too.
fn limit(outcome: &Outcome) -> Value {
    let written = serde_json::to_value(outcome).unwrap();
    let (limit, message) = (&written["error"]["limit"], written["error"]["message"].as_str().unwrap());
    let (key, host) = (limit["key"].as_str().unwrap(), limit["host_key"].as_str());
    assert!(host.is_none_or(|host| message.contains(host) && message.contains(key)), "{message}");
    limit.clone()
}

#[tokio::test]
async fn what_ended_a_call_is_named() {
    let of = |key: &str, value: u64| json!({"key": key, "value": value, "host_key": format!("limits.{key}")});
    for (limits, capability, amount, expected) in [
        (Limits { fuel: 50_000_000, ..limits() }, "spin", 0, of("fuel", 50_000_000)),
        (Limits { memory_bytes: 20 << 20, ..limits() }, "eat_memory", 64 << 20, of("memory_mb", 20)),
        (
            Limits { deadline: Duration::from_millis(300), ..limits() },
            "sleep",
            60_000,
            of("deadline_ms", 300),
        ),
        (Limits { host_calls: 100, ..limits() }, "log_flood", 1000, of("host_calls", 100)),
        (Limits { output_bytes: 1000, ..limits() }, "big_output", 2000, of("output_bytes", 1000)),
        (limits(), "big_output", 12 << 20, json!({"key": "handover_bytes", "value": 9 << 20})),
        (limits(), "hoard", 2000, json!({"key": "handles", "value": 1024})),
    ] {
        let input = if capability == "spin" { json!({}) } else { json!({ "amount": amount }) };
        let house = House::new();
        house.register(Registration { limits, ..Registration::of(CHAOS) }).await;
        assert_eq!(limit(&house.invoke(capability, &input).await), expected, "{capability}");
    }
}

#[tokio::test]
async fn a_deadline_is_named_by_whose_it_was() {
    let house = House::new();
    let chaos = house.forget(house.register(Registration::of(CHAOS)).await);
    let mut plugin = std::sync::Arc::try_unwrap(chaos).unwrap();
    for capability in &mut plugin.capabilities {
        std::sync::Arc::get_mut(capability).unwrap().limits.deadline = Duration::from_millis(300);
    }
    house.remember(plugin);
    let nap = json!({"amount": 60_000});
    let outcome = house.invoke("sleep", &nap).await;
    assert_eq!(limit(&outcome), json!({"key": "timeout_ms", "value": 300}));

    let mut hurried = request("sleep", &nap);
    hurried.deadline = Some(Duration::from_millis(200));
    let outcome = house.kernel.invoke(hurried).await;
    assert_eq!(limit(&outcome), json!({"key": "deadline", "value": 200}));
    assert!(fault(&outcome).1.contains("200 ms its caller gave it"), "{:?}", fault(&outcome));
}

#[tokio::test]
async fn too_large_an_input_runs_nothing_and_names_its_limit() {
    let outcome = chaos(Limits { input_bytes: 5, ..limits() }, "sleep", 1).await;
    let written = serde_json::to_value(&outcome).unwrap();
    assert_eq!(written["error"]["code"], "too-large", "{written}");
    assert!(written["error"]["message"].as_str().unwrap().contains("`input_bytes`"), "{written}");
    assert_eq!(outcome.usage().fuel, 0);
}
