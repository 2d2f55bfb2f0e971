//! Stopping: no new calls, the running ones end, teardown once, the code is forgotten.

use std::time::Duration;

use ares_kernel::PluginName;
use ares_kernel::ports::Hook;

use super::start::describe;
use super::{CALLS_PATIENCE, Instance, Lifecycle, lock};
use crate::records::{Notice, RecordsError, Turn};

impl Lifecycle {
    /// Stops a plugin. Answers whether it was running. A call that comes in later starts it again.
    ///
    /// # Errors
    /// When that cannot be written down; the plugin is stopped all the same.
    pub async fn stop(&self, plugin: &PluginName) -> Result<bool, RecordsError> {
        self.stop_within(plugin, CALLS_PATIENCE).await
    }

    /// Stops everyone, side by side, without waiting for calls: a host that ends has waited.
    pub async fn stop_all(&self) {
        let stops = self.running().into_iter().map(|plugin| async move {
            if let Err(error) = self.stop_within(&plugin.name, Duration::ZERO).await {
                tracing::error!(plugin = %plugin.name, %error, source = %error.source, "its stop is not written down");
            }
        });
        futures::future::join_all(stops).await;
    }

    async fn stop_within(&self, plugin: &PluginName, patience: Duration) -> Result<bool, RecordsError> {
        let _turn = self.turn(plugin).await;
        let instance = self.remove(plugin);
        let crashed = lock(&self.0.crashed).remove(plugin);
        if let Some(instance) = &instance {
            self.take_down(instance, patience).await;
        }
        // A plugin that was taken out has no state to write.
        let registered = self.0.records.plugin(plugin).is_some();
        if (instance.is_some() || crashed) && registered {
            self.0.records.turn(plugin, Turn::Stopped).await?;
        }
        if instance.is_some() {
            tracing::info!(%plugin, "stopped");
        }
        Ok(instance.is_some())
    }

    /// What is done once an instance takes no more calls. Teardown cannot keep a plugin running.
    pub(super) async fn take_down(&self, instance: &Instance, patience: Duration) {
        let plugin = &self.as_of_now(&instance.plugin);
        let left = instance.calls.drain(patience).await;
        if left > 0 {
            tracing::warn!(plugin = %plugin.name, left, "stopped while calls still run; they go on to their end");
        }
        if plugin.hooks.teardown {
            let report = self.0.runtime.hook(plugin, Hook::Teardown).await;
            if let Err(ended) = &report.result {
                let why = describe(ended);
                tracing::warn!(plugin = %plugin.name, %why, "teardown did not end well");
                let data = serde_json::json!({ "version": plugin.version, "why": why });
                let notice = Notice { kind: "teardown_failed", plugin: Some(plugin.name.clone()), data };
                self.0.records.emit(notice).await;
            } else if !report.writes.is_empty()
                && let Err(error) = self.0.records.keep(plugin, report.writes).await
            {
                tracing::error!(plugin = %plugin.name, %error, source = %error.source, "what teardown wrote is lost");
            }
        }
        self.unload(&plugin.blake3);
    }
}
