//! The port to the machine the host runs on.

use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};

use crate::facts::{Extent, Spot};

/// Knows how much of the machine is left, and how much lies in a place.
pub trait Machine: Send + Sync {
    /// Memory that can be had without making the machine swap, in bytes; nothing where nobody knows. Asked
    /// on the call path, so it answers from what was read shortly before.
    fn memory_available(&self) -> Option<u64>;

    /// How much lies at and below these places, counted for a bounded time; nothing where nobody can say.
    fn extent(&self, _places: Vec<Spot>) -> BoxFuture<'_, Option<Extent>> {
        ready(None).boxed()
    }

    /// Whether anything is there, of each of these places in their order; nothing for those of which nobody can
    /// say in bounded time.
    fn there(&self, places: Vec<Spot>) -> BoxFuture<'_, Vec<Option<bool>>> {
        ready(vec![None; places.len()]).boxed()
    }
}

/// A machine nobody knows anything of.
#[derive(Debug, Clone, Copy)]
pub struct UnknownMachine;

impl Machine for UnknownMachine {
    fn memory_available(&self) -> Option<u64> {
        None
    }
}
