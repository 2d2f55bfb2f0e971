//! What to say of a capability or a plugin that somebody names and nobody provides.

use ares_kernel::{CapabilityId, PluginName};

use crate::catalog::near;
use crate::registry::Registry;

impl Registry {
    /// That nobody provides this capability (of this plugin, where one is named) or that there is no such plugin,
    /// with names that look alike. Nothing where all is there, or nothing was asked. From memory.
    #[must_use]
    pub fn unprovided(
        &self,
        plugin: Option<&PluginName>,
        capability: Option<&CapabilityId>,
    ) -> Option<String> {
        let snapshot = self.snapshot();
        let Some(plugin) = plugin else {
            let id = capability?;
            if snapshot.providers(id).next().is_some() {
                return None;
            }
            let alike = near(snapshot.capabilities(), id);
            return Some(format!(
                "nobody provides `{id}` now{}",
                hint(alike.iter().map(CapabilityId::as_str))
            ));
        };
        let Some(found) = snapshot.plugin(plugin) else {
            let most = (plugin.as_str().len() / 3).max(1);
            let names = snapshot.plugins().map(|known| known.name.as_str());
            let alike = names.filter(|name| strsim::osa_distance(name, plugin.as_str()) <= most);
            return Some(format!("no plugin `{plugin}` is registered now{}", hint(alike)));
        };
        let id = capability.filter(|id| found.capability(id).is_none())?;
        let own: Vec<CapabilityId> = found.capabilities.iter().map(|own| own.id.clone()).collect();
        let alike = near(own.iter(), id);
        Some(format!("`{plugin}` does not provide `{id}`{}", hint(alike.iter().map(CapabilityId::as_str))))
    }
}

fn hint<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { String::new() } else { format!("; did you mean {}?", names.join(" or ")) }
}
