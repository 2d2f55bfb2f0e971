//! Starting, stopping, allowing, forbidding, asking for health.

use std::sync::Arc;

use ares_kernel::Caller;
use serde_json::json;

use super::{Answer, Operations, json as to_json, name};
use crate::health;
use crate::operation::{Problem, ProblemKind};

impl Operations {
    /// Found? Enabled? Dependencies met? Then load and set up.
    pub(super) async fn start(&self, plugin: &str) -> Answer {
        let plugin = self.plugin(&name(plugin)?)?;
        if !plugin.enabled {
            let why =
                format!("plugin `{0}` is disabled; `ares-host enable {0}` allows it again", plugin.name);
            return Err(Problem::new(ProblemKind::Disabled, "disabled", why));
        }
        let was_running = self.0.life.is_running(&plugin.name);
        self.0.life.start(&plugin).await.map_err(|error| {
            let mut problem = Problem::from(error);
            problem.message = format!("plugin `{}` could not be started: {}", plugin.name, problem.message);
            problem
        })?;
        let setup = if plugin.hooks.setup { "its setup is done" } else { "it needs no setup" };
        Ok(json!({
            "plugin": plugin.name,
            "version": plugin.version,
            "steps": if was_running {
                vec!["runs already".to_owned()]
            } else {
                vec![
                    format!("found version {}, enabled", plugin.version),
                    "what it depends on is there".to_owned(),
                    "its code is loaded".to_owned(),
                    setup.to_owned(),
                ]
            },
            "state": "running",
            "was_running": was_running,
            "process_id": std::process::id(),
        }))
    }

    pub(super) async fn stop(&self, plugin: &str) -> Answer {
        let plugin = self.plugin(&name(plugin)?)?;
        let was_running = self.0.life.stop(&plugin.name).await?;
        let asked = plugin.name.clone();
        let status = self.0.book.with(move |registry| registry.status(&asked)).await?;
        Ok(json!({ "plugin": plugin.name, "state": status.state, "was_running": was_running }))
    }

    pub(super) async fn enable(&self, caller: Caller, plugin: &str, enabled: bool) -> Answer {
        let plugin = name(plugin)?;
        let asked = plugin.clone();
        self.0.book.with(move |registry| registry.set_enabled(&asked, enabled, &caller)).await?;
        if !enabled {
            self.0.life.stop(&plugin).await?;
        }
        Ok(json!({ "plugin": plugin, "enabled": enabled }))
    }

    /// Without a name, everyone who runs; by name, only one that runs.
    pub(super) async fn health(&self, plugin: Option<&str>) -> Answer {
        let asked = match plugin {
            None => self.0.life.running(),
            Some(text) => {
                let plugin = self.plugin(&name(text)?)?;
                let running = self.0.life.running();
                let found: Vec<_> =
                    running.iter().filter(|running| running.name == plugin.name).map(Arc::clone).collect();
                if found.is_empty() {
                    let why = format!(
                        "plugin `{0}` does not run, so it cannot be asked; `ares-host start {0}` starts it",
                        plugin.name
                    );
                    return Err(Problem::new(ProblemKind::Disabled, "not-running", why));
                }
                found
            }
        };
        to_json(&health::check_all(&self.0.life, asked).await)
    }
}
