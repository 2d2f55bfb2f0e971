//! `Lineage`: what of a publishing call goes on to the calls its events lead to.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::admitted::Origin;
use super::{Parent, Permit};
use crate::event::{EVENTS_MAX, EventId, Posted};
use crate::facts::Effect;
use crate::name::{CapabilityId, InvocationId, PluginName, Topic};
use crate::request::{Caller, Request};

/// Where an event comes from. Made of the permit of the call that published it, kept by the journal
/// as text, and given back to the kernel by the journal alone: so a delivery, whose publishing call
/// is over, has above it the same calls as one that was made while it ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lineage {
    invocation: InvocationId,
    publisher: PluginName,
    chain: Vec<(PluginName, CapabilityId)>,
    effect: Effect,
    task: Option<String>,
    generation: u32,
    /// Who made the first call of the chain; the publisher itself in records of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_caller: Option<Caller>,
}

impl Lineage {
    /// The call that published.
    #[must_use]
    pub fn invocation(&self) -> InvocationId {
        self.invocation
    }

    /// The plugin that published.
    #[must_use]
    pub fn publisher(&self) -> &PluginName {
        &self.publisher
    }
}

impl Permit {
    /// The most events this call may publish: fewer, the more events led to it.
    #[must_use]
    pub fn events_max(&self) -> usize {
        let generation = self.request().parent.as_ref().map_or(0, |parent| parent.generation);
        let at = usize::try_from(generation).unwrap_or(usize::MAX).min(EVENTS_MAX.len() - 1);
        EVENTS_MAX.get(at).copied().unwrap_or_default()
    }

    /// What its events would take along; nothing for a call that cannot publish.
    pub(super) fn lineage(&self) -> Option<Lineage> {
        if self.grants().publish().is_empty() {
            return None;
        }
        let parent = self.request().parent.as_ref();
        let mut chain = parent.map(|parent| parent.chain.clone()).unwrap_or_default();
        chain.push((self.plugin().name.clone(), self.capability().id.clone()));
        Some(Lineage {
            invocation: self.id(),
            publisher: self.plugin().name.clone(),
            chain,
            effect: parent.map_or(self.effect(), |parent| parent.effect.min(self.effect())),
            task: self.request().task.clone(),
            generation: parent.map_or(0, |parent| parent.generation),
            first_caller: Some(self.first_caller().clone()),
        })
    }
}

impl Parent {
    /// The publishing call, as the one a delivery was made from.
    fn published(lineage: Lineage, topic: Topic, granted: bool) -> Self {
        let publisher = Caller::Plugin(lineage.publisher.clone());
        Self {
            first_caller: lineage.first_caller.unwrap_or(publisher),
            id: lineage.invocation,
            chain: lineage.chain,
            effect: lineage.effect,
            generation: lineage.generation.saturating_add(1),
            origin: Origin::Event { topic, granted },
        }
    }
}

/// What a subscriber is called with.
#[derive(Serialize)]
struct Input<'a> {
    topic: &'a Topic,
    payload: &'a RawValue,
    id: EventId,
    publisher: &'a PluginName,
    at: u64,
}

impl Request {
    /// The call of a subscriber with an event.
    pub(crate) fn delivering(posted: Posted) -> Result<Self, serde_json::Error> {
        let Posted { lineage, granted, event, at_ms, subscriber, capability } = posted;
        let input = serde_json::to_string(&Input {
            topic: &event.topic,
            payload: serde_json::from_str(&event.payload)?,
            id: event.id,
            publisher: &lineage.publisher,
            at: at_ms,
        })?;
        let mut request = Self::new(Caller::Plugin(lineage.publisher.clone()), capability, input);
        request.provider = Some(subscriber);
        request.task.clone_from(&lineage.task);
        request.parent = Some(Parent::published(lineage, event.topic, granted));
        Ok(request)
    }
}
