//! The versions of a plugin, and which one answers.

use ares_kernel::Caller;
use serde_json::json;

use super::{Answer, Operations, json as to_json, name};
use crate::operation::Problem;

impl Operations {
    pub(super) async fn versions(&self, plugin: &str) -> Answer {
        let plugin = name(plugin)?;
        to_json(&self.0.book.with(move |registry| registry.versions(&plugin)).await?)
    }

    /// The version that runs is stopped, for its teardown belongs to it; the other starts with its
    /// first call, or now if the plugin starts with the host.
    pub(super) async fn activate(&self, caller: Caller, plugin: &str, version: &str) -> Answer {
        let plugin = name(plugin)?;
        let version = semver::Version::parse(version).map_err(|error| {
            let shown = ares_kernel::text::quoted(version, 80);
            Problem::invalid("bad-version", format!("{shown} is not a semantic version: {error}"))
        })?;
        let (asked, wanted) = (plugin.clone(), version.clone());
        let was = self.0.book.with(move |registry| registry.activate(&asked, &wanted, &caller)).await?;
        self.0.integrity.forget(&plugin);
        let ran = self.0.life.is_running(&plugin);
        if ran && was != version {
            // Starting the other version takes the place of the one that runs.
            let active = self.plugin(&plugin)?;
            if let Err(error) = self.0.life.start(&active).await {
                tracing::warn!(%plugin, %version, %error, "the version is active and could not be started");
            }
        }
        let closely = format!("{version} answers in the place of {was}");
        let closely = if was == version { Err("it answered before") } else { Ok(closely) };
        let judged = self.standing(&plugin, closely)?;
        Ok(json!({ "plugin": plugin, "version": version, "was": was, "judged": judged }))
    }
}
