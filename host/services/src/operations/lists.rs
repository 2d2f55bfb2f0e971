//! What is registered.

use ares_registry::{CapabilityQuery, ModuleFilter};
use serde_json::Value;

use super::{Answer, Operations, json, name};
use crate::dependencies;

impl Operations {
    pub(super) async fn list(
        &self,
        kind: Option<String>,
        category: Option<String>,
        tag: Option<String>,
    ) -> Answer {
        let filter = ModuleFilter { kind, category, tag, auto_start: false };
        json(&self.0.book.with(move |registry| registry.modules(&filter)).await?)
    }

    /// The plugin's own fields, and below them all there is about it.
    pub(super) async fn info(&self, plugin: &str) -> Answer {
        let plugin = name(plugin)?;
        let snapshot = self.0.book.registry().snapshot();
        let parts = self.0.book.with(move |registry| {
            let query = CapabilityQuery { plugin: Some(plugin.clone()), ..CapabilityQuery::default() };
            Ok((
                registry.module(&plugin)?,
                registry.capabilities(&query)?,
                registry.dependencies(&plugin)?,
                registry.grants(&plugin)?,
                registry.config(&plugin)?,
                registry.status(&plugin)?,
                registry.versions(&plugin)?,
                registry.kv_used(&plugin)?,
            ))
        });
        let (module, capabilities, needed, grants, config, status, versions, used) = parts.await?;
        let mut info = json(&module)?;
        let mut dependencies = json(&needed)?;
        let rows = dependencies.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut);
        for (row, dependency) in rows.zip(&needed) {
            let standing = dependencies::standing(dependency, |name| snapshot.plugin(name).cloned());
            row.insert("met".to_owned(), standing.met().into());
        }
        let parts: [(&str, Value); 6] = [
            ("capabilities", json(&capabilities)?),
            ("dependencies", dependencies),
            ("grants", json(&grants)?),
            ("config", json(&config)?),
            ("status", json(&status)?),
            ("versions", json(&versions)?),
        ];
        let store = snapshot.plugin(&module.name).filter(|plugin| plugin.grants.kv() || used.keys > 0);
        if let Some(info) = info.as_object_mut() {
            info.extend(store.map(|plugin| {
                let (keys, bytes) = (plugin.limits.kv_keys, plugin.limits.kv_total_bytes);
                let store = serde_json::json!({ "keys": used.keys, "keys_most": keys, "bytes": used.bytes, "bytes_most": bytes });
                ("store".to_owned(), store)
            }));
            info.extend(parts.map(|(key, value)| (key.to_owned(), value)));
        }
        Ok(info)
    }
}
