//! Every plugin and test guest is complete, and is built because its workspace lists it.

use crate::{Repository, Violations};
use toml::{Table, Value};

/// Every folder with a package stands in its workspace's members, and every member is there.
pub fn listed(repository: &Repository) -> Violations {
    let mut found = Vec::new();
    for workspace in ["plugins", "tests/guests"] {
        let path = format!("{workspace}/Cargo.toml");
        let Some(members) = repository.text(&path).and_then(members) else {
            found.push(format!("{path}: has no list of workspace members"));
            continue;
        };
        let folders: Vec<&str> = repository.folders(workspace);
        for folder in folders.iter().filter(|folder| !members.iter().any(|member| member == **folder)) {
            found.push(format!("{path}: does not list the folder `{folder}` among its members"));
        }
        for member in members.iter().filter(|member| !folders.contains(&member.as_str())) {
            found.push(format!("{path}: lists `{member}`, which is not there"));
        }
    }
    found
}

/// Every plugin has a manifest, a README and at least one case.
pub fn plugins_are_complete(repository: &Repository) -> Violations {
    let mut found = Vec::new();
    for plugin in repository.folders("plugins") {
        let folder = format!("plugins/{plugin}");
        for needed in ["plugin.toml", "README.md"] {
            if repository.text(&format!("{folder}/{needed}")).is_none_or(|text| text.trim().is_empty()) {
                found.push(format!("{folder}: has no {needed}"));
            }
        }
        let cases = format!("{folder}/cases/");
        if !repository.files().any(|(path, _)| path.starts_with(&cases) && path.ends_with(".json")) {
            found.push(format!("{folder}: has no case in cases/*.json"));
        }
    }
    found
}

fn members(text: &str) -> Option<Vec<String>> {
    let table: Table = text.parse().ok()?;
    let members = table.get("workspace")?.get("members")?.as_array()?;
    Some(members.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}
