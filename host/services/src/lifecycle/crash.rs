//! A trap: one call's end, and a mark on its plugin.

use std::sync::Arc;

use super::{Instance, Lifecycle, lock};
use crate::records::Turn;

impl Lifecycle {
    /// A call of this instance trapped. The first trap of an instance is written down and ends the
    /// instance; the traps of calls that ran beside it say nothing new.
    pub(super) async fn crashed(&self, instance: &Arc<Instance>, message: &str) {
        let name = &instance.plugin.name;
        let _turn = self.turn(name).await;
        if instance.superseded || !self.serves(instance) {
            return;
        }
        self.remove(name);
        lock(&self.0.crashed).insert(name.clone());
        tracing::warn!(plugin = %name, message, "crashed");
        if let Err(error) = self.0.records.turn(name, Turn::Crashed(message.to_owned())).await {
            tracing::error!(plugin = %name, %error, source = %error.source, "its crash is not written down");
        }
    }
}
