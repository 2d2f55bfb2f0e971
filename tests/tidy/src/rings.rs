//! Which crate may depend on which: engine and registry do not know each other, the kernel knows neither.

use crate::{Repository, Violations};
use std::collections::BTreeMap;
use toml::{Table, Value};

const ALL: &[&str] = &[
    "ares-guard",
    "ares-kernel",
    "ares-registry",
    "ares-engine",
    "ares-services",
    "ares-policy",
    "ares-api",
    "ares-host",
];

/// Every crate of the root workspace, and the crates of it that it may depend on, tests included.
const RINGS: &[(&str, &[&str])] = &[
    ("ares-guard", &[]),
    ("ares-kernel", &["ares-guard"]),
    ("ares-registry", &["ares-kernel"]),
    ("ares-engine", &["ares-kernel"]),
    ("ares-services", &["ares-kernel", "ares-registry"]),
    ("ares-policy", &["ares-guard", "ares-kernel", "ares-registry"]),
    ("ares-api", &["ares-kernel", "ares-services"]),
    ("ares-host", ALL),
    ("ares-tests", ALL),
    ("ares-benches", ALL),
    (
        "ares-fuzz",
        &[
            "ares-guard",
            "ares-kernel",
            "ares-policy",
            "ares-registry",
            "ares-services",
            "ares-api",
            "ares-host",
        ],
    ),
    ("ares-tidy", &[]),
    ("xtask", &[]),
];

/// Heavy libraries, and the only crates that may name them.
const WALLS: &[(&str, &[&str])] = &[
    ("wasmtime", &["ares-engine", "ares-tests", "ares-benches"]),
    ("wasmtime-wasi", &["ares-engine", "ares-tests", "ares-benches"]),
    ("rusqlite", &["ares-registry", "ares-tests"]),
    ("rmcp", &["ares-api", "ares-host", "ares-tests"]),
    ("cedar-policy", &["ares-policy"]),
    ("clap", &["ares-host"]),
    ("anyhow", &["ares-host", "ares-tests", "ares-fuzz", "ares-benches"]),
];

/// Each crate depends on inner rings only, and each is in the table.
pub fn inner_rings_only(repository: &Repository) -> Violations {
    let mut found = Vec::new();
    for (path, manifest) in packages(repository) {
        let Some((_, allowed)) = RINGS.iter().find(|(name, _)| *name == manifest.name) else {
            found.push(format!("{path}: `{}` is not in the table of rings", manifest.name));
            continue;
        };
        let known = |name: &str| RINGS.iter().any(|(known, _)| *known == name);
        for dependency in manifest.dependencies.keys() {
            if known(dependency) && !allowed.contains(&dependency.as_str()) {
                found.push(format!("{path}: `{}` must not depend on `{dependency}`", manifest.name));
            }
        }
    }
    found
}

/// A heavy library stays behind its wall.
pub fn walls(repository: &Repository) -> Violations {
    let mut found = Vec::new();
    for (path, manifest) in packages(repository) {
        for (library, allowed) in WALLS {
            if manifest.dependencies.contains_key(*library) && !allowed.contains(&manifest.name.as_str()) {
                found.push(format!("{path}: only {} may depend on `{library}`", allowed.join(", ")));
            }
        }
    }
    found
}

/// No host crate depends on a plugin, a test guest or the guests' SDK.
pub fn host_has_no_plugin_dep(repository: &Repository) -> Violations {
    let mut guests = vec!["ares-sdk".to_owned()];
    for (path, text) in repository.texts() {
        let guest = path.starts_with("plugins/")
            || path.starts_with("tests/guests/")
            || path.starts_with("guest-sdk/");
        if guest && path.ends_with("/Cargo.toml") {
            guests.extend(parse(text).map(|manifest| manifest.name));
        }
    }
    let mut found = Vec::new();
    for (path, manifest) in packages(repository) {
        for guest in guests.iter().filter(|guest| manifest.dependencies.contains_key(*guest)) {
            found.push(format!("{path}: depends on the guest `{guest}`"));
        }
    }
    found
}

/// Every version stands in the root Cargo.toml and nowhere else.
pub fn versions_stand_at_the_root(repository: &Repository) -> Violations {
    let mut found = Vec::new();
    for (path, manifest) in packages(repository) {
        for (dependency, value) in &manifest.dependencies {
            if value.get("workspace").and_then(Value::as_bool) != Some(true) {
                found.push(format!("{path}: `{dependency}` does not say `workspace = true`"));
            }
        }
    }
    found
}

/// docs/dependencies.md says of each library why it is there.
pub fn dependencies_are_explained(repository: &Repository) -> Violations {
    let document = repository.text("docs/dependencies.md").unwrap_or_default();
    let root = repository.text("Cargo.toml").and_then(|text| text.parse::<Table>().ok()).unwrap_or_default();
    let versions =
        root.get("workspace").and_then(|workspace| workspace.get("dependencies")).and_then(Value::as_table);
    let external = versions.into_iter().flatten().filter(|(_, value)| value.get("path").is_none());
    let silent = external.filter(|(name, _)| !document.contains(&format!("`{name}`")));
    silent.map(|(name, _)| format!("docs/dependencies.md: does not say why `{name}` is there")).collect()
}

struct Manifest {
    name: String,
    dependencies: BTreeMap<String, Value>,
}

/// The packages of the root workspace.
fn packages(repository: &Repository) -> Vec<(&str, Manifest)> {
    let guest =
        |path: &str| ["plugins/", "tests/guests/", "guest-sdk/"].iter().any(|place| path.starts_with(place));
    let manifests = repository.texts().filter(|(path, _)| path.ends_with("/Cargo.toml") && !guest(path));
    manifests.filter_map(|(path, text)| Some((path, parse(text)?))).collect()
}

fn parse(text: &str) -> Option<Manifest> {
    let table: Table = text.parse().ok()?;
    let name = table.get("package")?.get("name")?.as_str()?.to_owned();
    let mut dependencies = BTreeMap::new();
    collect(&table, &mut dependencies);
    for target in table.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values) {
        target.as_table().into_iter().for_each(|table| collect(table, &mut dependencies));
    }
    Some(Manifest { name, dependencies })
}

fn collect(table: &Table, into: &mut BTreeMap<String, Value>) {
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (key, value) in table.get(kind).and_then(Value::as_table).into_iter().flatten() {
            let renamed = value.get("package").and_then(Value::as_str);
            into.insert(renamed.unwrap_or(key).to_owned(), value.clone());
        }
    }
}
