//! The table of threats names tests that exist.

use std::collections::BTreeSet;

use toml::Table;

use crate::{Repository, Violations};

const DOCUMENT: &str = "docs/threat-model.md";
/// The tests whose names stand in the table without their crate.
const WHOLE_HOST: &str = "ares-tests::it";

/// Each row of the table has a name of its own and at least one test, and each test it names is one
/// that runs: as `cargo nextest list` writes it, without the crate for tests of the whole host.
pub fn every_row_has_its_tests(repository: &Repository) -> Violations {
    let text = repository.text(DOCUMENT).unwrap_or_default();
    let (tests, mut rows) = (tests(repository), BTreeSet::new());
    let mut found = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let row = line.split('`').nth(1).unwrap_or_default();
        if !rows.insert(row) {
            found.push(format!("{DOCUMENT}: there are two rows `{row}`"));
        }
        let last = line.trim_end_matches([' ', '|']).rsplit(" | ").next().unwrap_or_default();
        let named: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            found.push(format!("{DOCUMENT}: `{row}` names no test"));
        }
        let whole = |name: &str| {
            if name.contains(' ') { name.to_owned() } else { format!("{WHOLE_HOST} {name}") }
        };
        let gone = named.iter().filter(|name| !tests.contains(&whole(name)));
        found.extend(gone.map(|name| format!("{DOCUMENT}: `{row}` names `{name}`, which is no test")));
    }
    if rows.is_empty() {
        found.push(format!("{DOCUMENT}: has no row"));
    }
    found
}

/// Every test that runs by itself, as `crate::binary path::of::test`.
fn tests(repository: &Repository) -> BTreeSet<String> {
    let crates: Vec<(&str, String)> = repository
        .texts()
        .filter_map(|(path, text)| {
            let folder = path.strip_suffix("Cargo.toml")?;
            let manifest: Table = text.parse().ok()?;
            Some((folder, manifest.get("package")?.get("name")?.as_str()?.to_owned()))
        })
        .collect();
    let mut all = BTreeSet::new();
    for (path, text) in repository.host_sources() {
        let within = |folder: &str| !folder.is_empty() && path.starts_with(folder);
        let nearest =
            crates.iter().filter(|(folder, _)| within(folder)).max_by_key(|(folder, _)| folder.len());
        let Some((binary, modules)) =
            nearest.and_then(|(folder, name)| place(name, path.strip_prefix(folder)?))
        else {
            continue;
        };
        all.extend(of_source(text).into_iter().map(|test| {
            let path: Vec<&str> = modules.iter().copied().chain([test.as_str()]).collect();
            format!("{binary} {}", path.join("::"))
        }));
    }
    all
}

/// The test binary of a source file and the modules that lead to it.
fn place<'a>(package: &str, path: &'a str) -> Option<(String, Vec<&'a str>)> {
    let mut parts: Vec<&str> = path.strip_suffix(".rs")?.split('/').collect();
    let binary = match parts.as_slice() {
        ["src", ..] => package.to_owned(),
        ["tests", binary, ..] => {
            let binary = format!("{package}::{binary}");
            parts.remove(0);
            binary
        }
        [binary, ..] => format!("{package}::{binary}"),
        [] => return None,
    };
    parts.remove(0);
    if parts.last().is_some_and(|last| matches!(*last, "mod" | "lib" | "main")) {
        parts.pop();
    }
    Some((binary, parts))
}

/// The tests of one file, each with the modules in the file that hold it.
fn of_source(text: &str) -> Vec<String> {
    let (mut found, mut module, mut is_test) = (Vec::new(), None, false);
    for line in text.lines() {
        let code = line.trim();
        if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(" {")) {
            module = Some(name);
        } else if line == "}" {
            module = None;
        } else if code.starts_with("#[test]") || code.starts_with("#[tokio::test") {
            is_test = true;
        } else if code.starts_with("#[ignore") {
            is_test = false;
        } else if let Some((_, rest)) = code.split_once("fn ").filter(|_| is_test) {
            let name = rest.split('(').next().unwrap_or_default();
            found.push(module.map_or(name.to_owned(), |module| format!("{module}::{name}")));
            is_test = false;
        }
    }
    found
}
