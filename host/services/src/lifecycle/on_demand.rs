//! An engine whose plugins start when they are first needed.

use std::sync::Arc;

use ares_kernel::ports::Engine;
use ares_kernel::{Ended, Fault, FaultKind, Permit, Report};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::time::timeout_at;

use super::{Instance, Lifecycle};
use crate::count::Entered;

/// Starts the plugin of a permit before it is spent.
pub struct OnDemand {
    inner: Arc<dyn Engine>,
    life: Lifecycle,
}

impl OnDemand {
    /// Starts what `inner` is to call.
    #[must_use]
    pub fn new(inner: Arc<dyn Engine>, life: Lifecycle) -> Self {
        Self { inner, life }
    }

    async fn call_on(&self, instance: &Arc<Instance>, call: Entered, permit: Permit) -> Report {
        let rehearsal = permit.is_rehearsal();
        let report = self.inner.call(permit).await;
        drop(call);
        // A rehearsal leaves nothing, not even a crash of its plugin.
        if !rehearsal
            && let Err(Ended::Fault(fault)) = &report.result
            && fault.kind == FaultKind::Trap
        {
            self.life.crashed(instance, &fault.message).await;
        }
        report
    }

    /// The instance for this permit, started if need be.
    async fn instance(&self, permit: &Permit) -> Result<Arc<Instance>, Report> {
        let plugin = permit.plugin();
        if let Some(instance) = self.life.instance(plugin) {
            return Ok(instance);
        }
        if permit.is_rehearsal() && (plugin.hooks.setup || plugin.hooks.teardown) {
            let name = &plugin.name;
            let message = format!(
                "plugin `{name}` does not run, and what its setup and its teardown do would outlast the \
                 rehearsal; start it first: `ares-host start {name}`"
            );
            return Err(Report::fault(FaultKind::NotStarted, &message));
        }
        match timeout_at(tokio::time::Instant::from_std(permit.deadline()), self.life.ensure(plugin)).await {
            Ok(Ok(instance)) => Ok(instance),
            Ok(Err(error)) => {
                let message = format!("plugin `{}` could not be started: {error}", plugin.name);
                Err(Report::fault(FaultKind::NotStarted, &message))
            }
            Err(_) => {
                let message = format!("plugin `{}` was still starting when the time was over", plugin.name);
                Err(Report::of(Fault::too_late(&message, Some(permit.time_limit()))))
            }
        }
    }
}

impl Engine for OnDemand {
    fn call(&self, permit: Permit) -> BoxFuture<'_, Report> {
        async move {
            loop {
                let instance = match self.instance(&permit).await {
                    Ok(instance) => instance,
                    Err(report) => return report,
                };
                // Counted first and looked at again: whoever stops the plugin takes it off the map
                // first and counts then, so it cannot miss this call.
                let call = instance.calls.enter();
                if self.life.serves(&instance) {
                    return self.call_on(&instance, call, permit).await;
                }
            }
        }
        .boxed()
    }
}
