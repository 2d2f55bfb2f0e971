//! What would have left the machine, and what was refused on the way: noted while the guest runs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ares_kernel::rehearsal::Intent;

/// So many refused requests are named; the rest is in the call's count of denials.
const REFUSED_MAX: usize = 32;

/// The notes of one rehearsed call, shared with its requests.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    requests: Vec<Sent>,
    refused: Vec<String>,
}

#[derive(Debug)]
struct Sent {
    method: String,
    origin: String,
    bytes: u64,
}

impl Notes {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request that would have been sent, and answers its number. The call's limit on
    /// requests bounds how many there are.
    pub(crate) fn request(&self, method: &str, origin: String, bytes: u64) -> usize {
        let requests = &mut self.noted().requests;
        requests.push(Sent { method: method.to_owned(), origin, bytes });
        requests.len() - 1
    }

    /// Adds to the bytes of a request.
    pub(crate) fn add(&self, number: usize, more: u64) {
        if let Some(sent) = self.noted().requests.get_mut(number) {
            sent.bytes = sent.bytes.saturating_add(more);
        }
    }

    /// Notes a request that is not granted.
    pub(crate) fn refuse(&self, what: String) {
        let refused = &mut self.noted().refused;
        if refused.len() < REFUSED_MAX {
            refused.push(what);
        }
    }

    /// The requests and the refusals; nothing is left.
    pub(super) fn take(&self) -> (Vec<Intent>, Vec<String>) {
        let Noted { requests, refused } = std::mem::take(&mut *self.noted());
        let intent = |Sent { method, origin, bytes }| Intent::Request { method, origin, bytes };
        (requests.into_iter().map(intent).collect(), refused)
    }
}
