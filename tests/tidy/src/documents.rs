//! What the documents name is there.

use crate::{Repository, Violations};

const ARCHITECTURE: &str = "docs/architecture.md";
const GATE: &str = "docs/gate.md";
const MANIFEST: &str = "docs/manifest.md";
const READER: &str = "registry/src/manifest/";
const SECTIONS: &str = "registry/src/manifest/sections.rs";
/// How the reader takes a key.
const TAKES: [&str; 6] = [
    "table.get(\"",
    "root.get(\"",
    "required(\"",
    "section(\"",
    "flag(&mut table, \"",
    "whole(&mut table, \"",
];
const CHECKS: &str = "host/kernel/src/gate/checks/";
const STEPS: &str = "host/kernel/src/gate/steps/";

/// Every path in backquotes in docs/architecture.md leads somewhere. One with a placeholder is a
/// place for something new.
pub fn paths_lead_somewhere(repository: &Repository) -> Violations {
    let text = repository.text(ARCHITECTURE).unwrap_or_default();
    let quoted = text.split('`').skip(1).step_by(2);
    let paths = quoted.filter(|path| path.contains('/') && !path.contains(['<', ' ', ':', '…']));
    let dead = paths.filter(|path| !path.contains("NNNN") && !repository.has(path.trim_end_matches('/')));
    dead.map(|path| format!("{ARCHITECTURE}: `{path}` leads nowhere")).collect()
}

/// docs/manifest.md names every key the manifest's reader takes.
pub fn every_manifest_key_is_documented(repository: &Repository) -> Violations {
    let text = repository.text(MANIFEST).unwrap_or_default();
    let documented = |key: &str| {
        let quoted = text.split('`').skip(1).step_by(2);
        quoted
            .flat_map(|quoted| quoted.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')))
            .any(|word| word == key)
    };
    let readers = repository.texts().filter(|(path, _)| {
        path.strip_prefix(READER).is_some_and(|file| !file.contains('/') && file != "tests.rs")
    });
    let keys = readers.flat_map(|(path, source)| {
        let calls = TAKES.iter().flat_map(move |call| source.split(call).skip(1));
        calls.filter_map(move |after| Some((path, after.split_once('"')?.0)))
    });
    let missing = keys.filter(|(_, key)| !documented(key));
    missing.map(|(path, key)| format!("{MANIFEST}: the key `{key}` ({path}) is not there")).collect()
}

/// The table of limits in docs/manifest.md has a row for every key of `[limits]` the reader takes: what
/// a limit does is said for each.
pub fn every_limit_has_a_row(repository: &Repository) -> Violations {
    let text = repository.text(MANIFEST).unwrap_or_default();
    let source = repository.text(SECTIONS).unwrap_or_default();
    let reader = source.split_once("fn limits(").and_then(|(_, after)| after.split_once("\n}\n"));
    let Some((reader, _)) = reader else {
        return vec![format!("{SECTIONS}: `fn limits` is not there, so its keys cannot be compared")];
    };
    let calls = TAKES.iter().flat_map(|call| reader.split(call).skip(1));
    let keys = calls.filter_map(|after| Some(after.split_once('"')?.0));
    let missing = keys.filter(|key| !text.contains(&format!("\n| `{key}` |")));
    missing.map(|key| format!("{MANIFEST}: the limit `{key}` has no row in the table of [limits]")).collect()
}

/// The tables of docs/gate.md have a row for every check and every step there is.
pub fn every_check_has_a_row(repository: &Repository) -> Violations {
    let text = repository.text(GATE).unwrap_or_default();
    let of = |folder: &'static str| {
        repository.files().filter_map(move |(path, _)| path.strip_prefix(folder)?.strip_suffix(".rs"))
    };
    let names = of(CHECKS).chain(of(STEPS)).filter(|name| *name != "mod");
    let missing = names.filter(|name| !text.contains(&format!("\n| {name} |")));
    missing.map(|name| format!("{GATE}: `{name}` of the gate has no row in its table")).collect()
}
