//! What the documents name is there.

use crate::{Repository, Violations};

const ARCHITECTURE: &str = "docs/architecture.md";
const CHECKS: &str = "host/kernel/src/gate/checks/";

/// Every path in backquotes in docs/architecture.md leads somewhere. One with a placeholder is a
/// place for something new.
pub fn paths_lead_somewhere(repository: &Repository) -> Violations {
    let text = repository.text(ARCHITECTURE).unwrap_or_default();
    let quoted = text.split('`').skip(1).step_by(2);
    let paths = quoted.filter(|path| path.contains('/') && !path.contains(['<', ' ', ':', '…']));
    let dead = paths.filter(|path| !path.contains("NNNN") && !repository.has(path.trim_end_matches('/')));
    dead.map(|path| format!("{ARCHITECTURE}: `{path}` leads nowhere")).collect()
}

/// The table of checks has a row for every check there is.
pub fn every_check_has_a_row(repository: &Repository) -> Violations {
    let text = repository.text(ARCHITECTURE).unwrap_or_default();
    let names = repository.files().filter_map(|(path, _)| path.strip_prefix(CHECKS)?.strip_suffix(".rs"));
    let missing = names.filter(|name| *name != "mod" && !text.contains(&format!("\n| {name} |")));
    missing.map(|name| format!("{ARCHITECTURE}: the check `{name}` has no row in the table")).collect()
}
