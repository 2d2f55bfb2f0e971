//! How a call can end badly: each kind of fault, its message, and the engine unharmed after it.

use std::time::{Duration, Instant};

use ares_engine::PoolUse;
use ares_kernel::facts::Limits;
use ares_kernel::{FaultKind, Outcome, Status};
use serde_json::{Value, json};

use super::house::{House, Registration, fault};

async fn chaos(limits: Limits, capability: &str, input: Value) -> Outcome {
    let house = House::new();
    house.register(Registration { limits, ..Registration::of("chaos") }).await;
    let outcome = house.invoke(capability, &input).await;
    assert_eq!(house.engine.pool_use(), PoolUse::default(), "something is left after {capability}");
    let failure = house.invoke("fail", &json!({"amount": 0})).await;
    assert!(matches!(failure.status(), Status::Failed(_)), "the next call: {:?}", failure.status());
    outcome
}

fn limits() -> Limits {
    Limits { deadline: Duration::from_secs(20), ..Limits::default() }
}

fn quick() -> Limits {
    Limits { deadline: Duration::from_millis(300), ..Limits::default() }
}

#[tokio::test]
async fn fuel_runs_out() {
    let limits = Limits { fuel: 50_000_000, ..limits() };
    let outcome = chaos(limits, "spin", json!({})).await;
    let (kind, message) = fault(&outcome);
    assert_eq!((kind, message.contains("50000000")), (FaultKind::OutOfFuel, true), "{message}");
    assert!(outcome.usage().fuel >= 49_000_000, "{:?}", outcome.usage());
}

#[tokio::test]
async fn time_runs_out_in_a_loop_and_in_a_sleep() {
    for (capability, input) in [("spin", json!({})), ("sleep", json!({"amount": 60_000}))] {
        let limits = Limits { fuel: u64::MAX / 2, ..quick() };
        let began = Instant::now();
        let outcome = chaos(limits, capability, input).await;
        assert_eq!(fault(&outcome).0, FaultKind::Deadline, "{capability}");
        let wall = Duration::from_micros(outcome.usage().wall_us);
        assert!((200..=900).contains(&wall.as_millis()), "{capability} took {wall:?}");
        assert!(began.elapsed() < Duration::from_secs(15));
        assert!(outcome.usage().fuel > 0, "{:?}", outcome.usage());
    }
}

#[tokio::test]
async fn memory_runs_out() {
    let limits = Limits { memory_bytes: 20 << 20, ..limits() };
    let outcome = chaos(limits, "eat_memory", json!({"amount": 64 << 20})).await;
    let (kind, message) = fault(&outcome);
    assert_eq!((kind, message.contains("20 MiB")), (FaultKind::OutOfMemory, true), "{message}");
    let peak = outcome.usage().peak_memory_bytes;
    assert!((10 << 20..=20 << 20).contains(&peak), "{peak}");
}

#[tokio::test]
async fn the_stack_runs_out() {
    let (kind, message) = fault(&chaos(limits(), "recurse", json!({"amount": 100_000_000})).await);
    assert_eq!((kind, message.contains("call stack exhausted")), (FaultKind::Trap, true), "{message}");
}

#[tokio::test]
async fn a_panic_says_why_without_its_colours() {
    let (kind, message) = fault(&chaos(limits(), "trap", json!({})).await);
    assert_eq!(kind, FaultKind::Trap);
    assert!(message.contains("panics on purpose\\u{1b}[31m") && !message.contains('\u{1b}'), "{message}");
}

#[tokio::test]
async fn exit_ends_the_call_and_nothing_else() {
    let (kind, message) = fault(&chaos(limits(), "exit", json!({})).await);
    assert_eq!((kind, message.contains("exit code 0")), (FaultKind::Exit, true), "{message}");
}

#[tokio::test]
async fn answers_have_a_size() {
    let big = |amount: u64| chaos(limits(), "big_output", json!({ "amount": amount }));
    assert_eq!(fault(&big(2 << 20).await).0, FaultKind::OutputTooLarge);
    // So large that it is not even taken over: Wasmtime's own limit, by its own words.
    assert_eq!(fault(&big(12 << 20).await).0, FaultKind::HostLimit);
    assert_eq!(fault(&chaos(limits(), "bad_output", json!({})).await).0, FaultKind::OutputInvalid);
}

#[tokio::test]
async fn host_calls_are_counted() {
    let limits = Limits { host_calls: 100, ..limits() };
    let outcome = chaos(limits, "log_flood", json!({"amount": 1000})).await;
    let (kind, message) = fault(&outcome);
    assert_eq!((kind, message.contains("100")), (FaultKind::HostLimit, true), "{message}");
    assert_eq!(outcome.usage().host_calls, 100);
}

#[tokio::test]
async fn a_failure_in_a_guests_words_is_escaped_and_cut() {
    let outcome = chaos(limits(), "fail", json!({"amount": 100_000})).await;
    let Status::Failed(failure) = outcome.status() else { panic!("{:?}", outcome.status()) };
    assert_eq!(failure.code, "failed");
    assert!(
        failure.message.len() < 5000 && failure.message.starts_with("\\u{1b}[2J\\u{7}"),
        "{}",
        failure.message
    );
}

#[tokio::test]
async fn a_log_has_so_many_lines_and_no_control_characters() {
    let house = House::new();
    house.register(Registration { limits: limits(), ..Registration::of("chaos") }).await;
    let outcome = house.invoke("log_flood", &json!({"amount": 1500})).await;
    assert!(matches!(outcome.status(), Status::Ok(_)), "{:?}", outcome.status());
    assert_eq!((outcome.usage().log_lines_dropped, outcome.usage().host_calls), (500, 1500));
    let id = outcome.id().to_string();
    let lines = house.log_after_the_end("chaos");
    assert_eq!(lines.len(), 1000);
    assert!(lines.iter().all(|line| line["invocation"] == id && line["level"] == "info"));
    assert_eq!(lines[7]["message"], "line 7 \\u{1b}[2J of a flood");
}

#[tokio::test]
async fn standard_output_goes_to_the_log_and_is_cut() {
    let house = House::new();
    let limits = Limits { log_lines: 100_000, ..limits() };
    house.register(Registration { limits, ..Registration::of("chaos") }).await;
    let outcome = house.invoke("stdout_flood", &json!({"amount": 10_000})).await;
    assert!(matches!(outcome.status(), Status::Ok(_)), "{:?}", outcome.status());
    let lines = house.log_after_the_end("chaos");
    for source in ["stdout", "stderr"] {
        let of_source: Vec<_> = lines.iter().filter(|line| line["source"] == source).collect();
        let bytes: usize = of_source.iter().map(|line| line["message"].as_str().unwrap().len() + 1).sum();
        assert!((60 << 10..=66 << 10).contains(&bytes), "{source}: {bytes}");
        let last = of_source.last().unwrap()["message"].as_str().unwrap();
        assert!(last.contains("more bytes were not kept"), "{last}");
    }
}
