//! `Received`: a request the journal can keep.

use std::time::Instant;

use crate::ledger::Ledger;
use crate::name::Blake3;
use crate::ports::{JournalError, Opening};
use crate::request::Request;

/// A request, and what the journal will say of its coming in.
#[must_use = "a received request must reach an outcome"]
#[derive(Debug)]
pub struct Received {
    pub(super) request: Request,
    pub(super) opening: Opening,
    pub(super) at: Instant,
    /// What it took already, where it was judged before without the answer that there is to it.
    pub(super) took: Taken,
}

/// What a request takes once, however often it is judged.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    /// A token of its plugin's rate.
    pub(crate) rate: bool,
    /// The turn to see whether what broke again and again works.
    pub(crate) probe: bool,
}

impl Ledger {
    /// Takes a request in.
    ///
    /// # Errors
    /// When the journal cannot keep records: then nothing runs.
    pub fn open(&self, request: Request) -> Result<Received, JournalError> {
        self.journal.ready()?;
        let opening = Opening {
            id: request.id,
            at_ms: self.clock.now_ms(),
            caller: request.caller.clone(),
            capability: request.capability.clone(),
            parent: request.parent.as_ref().map(|parent| parent.id),
            depth: request.parent.as_ref().map_or(0, super::Parent::depth),
            task: request.task.clone(),
            input_blake3: Blake3::of(request.input.as_bytes()),
            input_bytes: request.input.len() as u64,
            rehearsal: request.rehearse,
        };
        Ok(Received { request, opening, at: Instant::now(), took: Taken::default() })
    }
}
