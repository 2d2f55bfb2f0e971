//! `events` at the engine: what a call may publish, and that nothing of a failed one is left.

use ares_kernel::Status;
use serde_json::{Value, json};

use super::house::{House, Registration, may_publish};

async fn house() -> House {
    let house = House::new();
    let grants = may_publish(&["news.made"]);
    house.register(Registration { grants, ..Registration::of("herald") }).await;
    house
}

/// The code and message of a call that must have ended in the guest's own failure.
async fn failure(house: &House, capability: &str, input: &Value) -> (String, String) {
    match house.invoke(capability, input).await.status() {
        Status::Failed(failure) => (failure.code.to_string(), failure.message.clone()),
        other => panic!("no failure: {other:?}"),
    }
}

#[tokio::test]
async fn what_a_good_call_publishes_is_kept_in_order() {
    let house = house().await;
    let payloads = json!([{"n": 1}, "two", null]);
    assert_eq!(house.answer("announce", &json!({ "payloads": payloads })).await, 3);
    let expected = [r#"{"n":1}"#, r#""two""#, "null"].map(|text| ("news.made".to_owned(), text.to_owned()));
    assert_eq!(house.memory.published(), expected);
    house.answer("announce_raw", &json!({"topic": "news.made", "text": " [1] "})).await;
    assert_eq!(house.memory.published().len(), 1);
}

#[tokio::test]
async fn a_call_that_fails_publishes_nothing() {
    let house = house().await;
    let (code, _) = failure(&house, "announce", &json!({"payloads": [1, 2], "fail": true})).await;
    assert_eq!(code, "told");
    assert!(house.memory.published().is_empty());
}

#[tokio::test]
async fn what_was_not_granted_is_not_published() {
    let house = house().await;
    let (code, message) = failure(&house, "announce", &json!({"payloads": [1], "topic": "news.ended"})).await;
    assert_eq!((code.as_str(), message.contains("`publish:news.ended`")), ("not-granted", true), "{message}");
    let (code, message) = failure(&house, "whisper", &json!({"payloads": [1]})).await;
    assert_eq!((code.as_str(), message.contains("class read")), ("not-granted", true), "{message}");
    assert!(house.memory.published().is_empty());
}

#[tokio::test]
async fn what_is_no_topic_or_no_json_is_told_escaped() {
    let house = house().await;
    for (topic, text) in [
        ("news.*", "1"),
        ("", "1"),
        ("news\u{1b}[7m", "1"),
        ("news.made", ""),
        ("news.made", "{"),
        ("news.made", "1 2"),
        ("news.made", r#"1,"topic":"other""#),
        ("news.made", r#"{"a":1,"a":2}"#),
        ("news.made", &format!("{}{}", "[".repeat(64), "]".repeat(64))),
    ] {
        let (code, message) = failure(&house, "announce_raw", &json!({"topic": topic, "text": text})).await;
        assert_eq!(code, "invalid-event", "{topic:?} {text}");
        assert!(!message.chars().any(char::is_control), "{message:?}");
    }
    assert!(house.memory.published().is_empty());
}

#[tokio::test]
async fn a_flood_ends_at_the_limits() {
    let house = house().await;
    let count = |n: usize| json!({ "payloads": vec![0; n] });
    assert_eq!(house.answer("announce", &count(100)).await, 100);
    assert_eq!(house.memory.published().len(), 100);
    let (code, message) = failure(&house, "announce", &count(101)).await;
    assert_eq!((code.as_str(), message.contains("at most 100 events")), ("too-large", true), "{message}");

    let sized = |bytes: usize| "x".repeat(bytes - 2);
    assert_eq!(house.answer("announce", &json!({ "payloads": [sized(65_536)] })).await, 1);
    let (code, message) = failure(&house, "announce", &json!({ "payloads": [sized(65_537)] })).await;
    assert_eq!((code.as_str(), message.contains("this one has 65537")), ("too-large", true), "{message}");
    house.memory.published();

    house.memory.fill_outbox(998);
    assert_eq!(house.answer("announce", &count(2)).await, 2);
    let (code, message) = failure(&house, "announce", &count(3)).await;
    assert_eq!((code.as_str(), message.contains("1000 deliveries")), ("events-full", true), "{message}");
    assert_eq!(house.memory.published().len(), 2, "nothing of the call that was told so");
}
