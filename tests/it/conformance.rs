//! Every case of every first-party plugin, through the whole host.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Installation, guest, root};

/// What the case expects is part of what there is: objects may have more, arrays match item by
/// item, `{"$contains": [x, y]}` wants for each one item that matches.
fn matches(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(wanted), Value::Array(items)) if wanted.contains_key("$contains") => {
            let wanted = wanted["$contains"].as_array().expect("`$contains` lists what must be there");
            wanted.iter().all(|wanted| items.iter().any(|item| matches(wanted, item)))
        }
        (Value::Object(wanted), Value::Object(object)) => {
            wanted.iter().all(|(key, value)| object.get(key).is_some_and(|found| matches(value, found)))
        }
        (Value::Array(wanted), Value::Array(items)) => {
            wanted.len() == items.len() && wanted.iter().zip(items).all(|(a, b)| matches(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => expected == found,
    }
}

fn cases(plugin: &str) -> Vec<PathBuf> {
    let mut cases: Vec<_> =
        fs::read_dir(guest(plugin).join("cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty(), "{plugin} has no cases");
    cases
}

/// Runs the cases of one plugin. Each has an installation of its own, so that none sees what
/// another stored.
fn conforms(plugin: &str, with: &[&str]) {
    for case in cases(plugin) {
        let case_text = fs::read_to_string(&case).unwrap();
        let parsed: Value =
            serde_json::from_str(&case_text).unwrap_or_else(|e| panic!("{}: {e}", case.display()));
        run(plugin, with, &case, &parsed);
    }
}

fn run(plugin: &str, with: &[&str], path: &Path, case: &Value) {
    let installation = Installation::new();
    let target = installation.place("target");
    for (name, text) in case["files"].as_object().into_iter().flatten() {
        let file = target.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text.as_str().unwrap()).unwrap();
    }
    let grant = format!("fs:target={}", target.display());
    for name in with.iter().chain([&plugin]) {
        let manifest = fs::read_to_string(guest(name).join("plugin.toml")).unwrap();
        let grants: &[&str] = if manifest.contains("[[permissions.fs]]") { &[&grant] } else { &[] };
        installation.register(name, grants);
    }
    for step in case["before"].as_array().into_iter().flatten() {
        let outcome = installation.invoke(step["capability"].as_str().unwrap(), &step["input"].to_string());
        assert_eq!(outcome["status"], "ok", "{}: before: {outcome}", path.display());
    }
    let outcome = installation.invoke(case["capability"].as_str().unwrap(), &case["input"].to_string());
    let expected = &case["expect"];
    assert_eq!(outcome["status"], expected["status"], "{}: {outcome}", path.display());
    if let Some(code) = expected.get("code") {
        assert_eq!(&outcome["error"]["code"], code, "{}: {outcome}", path.display());
    }
    if let Some(value) = expected.get("value") {
        assert!(
            matches(value, &outcome["value"]),
            "{}: expected {value:#}, found {:#}",
            path.display(),
            outcome["value"]
        );
    }
}

#[test]
fn security_scanner() {
    conforms("security-scanner", &[]);
}

#[test]
fn sentiment_analysis() {
    conforms("sentiment-analysis", &[]);
}

#[test]
fn notes() {
    conforms("notes", &[]);
}

#[test]
fn report() {
    conforms("report", &["security-scanner", "sentiment-analysis"]);
}

#[test]
fn every_first_party_plugin_is_listed_here() {
    let mut names: Vec<String> = fs::read_dir(root().join("plugins"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("plugin.toml").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["notes", "report", "security-scanner", "sentiment-analysis"]);
}
