//! Every registered byte against the bytes on disk, and what a lock file would pin.

use std::io;
use std::path::{Path, PathBuf};

use ares_kernel::{Blake3, PluginName};
use ares_registry::bundle::MANIFEST_NAME;
use ares_registry::lockfile::Lock;
use ares_registry::{ModuleFilter, Registry, VersionView};
use serde::Serialize;
use serde_json::json;

use super::{Answer, Operations, blocking};
use crate::integrity::hash;
use crate::operation::Problem;

/// One file that is not what was registered.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    pub(super) plugin: PluginName,
    pub(super) version: semver::Version,
    /// `copy`, `component` or `manifest`.
    pub(super) what: &'static str,
    pub(super) path: PathBuf,
    /// What was registered.
    pub(super) expected: String,
    /// What is there, or in words why nothing is.
    pub(super) actual: String,
}

/// One plugin with all its versions and the active one's component file.
pub(super) struct Registered {
    pub(super) plugin: PluginName,
    pub(super) entry_point: String,
    pub(super) versions: Vec<VersionView>,
}

impl Operations {
    pub(super) async fn registered(&self) -> Result<Vec<Registered>, Problem> {
        let all = self.0.book.with(|registry| {
            let modules = registry.modules(&ModuleFilter::default())?;
            let registered = modules.into_iter().map(|module| {
                let versions = registry.versions(&module.name)?;
                Ok(Registered { plugin: module.name, entry_point: module.entry_point, versions })
            });
            registered.collect()
        });
        Ok(all.await?)
    }

    /// The hashes some registered version is made of.
    pub(super) async fn used(&self) -> Result<Vec<Blake3>, Problem> {
        let versions = self.0.book.with(Registry::all_versions).await?;
        Ok(versions.iter().map(|version| version.blake3).collect())
    }

    pub(super) async fn differences(&self) -> Result<(usize, Vec<Difference>), Problem> {
        let registered = self.registered().await?;
        let checked = registered.len();
        let found = blocking(move || registered.iter().flat_map(differences).collect()).await?;
        Ok((checked, found))
    }

    pub(super) async fn verify(&self) -> Answer {
        let (checked, drift) = self.differences().await?;
        // Whoever asks wants the next call to know it, too.
        self.0.integrity.look_again().await;
        Ok(json!({ "checked": checked, "drift": drift }))
    }

    pub(super) async fn lock(&self) -> Answer {
        let entries = self.0.book.with(Registry::lock_entries).await?;
        let plugins: Vec<_> = entries
            .iter()
            .map(|entry| {
                json!({
                    "name": entry.name, "version": entry.version, "component": entry.component,
                    "manifest": entry.manifest, "schemas": entry.schemas, "wit": entry.wit,
                })
            })
            .collect();
        let text = entries.into_iter().collect::<Lock>().to_text();
        Ok(json!({ "version": 1, "plugins": plugins, "text": text }))
    }
}

/// What differs of one plugin: the copies of all versions; and in the folder of the active one,
/// where that still has them, component and manifest.
fn differences(registered: &Registered) -> Vec<Difference> {
    let mut found = Vec::new();
    for version in &registered.versions {
        let mut tell = |what, path: &Path, expected: Blake3, actual: String| {
            let (plugin, version) = (registered.plugin.clone(), version.version.clone());
            found.push(Difference {
                plugin,
                version,
                what,
                path: path.to_owned(),
                expected: expected.to_string(),
                actual,
            });
        };
        match hash(&version.component) {
            Ok(actual) if actual == version.blake3 => {}
            Ok(actual) => tell("copy", &version.component, version.blake3, actual.to_string()),
            Err(error) => tell("copy", &version.component, version.blake3, error.to_string()),
        }
        if !version.active {
            continue;
        }
        let known = |of: fn(&VersionView) -> Blake3| registered.versions.iter().map(of).collect::<Vec<_>>();
        for (what, file, expected, known) in [
            ("component", registered.entry_point.as_str(), version.blake3, known(|v| v.blake3)),
            ("manifest", MANIFEST_NAME, version.manifest_blake3, known(|v| v.manifest_blake3)),
        ] {
            let path = version.source.join(file);
            match hash(&path) {
                Ok(actual) if known.contains(&actual) => {}
                Ok(actual) => tell(what, &path, expected, actual.to_string()),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    tell(what, &path, expected, error.to_string());
                }
                // Gone or out of reach: the copy is what runs.
                Err(_) => {}
            }
        }
    }
    found
}
