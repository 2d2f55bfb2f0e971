//! Events between plugins: what a call publishes, and what the host keeps of it until everyone who
//! subscribes was called.

use serde::{Deserialize, Serialize};

use crate::flow::Lineage;
use crate::name::{CapabilityId, PluginName, Topic, public_id};

/// The most events one call publishes, by how many events led to the call: none, one, more. What
/// grows with every step would otherwise only end at the eighth.
pub const EVENTS_MAX: [usize; 3] = [100, 10, 1];
/// The longest payload of one event, in bytes of JSON text.
pub const PAYLOAD_BYTES_MAX: usize = 64 << 10;
/// The most payload one call publishes, in bytes.
pub const CALL_PAYLOAD_BYTES_MAX: usize = 1 << 20;
/// The most deliveries that wait for subscribers of one plugin's events.
pub const WAITING_MAX: u64 = 1000;

public_id!(
    /// The public id of one event. It stays the same when the event is delivered again, so that a
    /// subscriber can tell.
    EventId
);

/// One event as a call published it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// What it is about.
    pub topic: Topic,
    /// JSON text, read strictly and found sound.
    pub payload: String,
}

/// The events of one call and where they come from. Made when the call was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// What goes on to the calls they lead to.
    pub lineage: Lineage,
    /// In the order they were published.
    pub events: Vec<Event>,
}

/// One delivery of one event to one subscriber, as the journal numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(pub i64);

/// A delivery that waits, as the journal kept it, with what is true of it now.
#[derive(Debug, Clone)]
pub struct Posted {
    /// What the publishing call left.
    pub lineage: Lineage,
    /// Whether the publisher may still publish about this topic.
    pub granted: bool,
    /// The event.
    pub event: Event,
    /// When it was published, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Who subscribes.
    pub subscriber: PluginName,
    /// Its capability that is called.
    pub capability: CapabilityId,
}
