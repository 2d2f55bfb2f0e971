//! The tables `publications` and `deliveries`: events that wait for their subscribers.

mod queue;

pub(crate) use queue::released;

use ares_kernel::facts::Scope;
use ares_kernel::ports::{JournalError, Outbox};
use ares_kernel::{Blake3, CapabilityId, DeliveryId, Event, EventId, PluginName, Posted, Published};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;
use uuid::Uuid;

use crate::error::RegistryError;
use crate::events::{self, Entry};
use crate::journal::record;
use crate::registry::Registry;
use crate::rows::{self, int};
use crate::snapshot::Snapshot;
use crate::writer::Abort;

/// The events of one call, each with those it is for.
pub(crate) struct Parcel {
    published: Published,
    addressees: Vec<Vec<(PluginName, CapabilityId)>>,
    owner: Uuid,
    at: u64,
}

impl Parcel {
    /// Addresses the events to everyone who subscribes now.
    pub(crate) fn of(published: &Published, snapshot: &Snapshot, owner: Uuid, at: u64) -> Self {
        let addressees = published.events.iter().map(|event| snapshot.subscribers(&event.topic).to_vec());
        Self { addressees: addressees.collect(), published: published.clone(), owner, at }
    }

    /// Keeps the events, in the transaction of their call's closing row. They are refused when the
    /// plugin that published them is not registered with these bytes any more.
    pub(crate) fn keep(&self, connection: &Connection, blake3: &[u8; 32]) -> Result<(), Abort> {
        let publisher = self.published.lineage.publisher();
        let Some(module) = record::module(connection, publisher.as_str(), blake3)? else {
            let message =
                format!("`{publisher}` was taken out while it ran; what it wanted to publish is lost");
            return Err(Abort::Registry(RegistryError::Invalid(message)));
        };
        for (event, addressees) in self.published.events.iter().zip(&self.addressees) {
            if !addressees.is_empty() {
                self.post(connection, event, addressees)?;
            }
            let data = json!({
                "event": event.id.to_string(),
                "topic": event.topic,
                "invocation": self.published.lineage.invocation(),
                "bytes": event.payload.len(),
                "blake3": Blake3::of(event.payload.as_bytes()),
                "subscribers": addressees.iter().map(|(subscriber, _)| subscriber).collect::<Vec<_>>(),
            });
            let (subject, at) = (Some(publisher.as_str()), self.at);
            let entry = Entry { module: Some(module), subject, actor: None, kind: "published", data, at };
            events::insert(connection, &entry)?;
        }
        Ok(())
    }

    fn post(
        &self,
        connection: &Connection,
        event: &Event,
        addressees: &[(PluginName, CapabilityId)],
    ) -> rusqlite::Result<()> {
        let mut publication = connection.prepare_cached(
            "INSERT INTO publications (public_id, owner, topic, payload, lineage, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let (id, owner, topic) = (event.id.as_bytes(), self.owner.as_bytes(), event.topic.as_str());
        let lineage = rows::json_of(&self.published.lineage);
        let publication = publication.insert((id, owner, topic, &event.payload, lineage, int(self.at)))?;
        let mut delivery = connection.prepare_cached(
            "INSERT INTO deliveries (publication_id, owner, publisher, topic, subscriber, capability, due)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let publisher = self.published.lineage.publisher().as_str();
        for (subscriber, capability) in addressees {
            let to = (subscriber.as_str(), capability.as_str());
            delivery.execute((publication, owner, publisher, topic, to.0, to.1, int(self.at)))?;
        }
        Ok(())
    }
}

impl Registry {
    /// A delivery that waits, with what holds now of the two plugins.
    pub(crate) fn posted_now(
        &self,
        delivery: DeliveryId,
    ) -> BoxFuture<'_, Result<Option<Posted>, JournalError>> {
        let snapshot = self.snapshot();
        let read = self.threads.read("reading an event", move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT p.public_id, p.topic, p.payload, p.lineage, p.at, d.subscriber, d.capability
                 FROM deliveries d JOIN publications p ON p.id = d.publication_id WHERE d.id = ?1",
            )?;
            let posted = |row: &rusqlite::Row<'_>| {
                Ok(Posted {
                    event: Event {
                        id: EventId::from_bytes(row.get(0)?),
                        topic: rows::parsed(row, 1)?,
                        payload: row.get(2)?,
                    },
                    lineage: rows::json(row, 3)?,
                    at_ms: rows::count(row, 4)?,
                    subscriber: rows::parsed(row, 5)?,
                    capability: rows::parsed(row, 6)?,
                    granted: false,
                })
            };
            select.query_row([delivery.0], posted).optional()
        });
        read.map(move |found| {
            found.map(|posted| posted.map(|posted| as_of(&snapshot, posted))).map_err(journal)
        })
        .boxed()
    }
}

/// Whether the publisher may still say so, and which capability the subscriber listens with now.
fn as_of(snapshot: &Snapshot, mut posted: Posted) -> Posted {
    let topic = &posted.event.topic;
    let publisher = snapshot.plugin(posted.lineage.publisher()).filter(|publisher| publisher.enabled);
    posted.granted = publisher.is_some_and(|plugin| plugin.grants.covers(&Scope::Publish(topic.clone())));
    let subscriber = snapshot.plugin(&posted.subscriber);
    if let Some(now) = subscriber.and_then(|plugin| plugin.grants.subscribe().get(topic)) {
        posted.capability = now.clone();
    }
    posted
}

fn journal(error: RegistryError) -> JournalError {
    JournalError(error.into())
}

impl Outbox for Registry {
    fn waiting<'a>(&'a self, publisher: &'a PluginName) -> BoxFuture<'a, Result<u64, JournalError>> {
        let publisher = publisher.clone();
        let read = self.threads.read("counting events that wait", move |connection| {
            let mut count =
                connection.prepare_cached("SELECT count(*) FROM deliveries WHERE publisher = ?1")?;
            count.query_row([publisher.as_str()], |row| rows::count(row, 0))
        });
        read.map(|count| count.map_err(journal)).boxed()
    }
}
