//! `Refused`: a request the gate turned away, or holds for a person.

use std::sync::Arc;

use super::Draft;
use crate::facts::{Effect, Plugin};
use crate::gate::{Refusal, Verdict};
use crate::ports::{Held, Opening, Stopped, Warned};

/// A refusal with the verdict that led to it.
#[must_use = "a refusal must be recorded"]
#[derive(Debug)]
pub struct Refused {
    pub(super) opening: Opening,
    pub(super) plugin: Option<Arc<Plugin>>,
    pub(super) effect: Option<Effect>,
    pub(super) refusal: Refusal,
    pub(super) verdict: Verdict,
    pub(super) held: Option<Held>,
    pub(super) stopped: Option<Box<Stopped>>,
    pub(super) warned: Option<Warned>,
}

impl Refused {
    pub(super) fn new(draft: Draft, refusal: Refusal, verdict: Verdict) -> Self {
        Self::asking(draft, (refusal, None), verdict)
    }

    pub(super) fn asking(
        mut draft: Draft,
        (refusal, held): (Refusal, Option<Held>),
        verdict: Verdict,
    ) -> Self {
        let route = draft.route().ok();
        let plugin = route.map(|route| Arc::clone(&route.plugin));
        let effect = route.map(|route| route.capability.effect);
        let (stopped, warned) = (draft.stopped.take(), draft.warned.take());
        let opening = draft.resolved.received.opening;
        Self { opening, plugin, effect, refusal, verdict, held, stopped, warned }
    }
}
