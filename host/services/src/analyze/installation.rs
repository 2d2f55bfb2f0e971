//! Section 1: every manifest, component type and configuration, and what of the granted is used.

use std::collections::BTreeMap;

use ares_kernel::PluginName;
use ares_registry::ScopeStanding;
use serde_json::{Value, json};

use super::ground::Ground;
use super::section::Section;

pub(super) fn section(ground: &Ground) -> Section {
    let mut versions: BTreeMap<&PluginName, u64> = BTreeMap::new();
    for version in &ground.versions {
        *versions.entry(&version.plugin).or_default() += 1;
    }
    let rows: Vec<Value> = ground
        .modules
        .iter()
        .filter_map(|module| {
            let plugin = ground.snapshot.plugin(&module.name)?;
            let facts = ground.of(plugin)?;
            let scopes: Vec<Value> = facts
            .scopes
            .iter()
            .map(|(scope, standing)| {
                let used = if standing.granted { ground.used(plugin, scope) } else { None };
                json!({ "scope": scope, "asked": standing.asked, "granted": standing.granted, "used": used })
            })
            .collect();
            let list = |keep: fn(&ScopeStanding) -> bool| -> Vec<&String> {
                facts.scopes.iter().filter(|(_, standing)| keep(standing)).map(|(scope, _)| scope).collect()
            };
            Some(json!({
                "plugin": module.name,
                "version": module.version,
                "versions": versions.get(&module.name),
                "type": module.kind,
                "world": module.main_function,
                "wit": module.wit_track,
                "blake3": module.blake3,
                "component_bytes": module.size,
                "manifest_bytes": facts.manifest_bytes,
                "enabled": module.enabled,
                "capabilities": plugin.capabilities.len(),
                "values": plugin.config.len(),
                "values_set": facts.set_values,
                "misconfigured": plugin.misconfigured,
                "granted": list(|standing| standing.granted),
                "not_granted": list(|standing| standing.asked && !standing.granted),
                "scopes": scopes,
            }))
        })
        .collect();
    let enabled = ground.modules.iter().filter(|module| module.enabled).count();
    let bytes: u64 = ground.modules.iter().map(|module| module.size).sum();
    Section::of(rows)
        .with("plugins", ground.modules.len())
        .with("enabled", enabled)
        .with("versions", ground.versions.len())
        .with("capabilities", ground.capabilities().count())
        .with("component_bytes", bytes)
}
