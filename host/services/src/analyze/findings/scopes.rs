//! Findings about what was granted.

use super::super::finding::{Finding, Sure};
use super::super::ground::Ground;

/// In so many calls a scope that is needed is used.
const CALLS_MIN: u64 = 20;

/// Granted and never seen used. Only of scopes whose use the host can see.
pub(super) fn unused(ground: &Ground) -> Vec<Finding> {
    let mut found = Vec::new();
    for plugin in ground.snapshot.plugins() {
        let made = ground.calls(plugin);
        let Some(facts) = ground.of(plugin).filter(|_| made >= CALLS_MIN) else { continue };
        for (scope, _) in facts.scopes.iter().filter(|(_, standing)| standing.granted) {
            if ground.used(plugin, scope) != Some(false) {
                continue;
            }
            let name = plugin.name.as_str();
            let text = format!("`{name}` was granted {scope} and did not use it in {made} calls");
            let needing = plugin
                .capabilities
                .iter()
                .filter(|one| one.needs.iter().any(|need| need.to_string() == *scope));
            let (mut needed, mut tried) = (0_u32, 0_u32);
            for capability in needing {
                needed += 1;
                tried += u32::from(capability.track.history(0, ground.now_ms).uses > 0);
            }
            found.push(
                Finding::new("granted-unused", Sure::Medium, name, text)
                    .row("grants", format!("{name}:{scope}"))
                    .row("invocations", name)
                    .against(format!("capabilities that need it were looked for: {needed}, of which {tried} were used"))
                    .so(format!("`ares-host grants revoke {name} {scope}`, and grant it again when a call is refused for it")),
            );
        }
    }
    found
}
