//! Can a capability be called with events of a topic? What its input schema says of the payload
//! nobody can know before; the rest of what the host sends is always the same.

use ares_kernel::facts::Schema;
use serde_json::{Value, json};

use super::MergeError;
use crate::manifest::{Declared, Manifest};

/// Keywords at the top of a schema that may speak of the payload where this does not look. Such a
/// schema is taken at its word.
const ELSEWHERE: [&str; 9] =
    ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas", "dependentRequired"];

/// Checks the input of a capability against what each of its subscriptions would send.
pub(super) fn fit(manifest: &Manifest, declared: &Declared, input: &Schema) -> Result<(), MergeError> {
    let topics = manifest.permissions.events.subscribe.iter().filter(|one| one.capability == declared.id);
    for subscription in topics {
        let sample = json!({
            "topic": subscription.topic, "payload": null, "id": "0199a5d2-7c1b-7b7e-9d5c-2f1f0a3b4c5d",
            "publisher": "publisher", "at": 1_795_260_617_042_u64,
        });
        check(input, &sample).map_err(|why| MergeError::Subscription {
            capability: declared.id.clone(),
            topic: subscription.topic.clone(),
            why,
        })?;
    }
    Ok(())
}

fn check(input: &Schema, sample: &Value) -> Result<(), String> {
    let mut open = input.value().clone();
    if ELSEWHERE.iter().any(|keyword| open.get(keyword).is_some()) {
        return Ok(());
    }
    if let Some(payload) = open.pointer_mut("/properties/payload") {
        *payload = json!(true);
    }
    let open = Schema::parse(&open.to_string()).map_err(|error| error.to_string())?;
    open.check(sample, true)
}
