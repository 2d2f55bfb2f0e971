//! The four groups of dependencies of the older form.

use std::collections::BTreeMap;

use ares_kernel::text::{escaped, quoted};
use serde_json::{Map, Value};

use super::output::{Api, Dependencies};
use super::types::words;

pub(super) fn read(value: Option<Value>, notes: &mut Vec<String>) -> Dependencies {
    let mut groups = match value {
        None | Some(Value::Null) => return Dependencies::default(),
        Some(Value::Object(groups)) => groups,
        Some(_) => {
            notes.push("`dependencies` is no mapping of groups; it was left out".to_owned());
            return Dependencies::default();
        }
    };
    let mut named = |group: &str| named(groups.remove(group), group, notes);
    let (modules, python, system) = (named("modules"), named("python"), named("system"));
    let apis = apis(groups.remove("apis"), notes);
    for group in groups.keys() {
        notes.push(format!("dependencies {}: no such group; it was left out", quoted(group, 60)));
    }
    let modules = modules.into_iter().map(|(name, requirement)| module(&name, &requirement, notes)).collect();
    for (group, reason) in [(&python, "Python packages"), (&system, "programs of the machine")] {
        if !group.is_empty() {
            let names: Vec<&str> = group.keys().map(String::as_str).collect();
            let names = escaped(&names.join(", "), 300);
            notes.push(format!("the sandbox cannot reach {reason}: {names}"));
        }
    }
    Dependencies { modules, python, system, apis }
}

/// A list of `name`, `name>=1` or `{ name, version }`, or a mapping from names to versions.
fn named(value: Option<Value>, group: &str, notes: &mut Vec<String>) -> BTreeMap<String, String> {
    let entries: Vec<Value> = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(entries)) => entries,
        Some(Value::Object(entries)) => {
            entries.into_iter().map(|(name, version)| pair(&name, version)).collect()
        }
        Some(one) => vec![one],
    };
    let mut all = BTreeMap::new();
    for entry in entries {
        match entry {
            Value::String(text) => {
                let end = text.find(['<', '>', '=', '~', '!', '^', ' ']).unwrap_or(text.len());
                let (name, requirement) = text.split_at(end);
                all.insert(name.trim().to_owned(), constraint(requirement.trim()));
            }
            Value::Object(mut entry) if entry.get("name").is_some_and(Value::is_string) => {
                let text = |value: Option<Value>| match value {
                    Some(Value::String(text)) => text,
                    Some(Value::Number(number)) => number.to_string(),
                    _ => String::new(),
                };
                let name = text(entry.remove("name"));
                all.insert(name, constraint(text(entry.remove("version")).trim()));
            }
            other => {
                notes.push(format!("dependencies {group}: {} was left out", quoted(&other.to_string(), 80)))
            }
        }
    }
    all.remove("");
    all
}

fn pair(name: &str, version: Value) -> Value {
    Value::Object(Map::from_iter([("name".to_owned(), Value::from(name)), ("version".to_owned(), version)]))
}

fn constraint(text: &str) -> String {
    if text.is_empty() { "*".to_owned() } else { text.to_owned() }
}

/// Modules are plugins here, so their names and versions are ours.
fn module(name: &str, requirement: &str, notes: &mut Vec<String>) -> (String, String) {
    let plain = words(name, '-');
    let ours = requirement.replace("==", "=");
    if semver::VersionReq::parse(&ours).is_ok() {
        return (plain, ours);
    }
    let shown = quoted(requirement, 60);
    notes.push(format!(
        "dependencies modules: {shown} is no version requirement; any version of `{plain}` will do"
    ));
    (plain, "*".to_owned())
}

fn apis(value: Option<Value>, notes: &mut Vec<String>) -> Vec<Api> {
    let entries = match value {
        Some(Value::Array(entries)) => entries,
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for entry in entries {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
        match (&entry, text("name")) {
            (Value::String(name), _) => all.push(Api { name: name.clone(), endpoint: None, auth: None }),
            (_, Some(name)) => all.push(Api { name, endpoint: text("endpoint"), auth: text("auth") }),
            _ => notes.push(format!("dependencies apis: {} was left out", quoted(&entry.to_string(), 80))),
        }
    }
    if !all.is_empty() {
        notes.push(
            "this version of the host gives no plugin a way to the network; the APIs are named only"
                .to_owned(),
        );
    }
    all
}
