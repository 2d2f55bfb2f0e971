//! Was everything the capability needs granted to its plugin?

use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};

/// Refuses a capability that needs what its plugin was not granted.
pub(super) struct Grants;

impl Check for Grants {
    fn name(&self) -> &'static str {
        "grants"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let route = draft.route()?;
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

/// The scope as the command line takes it: a folder needs its place.
fn example(scope: &str) -> String {
    if scope.starts_with("fs:") { format!("{scope}=FOLDER") } else { scope.to_owned() }
}
