//! `ares:host/events`: what a call publishes, taken note of until the call has succeeded.

use ares_kernel::ports::Outbox;
use ares_kernel::text::quoted;
use ares_kernel::{
    CALL_PAYLOAD_BYTES_MAX, Event, EventId, PAYLOAD_BYTES_MAX, Permit, Topic, WAITING_MAX, json,
};
use wasmtime::component::HasData;

use super::Import;
use crate::authority::Authority;
use crate::limits::Meter;
use crate::log::Denials;
use crate::state::{CallState, Parts};
use crate::world::v0_1::events::{self, Error};

pub(super) const IMPORT: Import = Import {
    name: "events",
    link: |linker| events::add_to_linker::<CallState, Events>(linker, CallState::events_view),
};

struct Events;

/// The events of one call so far.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    events: Vec<Event>,
    bytes: usize,
    /// How many more there is room for, once that was asked.
    room: Option<u64>,
}

impl Pending {
    /// The events in order; nothing is left.
    pub(crate) fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }
}

/// The way out. Only a running call has one; hooks have not.
pub(crate) struct EventsView<'a> {
    desk: Option<Desk<'a>>,
    meter: &'a mut Meter,
    denials: Denials<'a>,
}

/// The events of a call, and what it may add to them.
struct Desk<'a> {
    permit: &'a Permit,
    outbox: &'a dyn Outbox,
    pending: &'a mut Pending,
}

impl HasData for Events {
    type Data<'a> = EventsView<'a>;
}

impl CallState {
    fn events_view(&mut self) -> EventsView<'_> {
        let Parts { authority, surroundings, meter, pending, log, .. } = self.parts();
        let desk = match authority {
            Authority::Call(permit) => Some(Desk { permit, outbox: &*surroundings.outbox, pending }),
            Authority::Hook { .. } | Authority::Unknown { .. } => None,
        };
        EventsView { desk, meter, denials: Denials { log, surroundings, authority } }
    }
}

impl Desk<'_> {
    async fn publish(&mut self, topic: &str, payload: String) -> Result<(), Error> {
        let topic = self.granted(topic)?;
        if payload.len() > PAYLOAD_BYTES_MAX {
            let found = payload.len();
            return Err(Error::TooLarge(format!(
                "the payload of one event has at most {PAYLOAD_BYTES_MAX} bytes; this one has {found}"
            )));
        }
        sound(&payload).map_err(|error| Error::Invalid(format!("the payload is not sound JSON: {error}")))?;
        let (most, bytes) = (self.permit.events_max(), self.pending.bytes + payload.len());
        if self.pending.events.len() >= most {
            return Err(Error::TooLarge(format!("this call publishes at most {most} events")));
        }
        if bytes > CALL_PAYLOAD_BYTES_MAX {
            return Err(Error::TooLarge(format!(
                "one call publishes at most {CALL_PAYLOAD_BYTES_MAX} bytes of payload; with this event it would be {bytes}"
            )));
        }
        self.take_room().await?;
        self.pending.bytes = bytes;
        self.pending.events.push(Event { id: EventId::new(), topic, payload });
        Ok(())
    }

    fn granted(&self, topic: &str) -> Result<Topic, Error> {
        let topic: Topic =
            topic.parse().map_err(|_| Error::Invalid(format!("{} is not a topic", quoted(topic, 80))))?;
        let (permit, capability) = (self.permit, &self.permit.capability().id);
        if permit.grants().publish().contains(&topic) {
            return Ok(topic);
        }
        Err(Error::NotGranted(if permit.effect().changes() {
            format!("`{capability}` was not granted `publish:{topic}`")
        } else {
            format!("`{capability}` is of class {} and publishes nothing", permit.effect())
        }))
    }

    /// Room for one event more. How many wait is asked once a call: calls that run side by side may
    /// together go over the limit by what they publish.
    async fn take_room(&mut self) -> Result<(), Error> {
        let plugin = &self.permit.plugin().name;
        let room = match self.pending.room {
            Some(room) => room,
            None => match self.outbox.waiting(plugin).await {
                Ok(waiting) => WAITING_MAX.saturating_sub(waiting),
                Err(_) => {
                    let why = "how many events wait cannot be read now; try again later";
                    return Err(Error::Full(why.to_owned()));
                }
            },
        };
        let Some(left) = room.checked_sub(1) else {
            let why =
                format!("{WAITING_MAX} deliveries of events of `{plugin}` wait already; try again later");
            return Err(Error::Full(why));
        };
        self.pending.room = Some(left);
        Ok(())
    }
}

/// Strict JSON, also where the host puts it: one level down.
fn sound(payload: &str) -> Result<(), json::JsonError> {
    json::parse(payload)?;
    json::parse(&format!("[{payload}]")).map(drop)
}

impl events::Host for EventsView<'_> {
    async fn publish(&mut self, topic: String, payload: String) -> wasmtime::Result<Result<(), Error>> {
        self.meter.count()?;
        let published = match &mut self.desk {
            Some(desk) => desk.publish(&topic, payload).await,
            None => Err(Error::NotGranted("hooks of a plugin's life publish nothing".to_owned())),
        };
        if let Err(Error::NotGranted(why)) = &published {
            self.denials.note(&format!("events.publish: {why}"));
        }
        Ok(published)
    }
}
