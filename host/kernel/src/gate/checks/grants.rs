//! Was everything the capability needs granted to its plugin, and may the calls above do as much?

use crate::flow::{Draft, Parent};
use crate::gate::{Check, Kind, Refusal};

/// Refuses a capability that needs what its plugin was not granted, and one that may do more than a
/// call above it: else whoever allowed a call that only reads would have allowed what it calls. An
/// event reaches only the capability its plugin may be called with it by.
pub(super) struct Grants;

impl Check for Grants {
    fn name(&self) -> &'static str {
        "grants"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let route = draft.route()?;
        if let Some((topic, _)) = draft.parent().and_then(Parent::event)
            && route.plugin.grants.subscribe().get(topic) != Some(&route.capability.id)
        {
            let (name, capability) = (&route.plugin.name, &route.capability.id);
            let message = format!(
                "`{capability}` of plugin `{name}` is not granted `subscribe:{topic}`; an operator can: `ares-host grants allow {name} subscribe:{topic}`"
            );
            return Err(Refusal { check: "grants", code: "not-granted", kind: Kind::Forbidden, message });
        }
        if let Some(parent) = draft.parent().filter(|parent| route.capability.effect > parent.effect()) {
            let message = format!(
                "`{}` is of class {}, and a call above it is of class {}: a call can do no more than the calls it comes from",
                route.capability.id,
                route.capability.effect,
                parent.effect()
            );
            return Err(Refusal { check: "grants", code: "exceeds-caller", kind: Kind::Forbidden, message });
        }
        let missing: Vec<String> = route
            .capability
            .needs
            .iter()
            .filter(|scope| !route.plugin.grants.covers(scope))
            .map(ToString::to_string)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let name = &route.plugin.name;
        let message = format!(
            "`{}` of plugin `{name}` needs {}, which was not granted; an operator can: `ares-host grants allow {name} {}`",
            route.capability.id,
            missing.join(", "),
            missing.iter().map(|scope| example(scope)).collect::<Vec<_>>().join(" ")
        );
        Err(Refusal { check: "grants", code: "not-granted", kind: Kind::Forbidden, message })
    }
}

/// The scope as the command line takes it: a folder needs its place, the network its hosts.
fn example(scope: &str) -> String {
    match scope.split_once(':') {
        Some(("fs", _)) => format!("{scope}=FOLDER"),
        Some(("net", _)) => format!("{scope}=https://HOST"),
        _ => scope.to_owned(),
    }
}
