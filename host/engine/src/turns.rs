//! How many calls of one plugin run at one time, for plugins whose manifest sets `concurrency`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ares_kernel::{Fault, FaultKind, LimitHit, PluginName};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

use crate::authority::Authority;

/// The turns of every plugin that has a number of them. A plugin stays here until the engine goes:
/// what waits for a turn may outlive what was loaded.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<PluginName, (u32, Arc<Semaphore>)>>);

/// A call's turn; it ends when this is dropped.
pub(crate) struct Turn {
    _held: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Waits for this call's turn, at most until its time is over.
    ///
    /// Hooks take none: a health check that waited for slow calls would say that the plugin is ill.
    /// Nor does a call that a call of the same plugin waits for, however far above: that one's turn
    /// serves both, since only one of them runs, and waiting would be for itself.
    ///
    /// # Errors
    /// The fault for a call whose time was over before its turn came.
    pub(crate) async fn take(&self, authority: &Authority) -> Result<Turn, Fault> {
        let free = Turn { _held: None };
        let Authority::Call(permit) = authority else { return Ok(free) };
        let Some(most) = permit.limits().concurrency else { return Ok(free) };
        let name = &permit.plugin().name;
        if permit.is_within(name) {
            return Ok(free);
        }
        let turn = timeout_at(permit.deadline().into(), self.of(name, most).acquire_owned()).await;
        match turn {
            // Nobody closes it. A turn that comes as the time ends is none.
            Ok(held) if Instant::now() < permit.deadline() => Ok(Turn { _held: held.ok() }),
            Ok(_) | Err(_) => {
                let message =
                    format!("its time was over before it was its turn: `{name}` runs {most} at one time");
                let limit = LimitHit::of_plugin("concurrency", most.into(), None);
                Err(Fault::over(FaultKind::Busy, &message, limit))
            }
        }
    }

    /// The turns of a plugin. Where another version has another number, they are counted anew: calls
    /// that are running finish beside them.
    fn of(&self, plugin: &PluginName, most: u32) -> Arc<Semaphore> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((as_many, turns)) = all.get(plugin)
            && *as_many == most
        {
            return Arc::clone(turns);
        }
        let turns = Arc::new(Semaphore::new(most as usize));
        all.insert(plugin.clone(), (most, Arc::clone(&turns)));
        turns
    }
}
