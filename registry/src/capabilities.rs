//! The table `capabilities`: what plugins can do, and who can do what.

use ares_kernel::{CapabilityId, PluginName};
use rusqlite::{Row, named_params};
use serde_json::Value;

use crate::error::RegistryError;
use crate::registry::Registry;
use crate::rows;
use crate::views::{CapabilityQuery, CapabilityView};

/// What a word is worth where it is found.
const IN_NAME: usize = 4;
const IN_TAGS: usize = 2;
const IN_TEXT: usize = 1;

impl Registry {
    /// Capabilities of active versions, by name, then in the order in which their plugins would be
    /// asked; when searched for words, the best match first, and only those that have every word
    /// somewhere.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn capabilities(&self, query: &CapabilityQuery) -> Result<Vec<CapabilityView>, RegistryError> {
        let found = self.readers.read("listing capabilities", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT c.*, m.name, m.enabled, v.version, m.tags, m.features FROM capabilities c
                 JOIN module_versions v ON v.id = c.version_id AND v.active = 1
                 JOIN modules m ON m.id = c.module_id
                 WHERE (:plugin IS NULL AND m.enabled = 1 OR m.name = :plugin)
                   AND (:name IS NULL OR c.capability = :name)
                   AND (:feature IS NULL OR :feature IN (SELECT value FROM json_each(m.features)))
                 ORDER BY c.capability,
                   CASE m.priority WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END,
                   m.name",
            )?;
            let parameters = named_params! {
                ":plugin": query.plugin.as_ref().map(PluginName::as_str),
                ":name": query.name.as_ref().map(CapabilityId::as_str), ":feature": query.feature,
            };
            let found = select.query_map(parameters, |row| Ok((view(row)?, tags(row)?)))?;
            found.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let words = words(query.find.as_deref().unwrap_or_default());
        let mut scored: Vec<(usize, CapabilityView)> = found
            .into_iter()
            .filter_map(|(view, tags)| score(&words, &view, &tags).map(|score| (score, view)))
            .collect();
        // Stable: equals stay in the order of names.
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        Ok(scored.into_iter().map(|(_, view)| view).collect())
    }
}

/// `send message`, `send_message` and `Send-Message` are the same two words.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// What all words together are worth; nothing when one of them is nowhere.
fn score(wanted: &[String], view: &CapabilityView, tags: &[String]) -> Option<usize> {
    let name = format!("{} {}", view.capability, view.plugin).to_lowercase();
    let text =
        format!("{} {}", view.description, view.implements.as_deref().unwrap_or_default()).to_lowercase();
    let worth = |word: &String| {
        let tagged = tags.iter().any(|tag| tag.to_lowercase().contains(word));
        let found = [(name.contains(word), IN_NAME), (tagged, IN_TAGS), (text.contains(word), IN_TEXT)];
        let worth: usize = found.iter().filter(|(found, _)| *found).map(|(_, worth)| worth).sum();
        (worth > 0).then_some(worth)
    };
    wanted.iter().map(worth).sum()
}

fn tags(row: &Row<'_>) -> rusqlite::Result<Vec<String>> {
    let (mut tags, features): (Vec<String>, Vec<String>) =
        (rows::json(row, "tags")?, rows::json(row, "features")?);
    tags.extend(features);
    Ok(tags)
}

fn view(row: &Row<'_>) -> rusqlite::Result<CapabilityView> {
    Ok(CapabilityView {
        capability: rows::parsed(row, "capability")?,
        plugin: rows::parsed(row, "name")?,
        version: rows::parsed(row, "version")?,
        enabled: row.get("enabled")?,
        description: row.get("description")?,
        effect: rows::parsed(row, "effect")?,
        reversible: row.get("reversible")?,
        undo: row.get("undo")?,
        idempotent: row.get("idempotent")?,
        needs: rows::json(row, "needs")?,
        targets: rows::json(row, "targets")?,
        timeout_ms: rows::count_or_none(row, "timeout_ms")?,
        trade_offs: rows::json(row, "trade_offs")?,
        sequencing: rows::json_or_none(row, "sequencing")?,
        cost: rows::json_or_none(row, "cost")?,
        postcheck: rows::json_or_none(row, "postcheck")?,
        implements: row.get("implements")?,
        input_schema: rows::json::<Value>(row, "input_schema")?,
        output_schema: rows::json::<Value>(row, "output_schema")?,
    })
}
