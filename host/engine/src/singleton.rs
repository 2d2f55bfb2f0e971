//! Instances that are kept between calls, for plugins that ask for one instance for all calls.
//!
//! A guest can hold on to what it once opened. So one instance serves only calls with the very
//! same folders: a call that may only read never meets a handle that a writing call has opened.

use std::sync::{Arc, Mutex, PoisonError};

use ares_kernel::PluginName;
use ares_kernel::facts::Folder;
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::Store;

use crate::state::CallState;
use crate::world::Instance;

/// A live instance, and its place in the pool. The order matters: the place is free once the
/// store is gone.
pub(crate) struct Kept {
    pub(crate) instance: Instance,
    pub(crate) store: Store<CallState>,
    pub(crate) place: OwnedSemaphorePermit,
}

/// Where one plugin's calls with the same folders wait for their turn.
pub(crate) type Seat = Arc<tokio::sync::Mutex<Option<Kept>>>;

/// All kept instances of one component.
#[derive(Default)]
pub(crate) struct Singletons(Mutex<Vec<(PluginName, Vec<Folder>, Seat)>>);

impl Singletons {
    /// The seat of this plugin with these folders.
    pub(crate) fn seat(&self, plugin: &PluginName, folders: &[Folder]) -> Seat {
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = seats.iter().find(|(name, with, _)| name == plugin && with == folders);
        if let Some((_, _, seat)) = found {
            return Arc::clone(seat);
        }
        let seat = Seat::default();
        seats.push((plugin.clone(), folders.to_vec(), Arc::clone(&seat)));
        seat
    }
}
