//! Deliveries one after the other: what comes next, who is at it, what came of it.

use ares_kernel::{DeliveryId, PluginName};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;
use uuid::Uuid;

use crate::error::RegistryError;
use crate::events::{self, Entry};
use crate::modules;
use crate::registry::Registry;
use crate::rows::{self, int};
use crate::views::{DeliveryEnd, DeliveryView};

/// The most lanes one look shows.
const LANES_MAX: u32 = 1000;

impl Registry {
    /// The first waiting delivery of each lane, oldest first: within a lane (one publisher, topic
    /// and subscriber) the next one comes when this one has ended. With `own` only lanes into which
    /// this process published.
    pub fn deliveries(&self, own: bool) -> BoxFuture<'_, Result<Vec<DeliveryView>, RegistryError>> {
        let owner = own.then_some(self.owner.id);
        let me = self.owner.id;
        let read = self.threads.read("looking for events that wait", move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT d.id, d.publisher, d.subscriber, d.due, d.claimed
                 FROM (SELECT min(id) AS first FROM deliveries GROUP BY publisher, topic, subscriber
                       HAVING ?1 IS NULL OR max(owner = ?1)) JOIN deliveries d ON d.id = first
                 ORDER BY d.id LIMIT ?2",
            )?;
            let view = |row: &rusqlite::Row<'_>| {
                Ok(DeliveryView {
                    id: DeliveryId(row.get(0)?),
                    publisher: rows::parsed(row, 1)?,
                    subscriber: rows::parsed(row, 2)?,
                    due_ms: rows::count(row, 3)?,
                    taken: rows::uuid_or_none(row, 4)?.is_some_and(|by| by != me),
                })
            };
            let found = select.query_map((owner.map(Uuid::into_bytes), LANES_MAX), view)?;
            found.collect::<rusqlite::Result<_>>()
        });
        read.boxed()
    }

    /// How many deliveries wait; with `own` only of events this process published.
    pub fn deliveries_waiting(&self, own: bool) -> BoxFuture<'_, Result<u64, RegistryError>> {
        let owner = own.then_some(self.owner.id);
        let read = self.threads.read("counting events that wait", move |connection| {
            let mut count = connection
                .prepare_cached("SELECT count(*) FROM deliveries WHERE ?1 IS NULL OR owner = ?1")?;
            count.query_row([owner.map(Uuid::into_bytes)], |row| rows::count(row, 0))
        });
        read.boxed()
    }

    /// Takes a delivery for this process and counts the attempt, on disk before it begins. Answers
    /// how many there have been, this one included; nothing when another process is at it or it
    /// waits no more.
    pub fn delivery_claim(
        &self,
        delivery: DeliveryId,
    ) -> BoxFuture<'static, Result<Option<u32>, RegistryError>> {
        let me = self.owner.id;
        self.change_async("taking an event up", move |connection| {
            let mut update = connection.prepare_cached(
                "UPDATE deliveries SET claimed = ?2, attempts = attempts + 1
                 WHERE id = ?1 AND (claimed IS NULL OR claimed = ?2) RETURNING attempts",
            )?;
            Ok(update.query_row((delivery.0, me.as_bytes()), |row| row.get(0)).optional()?)
        })
    }

    /// Puts a delivery off until that time, in milliseconds since the Unix epoch.
    pub fn delivery_postpone(
        &self,
        delivery: DeliveryId,
        due_ms: u64,
    ) -> BoxFuture<'static, Result<(), RegistryError>> {
        self.change_async("putting an event off", move |connection| {
            let mut update =
                connection.prepare_cached("UPDATE deliveries SET claimed = NULL, due = ?2 WHERE id = ?1")?;
            update.execute((delivery.0, int(due_ms)))?;
            Ok(())
        })
    }

    /// Ends a delivery for good, with an event `delivered` or `undelivered`. Does nothing when it
    /// has ended already.
    pub fn delivery_end(
        &self,
        delivery: DeliveryId,
        end: DeliveryEnd,
    ) -> BoxFuture<'static, Result<(), RegistryError>> {
        let at = self.now();
        self.change_async("ending an event's delivery", move |connection| {
            Ok(ended(connection, delivery, &end, at)?)
        })
    }
}

struct Row {
    publication: i64,
    publisher: PluginName,
    topic: String,
    subscriber: PluginName,
    capability: String,
    attempts: u32,
    event: Uuid,
}

fn ended(connection: &Connection, delivery: DeliveryId, end: &DeliveryEnd, at: u64) -> rusqlite::Result<()> {
    let row = connection
        .prepare_cached(
            "SELECT d.publication_id, d.publisher, d.topic, d.subscriber, d.capability, d.attempts, p.public_id
             FROM deliveries d JOIN publications p ON p.id = d.publication_id WHERE d.id = ?1",
        )?
        .query_row([delivery.0], |row| {
            Ok(Row {
                publication: row.get(0)?,
                publisher: rows::parsed(row, 1)?,
                topic: row.get(2)?,
                subscriber: rows::parsed(row, 3)?,
                capability: row.get(4)?,
                attempts: row.get(5)?,
                event: rows::uuid(row, 6)?,
            })
        })
        .optional()?;
    let Some(row) = row else { return Ok(()) };
    connection.prepare_cached("DELETE FROM deliveries WHERE id = ?1")?.execute([delivery.0])?;
    connection
        .prepare_cached(
            "DELETE FROM publications WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM deliveries WHERE publication_id = ?1)",
        )?
        .execute([row.publication])?;
    let data = json!({
        "event": row.event, "topic": row.topic, "publisher": row.publisher, "capability": row.capability,
        "invocation": end.invocation, "status": end.status, "code": end.code, "attempts": row.attempts,
    });
    let module = modules::find(connection, &row.subscriber)?;
    let kind = if end.status == "ok" { "delivered" } else { "undelivered" };
    let subject = Some(row.subscriber.as_str());
    events::insert(connection, &Entry { module, subject, actor: None, kind, data, at })
}

/// Gives back what a process that is gone had taken up.
pub(crate) fn released(connection: &Connection, owner: Uuid) -> rusqlite::Result<usize> {
    let mut update = connection.prepare_cached("UPDATE deliveries SET claimed = NULL WHERE claimed = ?1")?;
    update.execute([owner.as_bytes()])
}
