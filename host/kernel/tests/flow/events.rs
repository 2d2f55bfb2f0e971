//! Events over the whole kernel: what is published with which answer, and how a delivery is judged.

use ares_kernel::{Caller, DeliveryId, Lineage, Outcome, Published};
use serde_json::{Value, json};

use crate::fakes::World;

async fn told(world: &World) -> (Outcome, Published) {
    let outcome = world.invoke("tell", "{}").await;
    let published = world.published().remove(0);
    (outcome, published)
}

fn code(outcome: &Outcome) -> &str {
    outcome.status().code().unwrap_or("ok")
}

#[tokio::test]
async fn a_delivery_is_a_call_of_its_own_that_knows_where_it_comes_from() {
    let world = World::new();
    let (outcome, published) = told(&world).await;
    assert_eq!(published.lineage.invocation(), outcome.id());
    let heard = world.deliver(&published, ("listener", "hear"), |_| {}).await;
    assert_eq!(code(&heard), "ok");
    assert_eq!(world.records()[2..], ["begin hear", "close ok hear"]);
    assert_eq!(world.parents()[1], Some(outcome.id()));
    let (caller, input) = world.inputs().remove(1);
    assert_eq!(caller, Caller::Plugin("teller".parse().unwrap()));
    let (event, input) = (&published.events[0], serde_json::from_str::<Value>(&input).unwrap());
    let expected = json!({
        "topic": "news.made", "payload": {"n": 1}, "id": event.id.to_string(), "publisher": "teller", "at": 7,
    });
    assert_eq!(input, expected);
    assert!(world.kernel().deliver(DeliveryId(1)).await.unwrap().is_none(), "it waits no more");
}

#[tokio::test]
async fn only_a_good_answer_of_a_call_that_changes_something_publishes() {
    let world = World::new();
    for capability in ["look", "lie"] {
        world.invoke(capability, "{}").await;
        assert!(world.published().is_empty(), "{capability}");
    }
    assert_eq!(world.guests_started(), 2);
}

#[tokio::test]
async fn a_delivery_passes_the_whole_gate() {
    for (to, granted, expected) in [
        (("listener", "hear"), true, "ok"),
        (("listener", "hear"), false, "not-granted"),
        (("keeper", "put"), true, "not-granted"),
        (("teller", "tell"), true, "cycle"),
        (("listener", "tell"), true, "not-exported"),
        (("nobody", "hear"), true, "not-registered"),
        (("asleep", "sleeping"), true, "disabled"),
        (("eraser", "erase"), true, "exceeds-caller"),
    ] {
        let world = World::new();
        let (_, published) = told(&world).await;
        let outcome = world.deliver(&published, to, |posted| posted.granted = granted).await;
        assert_eq!(code(&outcome), expected, "{to:?}");
        assert_eq!(world.guests_started(), if expected == "ok" { 2 } else { 1 }, "{to:?}");
        assert_eq!(world.parents().len(), 2, "it is on record whatever came of it");
    }
}

#[tokio::test]
async fn events_of_events_end_as_a_circle_or_at_eight() {
    let world = World::new();
    let (_, published) = told(&world).await;
    world.deliver(&published, ("listener", "hear"), |_| {}).await;
    let again = world.published().remove(0);
    let outcome = world.deliver(&again, ("teller", "tell"), |_| {}).await;
    assert_eq!(code(&outcome), "cycle");
    assert!(world.published().is_empty());
    // The further from the first call, the less.
    assert_eq!(world.may_publish(), [100, 10]);
    for generation in [1, 2, 3] {
        let mut lineage = serde_json::to_value(&published.lineage).unwrap();
        lineage["generation"] = json!(generation);
        let lineage: Lineage = serde_json::from_value(lineage).unwrap();
        world.deliver(&published, ("listener", "hear"), |posted| posted.lineage = lineage).await;
    }
    assert_eq!(world.may_publish(), [100, 10, 1, 1, 1]);

    // As if nine other calls stood above.
    let mut lineage = serde_json::to_value(&published.lineage).unwrap();
    lineage["chain"] = (0..9).map(|n| json!(["deep", format!("step-{n}")])).collect();
    let lineage: Lineage = serde_json::from_value(lineage).unwrap();
    let outcome = world.deliver(&published, ("listener", "hear"), |posted| posted.lineage = lineage).await;
    assert_eq!(code(&outcome), "too-deep");
}

#[tokio::test]
async fn a_delivery_can_do_no_more_than_the_weakest_call_above_the_event() {
    let world = World::new();
    let (_, published) = told(&world).await;
    let mut lineage = serde_json::to_value(&published.lineage).unwrap();
    lineage["effect"] = json!("read");
    let lineage: Lineage = serde_json::from_value(lineage).unwrap();
    let outcome = world.deliver(&published, ("listener", "hear"), |posted| posted.lineage = lineage).await;
    assert_eq!(code(&outcome), "exceeds-caller");
}
