//! Findings about what manifests say.

use super::super::finding::{Finding, Sure};
use super::super::ground::Ground;
use super::super::shared::{clashes as clashing, shared};

/// How many parts one finding names.
const SHOWN: usize = 10;

/// Capabilities that cannot be said plainly. One finding for each plugin.
pub(super) fn unexplained(ground: &Ground) -> Vec<Finding> {
    let finding = |plugin: &std::sync::Arc<ares_kernel::facts::Plugin>| {
        let unsaid = plugin.capabilities.iter().filter(|one| !one.about.unexplained.is_empty());
        let unsaid: Vec<_> = unsaid.collect();
        let parts = unsaid.iter().take(SHOWN);
        let parts = parts.map(|one| format!("{} ({})", one.id, one.about.unexplained.join(", ")));
        let parts = parts.collect::<Vec<_>>().join("; ");
        if unsaid.is_empty() {
            return None;
        }
        let text = format!("the manifest of `{}` leaves unsaid: {parts}", plugin.name);
        let mut finding = Finding::new("unexplained", Sure::Medium, plugin.name.as_str(), text)
            .against(
                "descriptions of the capability, of each argument and of how it is undone were looked for",
            )
            .so("write them; each call of it is worth less to the gate until then");
        for capability in unsaid.iter().take(SHOWN) {
            finding = finding.row("capabilities", format!("{}/{}", plugin.name, capability.id));
        }
        Some(finding)
    };
    ground.snapshot.plugins().filter_map(finding).collect()
}

/// Capabilities that fit a recorded anti-pattern.
pub(super) fn anti_patterns(ground: &Ground) -> Vec<Finding> {
    let mut found = Vec::new();
    for (plugin, capability) in ground.capabilities() {
        for id in &capability.about.anti_patterns {
            let history = capability.track.history(0, ground.now_ms);
            let text = format!(
                "what is said of {} of `{}` fits the anti-pattern `{id}`",
                capability.id, plugin.name
            );
            found.push(
                Finding::new("anti-pattern", Sure::Low, format!("{}/{}", plugin.name, capability.id), text)
                    .row("patterns", id.as_str())
                    .row("capabilities", format!("{}/{}", plugin.name, capability.id))
                    .against(format!(
                        "words that lift it were looked for, and its record: {} of {} uses good",
                        history.good, history.uses
                    ))
                    .so(format!("`ares-host patterns show {id}` says what is better")),
            );
        }
    }
    found
}

/// Providers of one capability that do not take the same arguments.
pub(super) fn clashes(ground: &Ground) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, providers) in shared(ground) {
        let arguments: Vec<String> = clashing(&providers).into_iter().take(SHOWN).collect();
        let enabled = providers.iter().filter(|(plugin, _)| plugin.enabled).count();
        if arguments.is_empty() {
            continue;
        }
        let sure = if enabled > 1 { Sure::Medium } else { Sure::Low };
        let names: Vec<&str> = providers.iter().map(|(plugin, _)| plugin.name.as_str()).collect();
        let text =
            format!("{} do not take the same arguments for {id}: {}", names.join(", "), arguments.join(", "));
        let mut finding = Finding::new("schema-clash", sure, id, text)
            .against(format!("{enabled} of them are enabled; words in the schemas were not compared"))
            .so("who calls it should name the plugin, or one of them should be renamed");
        for name in names.iter().take(SHOWN) {
            finding = finding.row("capabilities", format!("{name}/{id}"));
        }
        found.push(finding);
    }
    found
}
