//! Looks the installation over. An `error` keeps something from working, a `warning` will surprise.

use std::collections::BTreeMap;

use ares_kernel::Blake3;
use ares_kernel::ports::SecretsError;
use ares_registry::State;
use serde::Serialize;

use super::verify::Registered;
use super::{Answer, Operations, blocking, copies, json};
use crate::dependencies::{self, Standing};
use crate::operation::Problem;

/// One thing worth knowing.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    severity: &'static str,
    code: &'static str,
    plugin: Option<String>,
    message: String,
}

fn row(severity: &'static str, code: &'static str, plugin: Option<&str>, message: String) -> Row {
    Row { severity, code, plugin: plugin.map(ToOwned::to_owned), message }
}

impl Operations {
    pub(super) async fn doctor(&self) -> Answer {
        let mut rows = self.database().await?;
        rows.extend(self.policy_problem().await?.map(|why| row("error", "policy", None, why)));
        let registered = self.registered().await?;
        rows.extend(self.differences().await?.1.into_iter().map(|found| {
            let message = format!(
                "{} is not what was registered: expected {}, found {}",
                found.path.display(),
                found.expected,
                found.actual
            );
            row("error", "integrity", Some(found.plugin.as_str()), message)
        }));
        rows.extend(duplicates(&registered));
        rows.extend(gone(&registered));
        rows.extend(self.configurations());
        for plugin in &registered {
            rows.extend(self.needs(plugin).await?);
        }
        rows.extend(self.secrets(&registered).await?);
        rows.extend(self.leftovers().await?.into_iter().map(|path| {
            let message =
                format!("{} belongs to no registered version; a host that starts removes it", path.display());
            row("warning", "leftover", None, message)
        }));
        json(&rows)
    }

    /// Secrets that cannot be opened, and granted ones that nobody has set.
    async fn secrets(&self, registered: &[Registered]) -> Result<Vec<Row>, Problem> {
        let (unopened, stored) =
            self.0.book.with(|registry| Ok((registry.secrets_unopened()?, registry.secrets()?))).await?;
        let broken = |error: SecretsError| {
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            row("error", "secret", None, format!("{error}{cause}"))
        };
        let mut rows: Vec<Row> = unopened.into_iter().map(broken).collect();
        for plugin in registered {
            for grant in self.grants_of(&plugin.plugin).await?.into_iter().filter(|grant| grant.granted) {
                let Some(name) = grant.scope.strip_prefix("secret:") else { continue };
                if !stored.iter().any(|secret| secret.name.as_str() == name) {
                    let message = format!(
                        "it was granted the secret {name}, which is not set: `ares-host secrets set {name}`"
                    );
                    rows.push(row("warning", "secret-not-set", Some(plugin.plugin.as_str()), message));
                }
            }
        }
        Ok(rows)
    }

    /// What the database says of itself.
    async fn database(&self) -> Result<Vec<Row>, Problem> {
        let findings = self.0.book.with(|registry| registry.check()).await?;
        Ok(findings
            .into_iter()
            .map(|finding| row("error", "database", None, format!("{}: {}", finding.check, finding.message)))
            .collect())
    }

    /// Plugins that do not take what the configuration file says of them, and names in it that
    /// nobody has.
    fn configurations(&self) -> Vec<Row> {
        let snapshot = self.0.book.registry().snapshot();
        let wrong = snapshot.plugins().filter_map(|plugin| {
            let why = plugin.misconfigured.clone()?;
            Some(row("error", "misconfigured", Some(plugin.name.as_str()), why))
        });
        let unknown = self.0.book.registry().unknown_in_file().into_iter();
        wrong.chain(unknown.map(|unknown| row("warning", "unknown-plugin", None, unknown))).collect()
    }

    /// What a plugin lacks, and whether it failed.
    async fn needs(&self, registered: &Registered) -> Result<Vec<Row>, Problem> {
        let plugin = registered.plugin.clone();
        let (needed, grants, status) = self
            .0
            .book
            .with(move |registry| {
                Ok((registry.dependencies(&plugin)?, registry.grants(&plugin)?, registry.status(&plugin)?))
            })
            .await?;
        let (name, mut rows) = (registered.plugin.as_str(), Vec::new());
        let snapshot = self.0.book.registry().snapshot();
        for dependency in &needed {
            match dependencies::standing(dependency, |name| snapshot.plugin(name).cloned()) {
                Standing::Met => {}
                Standing::Unmet(why) => {
                    let severity = if dependency.required { "error" } else { "warning" };
                    rows.push(row(severity, "dependency", Some(name), why));
                }
                Standing::Outside if dependency.required => {
                    let message = format!(
                        "it names {} `{}`, which no plugin can reach out of its sandbox",
                        dependency.kind, dependency.name
                    );
                    rows.push(row("warning", "outside", Some(name), message));
                }
                Standing::Outside => {}
            }
        }
        let missing: Vec<&str> =
            grants.iter().filter(|g| g.asked && !g.granted).map(|g| g.scope.as_str()).collect();
        if !missing.is_empty() {
            let message = format!(
                "it asks for {}, which was not granted; `ares-host grants allow {name} SCOPE`",
                missing.join(", ")
            );
            rows.push(row("warning", "not-granted", Some(name), message));
        }
        if matches!(status.state, State::Error | State::Crashed) {
            let why = status.error_message.unwrap_or_default();
            rows.push(row("warning", "state", Some(name), format!("its state is {}: {why}", status.state)));
        }
        Ok(rows)
    }

    /// Files in the components' folder nobody needs.
    async fn leftovers(&self) -> Result<Vec<std::path::PathBuf>, Problem> {
        let (state, used) = (self.0.state.clone(), self.used().await?);
        let found = blocking(move || copies::orphans(&state, &used)).await?;
        found.map_err(|error| super::io("listing the copies of components", &error))
    }

    /// Removes what registrations that died in the middle left behind. Only for a host that has the
    /// state directory to itself.
    pub(crate) async fn clear_leftovers(&self) {
        let found = match self.alone().await {
            Ok(_alone) => self.leftovers().await,
            Err(problem) => Err(problem),
        };
        let found = found.unwrap_or_else(|problem| {
            tracing::warn!(%problem, "leftovers are not looked for");
            Vec::new()
        });
        for path in found {
            match fs_err::remove_file(&path) {
                Ok(()) => {
                    tracing::info!(path = %path.display(), "removed a copy no registered version is made of")
                }
                Err(error) => tracing::warn!(%error, "a leftover stays"),
            }
        }
    }
}

/// The same bytes under two names: which one is the real one?
fn duplicates(registered: &[Registered]) -> Vec<Row> {
    let mut names: BTreeMap<[u8; 32], (Blake3, Vec<String>)> = BTreeMap::new();
    for plugin in registered {
        for version in plugin.versions.iter().filter(|version| version.active) {
            let entry = names.entry(*version.blake3.as_bytes()).or_insert((version.blake3, Vec::new()));
            entry.1.push(format!("{} (from {})", plugin.plugin, version.source.display()));
        }
    }
    let several = names.into_values().filter(|(_, names)| names.len() > 1);
    several
        .map(|(blake3, names)| {
            row(
                "warning",
                "duplicate",
                None,
                format!("the same bytes ({blake3}) are registered as {}", names.join(" and ")),
            )
        })
        .collect()
}

/// Folders that are not there any more.
fn gone(registered: &[Registered]) -> Vec<Row> {
    let active = registered.iter().flat_map(|plugin| {
        plugin.versions.iter().filter(|version| version.active && !version.source.is_dir())
    });
    active
        .map(|version| {
            let message = format!(
                "the folder it came from, {}, is gone; it runs from the host's copy",
                version.source.display()
            );
            row("warning", "source-gone", Some(version.plugin.as_str()), message)
        })
        .collect()
}
