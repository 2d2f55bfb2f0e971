//! How a plugin's capabilities stand with the gate after a change that may let them do more.

use std::sync::Arc;

use ares_kernel::PluginName;
use ares_kernel::facts::Capability;
use ares_kernel::gate::{Depth, by_record};
use serde_json::json;

use super::{Answer, Operations};

impl Operations {
    /// How each of them stands by its record: `{depth, why, capabilities}`. Closely (`ultra`) where there is a
    /// reason to, and otherwise `full`, with the reason why not.
    pub(super) fn standing(&self, plugin: &PluginName, closely: Result<String, &str>) -> Answer {
        let plugin = self.plugin(plugin)?;
        let now_ms = self.0.clock.now_ms();
        let (depth, why) = match closely {
            Ok(why) => (Depth::Ultra, why),
            Err(why) => (Depth::Full, why.to_owned()),
        };
        let of = |capability: &Arc<Capability>| {
            let judged = by_record(&plugin, capability, &self.0.weights, now_ms);
            json!({
                "capability": capability.id, "effect": capability.effect, "level": judged.level,
                "score": judged.score, "sum": judged.sum(), "unexplained": judged.unexplained,
                "findings": judged.findings,
            })
        };
        let capabilities: Vec<_> = plugin.capabilities.iter().map(of).collect();
        Ok(json!({ "depth": depth, "why": why, "capabilities": capabilities }))
    }
}
