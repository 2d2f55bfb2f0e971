//! What a guest asks of the host beyond all measure: refused by the limit that is meant for it, and
//! the engine serves the next call.

use std::time::{Duration, Instant};

use ares_engine::PoolUse;
use ares_kernel::facts::{Access, Effect, Grants, Limits};
use ares_kernel::{FaultKind, Outcome, Status};
use serde_json::{Value, json};

use super::house::{House, Registration, fault, may_reach, request};

async fn chaos() -> House {
    let house = House::new();
    house.register(Registration::of("chaos")).await;
    house
}

/// Asks a capability for so much of what it does, and makes sure that the next call is served.
async fn asked(house: &House, capability: &str, amount: u64) -> Outcome {
    let mut request = request(capability, &json!({ "amount": amount }));
    request.deadline = Some(Duration::from_secs(10));
    let outcome = house.kernel.invoke(request).await;
    assert_eq!(house.engine.pool_use(), PoolUse::default(), "something is left after {capability}");
    assert_eq!(house.answer("hoard", &json!({"amount": 1})).await, json!(1), "the call after {capability}");
    outcome
}

/// Insists on an answer.
async fn answered(house: &House, capability: &str, amount: u64) {
    let outcome = asked(house, capability, amount).await;
    assert_eq!(outcome.status().value(), Some(amount.to_string().as_str()), "{:?}", outcome.status());
}

/// Insists on a fault of this kind, whose message says this and nothing that moves a cursor.
async fn ended(house: &House, capability: &str, amount: u64, expected: (FaultKind, &str)) -> Outcome {
    let outcome = asked(house, capability, amount).await;
    let (kind, message) = fault(&outcome);
    assert_eq!(kind, expected.0, "{capability} of {amount}: {message}");
    assert!(message.contains(expected.1), "{capability} of {amount}: {message}");
    assert!(!message.contains(char::is_control) && message.len() < 5000, "{message:?}");
    outcome
}

const HANDLES: (FaultKind, &str) = (FaultKind::HostLimit, "resource table has no free keys");
const HANDOVER: (FaultKind, &str) = (FaultKind::HostLimit, "fuel allocated for hostcalls");

#[tokio::test]
async fn handles_are_counted() {
    let house = chaos().await;
    answered(&house, "hoard", 400).await;
    for amount in [2000, 1_000_000] {
        let outcome = ended(&house, "hoard", amount, HANDLES).await;
        assert!(outcome.usage().fuel < 1_000_000, "it was stopped late: {:?}", outcome.usage());
    }
}

#[tokio::test]
async fn handles_that_were_given_back_or_lent_do_not_add_up() {
    let house = chaos().await;
    let outcome = asked(&house, "lend", 20_000).await;
    assert!(matches!(outcome.status(), Status::Ok(_)), "{:?}", outcome.status());
}

#[tokio::test]
async fn one_handle_cannot_be_named_without_end() {
    let house = chaos().await;
    answered(&house, "poll_often", 1000).await;
    ended(&house, "poll_often", 4_000_000, HANDOVER).await;
}

#[tokio::test]
async fn zeroes_are_not_made_without_room_for_them() {
    let house = chaos().await;
    answered(&house, "write_zeroes", 64 << 10).await;
    for amount in [(64 << 10) + 1, 1 << 62, u64::MAX] {
        ended(&house, "write_zeroes", amount, (FaultKind::Trap, "more zeroes than `check_write` allows"))
            .await;
    }
}

#[tokio::test]
async fn random_bytes_come_in_portions() {
    let house = chaos().await;
    answered(&house, "random", 1 << 20).await;
    for amount in [(1 << 20) + 1, u64::MAX] {
        ended(&house, "random", amount, (FaultKind::Trap, "exceeds limit 1048576")).await;
    }
}

#[tokio::test]
async fn what_is_handed_over_counts_as_often_as_it_is_named() {
    let house = chaos().await;
    // Read by the host, and refused for what it is.
    let outcome = asked(&house, "hand_over_twice", 4 << 20).await;
    let Status::Failed(failure) = outcome.status() else { panic!("{:?}", outcome.status()) };
    assert_eq!(failure.code, "not-granted");
    ended(&house, "hand_over_twice", 5 << 20, HANDOVER).await;
    ended(&house, "log_long", 10 << 20, HANDOVER).await;
}

#[tokio::test]
async fn a_log_line_has_a_length() {
    let house = chaos().await;
    answered(&house, "log_long", 1 << 20).await;
    let lines = house.log_after_the_end("chaos");
    let line = lines[0]["message"].as_str().unwrap();
    assert!(line.len() < 4200 && line.ends_with("x… (1044480 more bytes)"), "{} bytes", line.len());
}

#[tokio::test]
async fn the_host_has_stack_left_where_the_guest_has_none() {
    let house = chaos().await;
    let exhausted = (FaultKind::Trap, "call stack exhausted");
    let outcome = ended(&house, "recurse_into_host", 100_000_000, exhausted).await;
    assert!(outcome.usage().host_calls > 1000, "it did not get deep: {:?}", outcome.usage());
}

#[tokio::test]
async fn waiting_for_the_end_of_time_ends_at_the_deadline() {
    let house = chaos().await;
    for amount in [u64::MAX, 1 << 62] {
        let mut request = request("wait", &json!({ "amount": amount }));
        request.deadline = Some(Duration::from_millis(200));
        let outcome = house.kernel.invoke(request).await;
        assert_eq!(fault(&outcome).0, FaultKind::Deadline);
        assert_eq!(house.engine.pool_use(), PoolUse::default());
    }
    answered(&house, "hoard", 1).await;
}

#[tokio::test]
async fn one_instruction_that_fills_all_memory_pays_for_it_and_holds_nobody_up() {
    let house = House::new();
    let limits = |fuel| Limits { fuel, deadline: Duration::from_secs(1), ..Limits::default() };
    let little =
        house.register(Registration { limits: limits(10_000_000), ..Registration::of("chaos") }).await;
    let (all, one) = (json!({"amount": 64 << 20}), json!({"amount": 1}));
    assert_eq!(fault(&house.invoke("fill", &all).await).0, FaultKind::OutOfFuel);
    house.forget(little);
    house.register(Registration { limits: limits(u64::MAX / 2), ..Registration::of("chaos") }).await;
    let filling = async {
        assert_eq!(fault(&house.invoke("fill", &all).await).0, FaultKind::Deadline);
        Instant::now()
    };
    let others = async {
        for _ in 0..5 {
            assert_eq!(house.answer("hoard", &one).await, json!(1));
        }
        Instant::now()
    };
    let (filled, served) = tokio::join!(filling, others);
    assert!(served < filled, "the other calls had to wait for the filling one");
}

#[tokio::test]
async fn no_clock_is_finer_than_a_millisecond() {
    let house = chaos().await;
    let steps = house.answer("clock_steps", &json!({})).await;
    assert!(steps["finest"].as_u64().unwrap() >= 1_000_000, "{steps}");
    assert_eq!((&steps["below_a_millisecond"], &steps["claimed"]), (&json!(0), &json!(1_000_000)), "{steps}");
}

#[tokio::test]
async fn who_was_granted_clock_has_fine_clocks_and_a_pure_call_has_not() {
    for (effect, singleton, finest) in [
        (Effect::Read, false, 1..1_000_000),
        (Effect::Read, true, 1..1_000_000),
        (Effect::Pure, false, 1_000_000..u64::MAX),
    ] {
        let house = House::new();
        let grants = Grants::none().with_clock(true);
        let effect = Some(effect);
        house.register(Registration { grants, effect, singleton, ..Registration::of("chaos") }).await;
        let steps = house.answer("clock_steps", &json!({})).await;
        assert!(finest.contains(&steps["finest"].as_u64().unwrap()), "{effect:?}: {steps}");
        assert_eq!(steps["claimed"] == 1, effect == Some(Effect::Read), "{steps}");
    }
}

#[tokio::test]
async fn a_kept_instance_has_the_clock_of_each_call() {
    let house = House::new();
    let grants = || Grants::none().with_clock(true);
    let (effect, singleton) = (Some(Effect::Read), true);
    let of = |grants| Registration { grants, effect, singleton, ..Registration::of("chaos") };
    let granted = house.forget(house.register(of(grants())).await);
    let revoked = house.forget(house.register(of(Grants::none())).await);
    for (plugin, claimed) in [(&granted, 1), (&revoked, 1_000_000), (&granted, 1)] {
        let plugin = house.remember_shared(plugin);
        assert_eq!(house.answer("clock_steps", &json!({})).await["claimed"], claimed);
        house.forget(plugin);
    }
}

#[tokio::test]
async fn values_no_program_means_are_errors_for_the_guest() {
    let (house, folder) = (House::new(), tempfile::tempdir().unwrap());
    fs_err::write(folder.path().join("a"), "a").unwrap();
    let grants = may_reach(folder.path(), Access::Write);
    house.register(Registration { grants, effect: Some(Effect::Write), ..Registration::of("chaos") }).await;
    let said = house.answer("odd_values", &json!({})).await;
    for (what, gave) in [
        ("read all of standard input", "Closed"),
        ("open with every flag", "Err"),
        ("a size without end", "quota"),
        ("a time without end", "overflow"),
        ("advice on everything", "invalid"),
        ("read behind the end of numbers", "invalid"),
        ("write at the end of numbers", "quota"),
        ("a stream to the end of numbers", "LastOperationFailed"),
        ("path ..", "(Err"),
        ("path /", "(Err"),
        ("path a\\0b", "(Err"),
        ("path a/a/a/a/", "(Err"),
        ("path aaaaaaaa", "(Err"),
    ] {
        assert!(said[what].as_str().is_some_and(|said| said.contains(gave)), "{what}: {said}");
    }
    let left = fs_err::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
    let mut left: Vec<(_, u64)> =
        left.map(|entry| (entry.file_name(), entry.metadata().unwrap().len())).collect();
    left.sort();
    assert_eq!(left, [("a".into(), 1), ("odd".into(), 0)]);
    assert_eq!(house.answer("hoard", &json!({"amount": 1})).await, Value::from(1));
}
