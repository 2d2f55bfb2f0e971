//! The cases of the first-party plugins, run as an author runs them: by `ares-host self-test`.

use std::fs;
use std::path::PathBuf;

use crate::harness::{Installation, guest, root};

fn plugins() -> Vec<String> {
    let folders = fs::read_dir(root().join("plugins")).unwrap().map(Result::unwrap);
    let plugins = folders.filter(|folder| folder.path().join("plugin.toml").is_file());
    let mut names: Vec<String> = plugins.map(|folder| folder.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Runs the cases of one plugin; each has a state directory of its own.
fn conforms(plugin: &str, with: &[&str]) {
    let cases = fs::read_dir(guest(plugin).join("cases")).unwrap().count();
    assert!(cases > 0, "{plugin} has no cases");
    let mut arguments = vec![PathBuf::from("self-test"), PathBuf::from("--json"), guest(plugin)];
    arguments.extend(with.iter().flat_map(|with| [PathBuf::from("--with"), guest(with)]));
    let ran = Installation::new().ares(arguments);
    let answer = ran.json();
    let (passed, failed): (Vec<_>, Vec<_>) =
        answer["tests"].as_array().unwrap().iter().partition(|test| test["ok"] == true);
    assert!(failed.is_empty() && ran.code == 0, "{failed:#?}");
    // The other two are of the host itself.
    assert_eq!(passed.len(), cases + 2);
}

#[test]
fn file_tools() {
    conforms("file-tools", &[]);
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
fn web_fetch() {
    conforms("web-fetch", &[]);
}

#[test]
fn every_first_party_plugin_is_listed_here() {
    let listed = [
        "file-tools",
        "notes",
        "report",
        "security-scanner",
        "sentiment-analysis",
        "skeptic-example",
        "skeptic-history",
        "web-fetch",
    ];
    assert_eq!(plugins(), listed);
}
