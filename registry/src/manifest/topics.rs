//! `[permissions.events]`: what a plugin wants to publish and to be called with.

use std::collections::BTreeSet;

use super::Subscription;
use super::permissions::REQUESTS_MAX;
use super::reader::{Table, Value};
use super::root::PLANNED;
use super::types::EventRequests;

pub(super) fn read(mut table: Table<'_>) -> EventRequests {
    let publish =
        table.get("publish").and_then(|value| value.list(REQUESTS_MAX, Value::parsed)).unwrap_or_default();
    let subscribe = table.get("subscribe").and_then(|value| subscriptions(&value)).unwrap_or_default();
    table.finish(&PLANNED);
    EventRequests { publish: publish.into_iter().collect(), subscribe }
}

fn subscriptions(value: &Value<'_>) -> Option<Vec<Subscription>> {
    let items = value.items(REQUESTS_MAX)?;
    let mut seen = BTreeSet::new();
    let all: Option<Vec<Subscription>> =
        items.iter().map(|item| item.table().and_then(subscription)).collect();
    for subscription in all.iter().flatten() {
        if !seen.insert(subscription.topic.clone()) {
            value.wrong(format_args!("the topic `{}` stands here twice", subscription.topic));
        }
    }
    all
}

fn subscription(mut table: Table<'_>) -> Option<Subscription> {
    let topic = table.required("topic").and_then(|value| value.parsed());
    let capability = table.required("capability").and_then(|value| value.parsed());
    table.finish(&PLANNED);
    Some(Subscription { topic: topic?, capability: capability? })
}
