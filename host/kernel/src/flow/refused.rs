//! `Refused`: a request the gate turned away, or holds for a person.

use std::sync::Arc;
use std::time::Instant;

use super::{Draft, Received, Taken};
use crate::facts::{Effect, Plugin};
use crate::gate::{Refusal, Verdict};
use crate::ports::{Catalog, Held, Opening, Stopped, Warned};
use crate::request::Request;

/// A refusal with the verdict that led to it.
#[must_use = "a refusal must be recorded"]
#[derive(Debug)]
pub struct Refused {
    pub(super) opening: Opening,
    pub(super) request: Request,
    at: Instant,
    took: Taken,
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
        let Received { request, opening, at, took } = draft.resolved.received;
        Self { opening, request, at, took, plugin, effect, refusal, verdict, held, stopped, warned }
    }

    /// The request once more, under the yes that somebody said to this very call before; so whoever makes it again
    /// need not know under which id. Otherwise the refusal stands. What a plugin calls finds none: a yes is
    /// for who makes the first call.
    ///
    /// # Errors
    /// The refusal.
    pub(crate) async fn answered(self, catalog: &dyn Catalog) -> Result<Received, Self> {
        let request = &self.request;
        if request.approval.is_some() || request.rehearse || request.parent.is_some() {
            return Err(self);
        }
        let forbidden =
            self.stopped.as_ref().and_then(|stopped| Some((stopped.question.as_ref()?, &*stopped.rule)));
        let answer = match (&self.held, forbidden) {
            (Some(held), _) => catalog.answer(&held.binding, None).await,
            (None, Some((question, rule))) => catalog.answer(&question.binding, Some(rule)).await,
            (None, None) => None,
        };
        let Some(answer) = answer else { return Err(self) };
        let request = Request { approval: Some(answer), ..self.request };
        Ok(Received { request, opening: self.opening, at: self.at, took: self.took })
    }
}
