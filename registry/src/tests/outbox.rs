//! Events wait from the closing row of the call that published them until everyone was called.

use std::collections::BTreeMap;

use ares_kernel::ports::Outbox as _;
use ares_kernel::{DeliveryId, Event, EventId, Lineage, Published, Topic};
use serde_json::json;

use super::*;
use crate::{DeliveryEnd, EventQuery, EventView};

const TOPIC: &str = "news.made";

fn teller() -> Registration {
    let more = format!("[permissions.events]\npublish = [\"{TOPIC}\"]\n");
    let mut teller = plugin("teller", "1.0.0", &more, &[("tell", "write")]);
    teller.grants.insert(Scope::Publish(topic()), None);
    teller.capabilities[0].needs = vec![Scope::Publish(topic())];
    teller
}

fn listener(id: &str) -> Registration {
    let more = format!(
        "[permissions]\nkv = true\n[[permissions.events.subscribe]]\ntopic = \"{TOPIC}\"\ncapability = \"hear\"\n"
    );
    let mut listener = plugin(id, "1.0.0", &more, &[("hear", "write")]);
    listener.grants = BTreeMap::from([(Scope::Kv, None), (Scope::Subscribe(topic()), None)]);
    listener
}

fn topic() -> Topic {
    TOPIC.parse().unwrap()
}

/// A lineage as only the kernel makes them, read back.
fn lineage(invocation: InvocationId) -> Lineage {
    let lineage = json!({
        "invocation": invocation, "publisher": "teller", "chain": [["teller", "tell"]], "effect": "write",
        "task": null, "generation": 0,
    });
    serde_json::from_value(lineage).unwrap()
}

/// One call of `teller` that publishes these payloads.
fn tell(registry: &Registry, payloads: &[&str]) -> Result<Opening, ares_kernel::ports::JournalError> {
    let opening = opening("tell");
    let events = payloads.iter().map(|payload| Event {
        id: EventId::new(),
        topic: topic(),
        payload: (*payload).to_owned(),
    });
    let published = Published { lineage: lineage(opening.id), events: events.collect() };
    let teller = registry.snapshot().plugin(&name("teller")).cloned().unwrap();
    wait(async {
        registry
            .begin(
                &opening,
                Begun { plugin: &teller, effect: Effect::Write, approval: None, charge: None, warned: None },
            )
            .await
            .unwrap();
        let kept = (&[][..], Some(&published));
        close_with(registry, &opening, Some(&teller), Effect::Write, kept).await
    })?;
    Ok(opening)
}

fn heads(registry: &Registry, own: bool) -> Vec<DeliveryId> {
    wait(registry.deliveries(own)).unwrap().into_iter().map(|head| head.id).collect()
}

fn end(registry: &Registry, id: DeliveryId, status: &'static str, invocation: Option<InvocationId>) {
    let code = (status != "ok").then(|| "some-code".to_owned());
    wait(registry.delivery_end(id, DeliveryEnd { invocation, status, code })).unwrap();
}

fn events(registry: &Registry, kind: &str) -> Vec<EventView> {
    registry.events(&EventQuery { types: vec![kind.to_owned()], plugin: None, limit: 100 }).unwrap()
}

fn opened(state: &State, listeners: &[&str]) -> Registry {
    let registry = state.open();
    registry.register(teller(), &operator()).unwrap();
    for id in listeners {
        registry.register(listener(id), &operator()).unwrap();
    }
    registry
}

#[test]
fn events_are_kept_with_the_closing_row_or_not_at_all() {
    let state = State::new();
    let registry = opened(&state, &["listener"]);
    let opening = tell(&registry, &["1", "{\"n\":2}"]).unwrap();
    assert_eq!(wait(registry.waiting(&name("teller"))).unwrap(), 2);
    let view = registry.invocation(opening.id).unwrap().unwrap();
    assert_eq!((view.status.as_str(), view.events.len()), ("ok", 2));
    let said = &view.events[1];
    assert_eq!((said.kind.as_str(), said.plugin.as_deref()), ("published", Some("teller")));
    assert_eq!((&said.data["bytes"], &said.data["subscribers"]), (&json!(7), &json!(["listener"])));
    assert_eq!(said.data["blake3"], json!(Blake3::of(b"{\"n\":2}")));

    // One event that cannot be kept: neither the others nor the row's end are.
    let long = format!("\"{}\"", "x".repeat(65_536));
    assert!(tell(&registry, &["3", &long]).is_err());
    assert_eq!(wait(registry.waiting(&name("teller"))).unwrap(), 2);
    assert_eq!(events(&registry, "published").len(), 2);
    let running: i64 = state
        .raw()
        .query_row("SELECT count(*) FROM invocations WHERE status = 'running'", (), |row| row.get(0))
        .unwrap();
    assert_eq!(running, 1);
}

#[test]
fn an_event_nobody_listens_to_is_on_record_and_waits_for_nobody() {
    let state = State::new();
    let registry = opened(&state, &[]);
    tell(&registry, &["1"]).unwrap();
    assert_eq!(wait(registry.deliveries_waiting(false)).unwrap(), 0);
    assert_eq!(events(&registry, "published")[0].data["subscribers"], json!([]));
    registry.register(listener("listener"), &operator()).unwrap();
    assert_eq!(heads(&registry, false), [], "who comes later does not hear what was said before");
}

#[test]
fn a_lane_has_one_head_and_keeps_its_order() {
    let state = State::new();
    let registry = opened(&state, &["listener", "other"]);
    tell(&registry, &["1", "2"]).unwrap();
    tell(&registry, &["3"]).unwrap();
    let payload = |id| wait(registry.posted_now(id)).unwrap().unwrap().event.payload;
    let mut heard = Vec::new();
    for _ in 0..3 {
        let [one, two] = heads(&registry, false)[..] else { panic!("{:?}", heads(&registry, false)) };
        heard.push((payload(one), payload(two)));
        end(&registry, one, "ok", None);
        assert_eq!(payload(heads(&registry, false)[0]), payload(two), "each lane goes at its own pace");
        end(&registry, two, "ok", None);
        end(&registry, two, "ok", None);
    }
    let expected = ["1", "2", "3"].map(|n| (n.to_owned(), n.to_owned()));
    assert_eq!(heard, expected);
    assert_eq!(events(&registry, "delivered").len(), 6, "one for each, however often it is ended");
    for table in ["deliveries", "publications"] {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows: i64 = state.raw().query_row(&sql, (), |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[test]
fn a_delivery_is_in_one_hand_at_a_time_and_counts_its_attempts() {
    let state = State::new();
    let (registry, other) = (opened(&state, &["listener"]), state.open());
    tell(&registry, &["1"]).unwrap();
    let id = heads(&registry, true)[0];
    assert_eq!(heads(&other, true), [], "nothing of its own");
    assert_eq!(heads(&other, false), [id]);
    assert_eq!(wait(registry.delivery_claim(id)).unwrap(), Some(1));
    assert!(wait(other.deliveries(false)).unwrap()[0].taken);
    assert_eq!(wait(other.delivery_claim(id)).unwrap(), None);
    wait(registry.delivery_postpone(id, 1_900_000_000_000)).unwrap();
    let head = wait(other.deliveries(false)).unwrap().remove(0);
    assert!(!head.taken && head.due_ms == 1_900_000_000_000);
    assert_eq!(wait(other.delivery_claim(id)).unwrap(), Some(2));
    // A process that goes gives back what it had taken up.
    other.shutdown().unwrap();
    assert!(!wait(registry.deliveries(false)).unwrap()[0].taken);
    let invocation = InvocationId::new();
    end(&registry, id, "fault", Some(invocation));
    let undelivered = events(&registry, "undelivered").remove(0);
    assert_eq!(undelivered.plugin.as_deref(), Some("listener"));
    assert_eq!((&undelivered.data["code"], &undelivered.data["attempts"]), (&json!("some-code"), &json!(2)));
    assert_eq!(undelivered.data["invocation"], json!(invocation));
}

#[test]
fn what_waits_is_read_with_what_holds_now() {
    let state = State::new();
    let registry = opened(&state, &["listener"]);
    let opening = tell(&registry, &["1"]).unwrap();
    let id = heads(&registry, false)[0];
    let posted = || wait(registry.posted_now(id)).unwrap().unwrap();
    let now = posted();
    assert_eq!(now.lineage, lineage(opening.id));
    assert!(now.granted && now.subscriber == name("listener") && now.capability.as_str() == "hear");
    registry.set_enabled(&name("teller"), false, &operator()).unwrap();
    assert!(!posted().granted, "a disabled plugin says nothing any more");
    registry.set_enabled(&name("teller"), true, &operator()).unwrap();
    registry.grants_revoke(&name("teller"), &[Scope::Publish(topic())].into(), &operator()).unwrap();
    assert!(!posted().granted);
    registry.unregister(&name("teller"), &operator()).unwrap();
    assert!(!posted().granted);
    assert!(wait(registry.posted_now(DeliveryId(id.0 + 1))).unwrap().is_none());
}

#[test]
fn only_who_was_granted_the_topic_is_written_to() {
    let state = State::new();
    let registry = opened(&state, &["listener", "revoked"]);
    registry.grants_revoke(&name("revoked"), &[Scope::Subscribe(topic())].into(), &operator()).unwrap();
    registry.set_enabled(&name("listener"), false, &operator()).unwrap();
    tell(&registry, &["1"]).unwrap();
    assert_eq!(events(&registry, "published")[0].data["subscribers"], json!(["listener"]));
    registry.unregister(&name("teller"), &operator()).unwrap();
    assert_eq!(heads(&registry, false).len(), 1, "what was said stays said");
}
