//! One case of a plugin: what to put there, what to call first, what to call, what to expect.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use ares_registry::bundle::MANIFEST_NAME;
use ares_registry::manifest::Manifest;
use ares_services::operation::Operation;
use serde::Deserialize;
use serde_json::Value;

use super::matching::matches;
use super::{Trial, wrong};
use crate::config::Settings;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::field;
use crate::text_file;

/// A case file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Files in the folder the plugins are granted: name → text.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Calls that must succeed first.
    #[serde(default)]
    before: Vec<Step>,
    capability: String,
    input: Value,
    expect: Expected,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    capability: String,
    input: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    status: String,
    code: Option<String>,
    value: Option<Value>,
}

/// A good answer that was the expected one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Passed {
    pub(super) plugin: String,
    pub(super) blake3: String,
    pub(super) capability: String,
}

impl Passed {
    /// A no that was expected shows little of what a capability can do.
    fn of(outcome: &Value) -> Option<Self> {
        (*field::at(outcome, "status") == "ok").then(|| Self {
            plugin: field::text(field::at(outcome, "plugin"), "name"),
            blake3: field::text(field::at(outcome, "plugin"), "blake3"),
            capability: field::text(outcome, "capability"),
        })
    }
}

/// The case files of a plugin's folder, by name.
pub(super) fn files(plugin: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = plugin.join("cases");
    let entries = fs_err::read_dir(&folder).map_err(|error| Failure::io("looking for cases", &error))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}

/// Runs one case in an installation of its own, so that none sees what another stored.
pub(super) async fn run(
    settings: &Settings,
    plugins: &[PathBuf],
    file: &Path,
) -> Result<Option<Passed>, Failure> {
    let text = text_file::read(file).map_err(|error| Failure::io("reading a case", &error))?;
    let case: Case = serde_json::from_str(&text)
        .map_err(|error| wrong(format!("{} is not a case: {error}", file.display())))?;
    let trial = Trial::begin(settings).await?;
    let result = judge(&trial, plugins, case).await;
    trial.end().await;
    result
}

async fn judge(trial: &Trial, plugins: &[PathBuf], case: Case) -> Result<Option<Passed>, Failure> {
    let target = trial.place().join("target");
    let io = |error| Failure::io("laying out the files of a case", &error);
    fs_err::create_dir_all(&target).map_err(io)?;
    for (name, text) in &case.files {
        if !Path::new(name).components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(wrong(format!(
                "the file name {} leaves the folder",
                field::plain(&name.as_str().into())
            )));
        }
        let file = target.join(name);
        fs_err::create_dir_all(file.parent().unwrap_or(&target)).map_err(io)?;
        fs_err::write(&file, text).map_err(io)?;
    }
    for plugin in plugins {
        register(trial, plugin, &target).await?;
    }
    for step in &case.before {
        let outcome = trial.invoke(&step.capability, &step.input).await?;
        if *field::at(&outcome, "status") != "ok" {
            return Err(wrong(format!(
                "{} before the case ended with {}",
                step.capability,
                ending(&outcome)
            )));
        }
    }
    let outcome = trial.invoke(&case.capability, &case.input).await?;
    compare(&case.expect, &outcome)?;
    Ok(Passed::of(&outcome))
}

async fn register(trial: &Trial, folder: &Path, target: &Path) -> Result<(), Failure> {
    let path = folder.join(MANIFEST_NAME);
    let text = text_file::read(&path).map_err(|error| Failure::io("reading the manifest", &error))?;
    let manifest = Manifest::parse(&text, &path)
        .map_err(|error| Failure::chain(ExitStatus::BadInput, "bad-manifest", &error))?;
    let folders = manifest.permissions.folders.iter();
    let grants =
        folders.map(|wanted| (format!("fs:{}", wanted.name), Some(target.display().to_string()))).collect();
    let folder = std::path::absolute(folder).map_err(|error| Failure::io("finding the plugin", &error))?;
    trial.operate(Operation::Register { folder, grants, grant_all: true, replace: false }).await.map(drop)
}

fn compare(expected: &Expected, outcome: &Value) -> Result<(), Failure> {
    let code = outcome.pointer("/error/code").and_then(Value::as_str);
    if *field::at(outcome, "status") != expected.status.as_str()
        || (expected.code.is_some() && code != expected.code.as_deref())
    {
        let wanted = expected
            .code
            .as_ref()
            .map_or(expected.status.clone(), |code| format!("{} ({code})", expected.status));
        return Err(wrong(format!("expected {wanted}, got {}", ending(outcome))));
    }
    match &expected.value {
        Some(value) if !matches(value, field::at(outcome, "value")) => {
            Err(wrong(format!("expected {value}, got {}", field::plain(field::at(outcome, "value")))))
        }
        _ => Ok(()),
    }
}

fn ending(outcome: &Value) -> String {
    let status = field::text(outcome, "status");
    match outcome.get("error") {
        Some(error) => {
            format!("{status} ({}): {}", field::text(error, "code"), field::text(error, "message"))
        }
        None => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_outcome_is_compared_by_status_code_and_value() {
        let expect = |value: Value| serde_json::from_value::<Expected>(value).unwrap();
        let ok = json!({"status": "ok", "value": {"a": 1, "b": 2}});
        let failed = json!({"status": "failed", "error": {"code": "not-found", "message": "m"}});
        assert!(compare(&expect(json!({"status": "ok", "value": {"a": 1}})), &ok).is_ok());
        assert!(compare(&expect(json!({"status": "ok", "value": {"a": 2}})), &ok).is_err());
        assert!(compare(&expect(json!({"status": "failed", "code": "not-found"})), &failed).is_ok());
        let error = compare(&expect(json!({"status": "failed", "code": "other"})), &failed).unwrap_err();
        assert_eq!(error.message, "expected failed (other), got failed (not-found): m");
        assert!(compare(&expect(json!({"status": "ok"})), &failed).is_err());
    }
}
