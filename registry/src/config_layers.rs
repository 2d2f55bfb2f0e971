//! The layers of a plugin's configuration, each over the one before: its manifest, the host's own
//! configuration file, the database. And what a plugin takes.

use ares_kernel::facts::Schema;
use ares_kernel::text::quoted;
use serde_json::{Map, Value};

use crate::file_layer::FilePart;
use crate::pinned::Pinned;
use crate::reference;
use crate::views::{ConfigView, Origin};

/// The layers of one plugin.
pub(crate) struct Layers<'a> {
    /// The manifest's part, and the schema where there is one.
    pub(crate) pinned: &'a Pinned,
    /// What the file says.
    pub(crate) file: Option<&'a FilePart>,
    /// What was set in the database.
    pub(crate) database: &'a Map<String, Value>,
}

impl Layers<'_> {
    /// The values that hold. A file the plugin does not take is left out: nothing runs with it.
    pub(crate) fn merged(&self) -> Map<String, Value> {
        let mut merged = self.pinned.config.clone();
        merged.extend(self.filed());
        merged.extend(self.database.clone());
        merged
    }

    fn filed(&self) -> impl Iterator<Item = (String, Value)> {
        let values = self.file.into_iter().flat_map(|part| &part.values);
        values.filter_map(|(key, filed)| Some((key.clone(), filed.value.clone().ok()?)))
    }

    /// Every value that holds, by key, with its layer and what lies under it.
    pub(crate) fn views(&self) -> Vec<ConfigView> {
        let view = |(key, value): (String, Value)| {
            let filed = self.file.and_then(|part| part.values.get(&key));
            let origin = match (self.database.contains_key(&key), filed) {
                (true, _) => Origin::Database,
                (false, Some(_)) => Origin::File,
                (false, None) => Origin::Manifest,
            };
            let manifest = self.pinned.config.get(&key).filter(|_| origin != Origin::Manifest).cloned();
            let place = filed.filter(|_| origin == Origin::File).map(|filed| filed.place.clone());
            let file =
                filed.filter(|_| origin == Origin::Database).and_then(|filed| filed.value.clone().ok());
            ConfigView { key, value, origin, place, manifest, file }
        };
        self.merged().into_iter().map(view).collect()
    }

    /// Why the plugin cannot run with what the file says of it: the first key it does not take, with
    /// file and line. Without a file there is nothing to look at: the other layers were judged when
    /// they were written.
    pub(crate) fn problem(&self) -> Option<String> {
        let part = self.file?;
        let mut merged = self.pinned.config.clone();
        for (key, filed) in &part.values {
            let value = match &filed.value {
                Ok(value) => value,
                Err(why) => return Some(format!("{}: {}: {why}", filed.place, quoted(key, 80))),
            };
            merged.insert(key.clone(), value.clone());
            if let Err(why) = takes(self.pinned, &merged, Some((key, value))) {
                return Some(format!("{}: {why}", filed.place));
            }
        }
        merged.extend(self.database.clone());
        let whole = takes(self.pinned, &merged, None);
        whole.err().map(|why| format!("{}: with what `config set` has set, {why}", part.place))
    }
}

/// Whether a configuration, of which this key was changed last, is one the plugin takes: by its
/// schema, or, where it has none, by the keys and types of its manifest's own values; and a value is no
/// secret, and refers only to those the plugin asks for.
///
/// # Errors
/// Why not, in words.
pub(crate) fn takes(
    pinned: &Pinned,
    merged: &Map<String, Value>,
    changed: Option<(&str, &Value)>,
) -> Result<(), String> {
    if let Some((key, value)) = changed {
        reference::keeps_secrets(pinned, key, value)?;
    }
    match (&pinned.config_schema, changed) {
        (Some(schema), _) => {
            let schema = Schema::parse(schema).map_err(|error| error.to_string())?;
            schema.check(&Value::Object(merged.clone()), true)
        }
        (None, Some((key, value))) => as_in_the_manifest(&pinned.config, key, value),
        (None, None) => Ok(()),
    }
}

fn as_in_the_manifest(manifest: &Map<String, Value>, key: &str, value: &Value) -> Result<(), String> {
    let shown = quoted(key, 80);
    let Some(usual) = manifest.get(key) else {
        let likeness = |known: &&String| strsim::jaro_winkler(known, key);
        let near = manifest.keys().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let hint = match near.filter(|near| likeness(near) > 0.75) {
            Some(near) => format!("; did you mean {}?", quoted(near, 80)),
            None if manifest.is_empty() => "; its manifest has no [config]".to_owned(),
            None => {
                let known: Vec<&str> = manifest.keys().map(String::as_str).collect();
                format!("; known are {}", ares_kernel::text::escaped(&known.join(", "), 300))
            }
        };
        return Err(format!("there is no key {shown}{hint}"));
    };
    let (is, given) = (kind(usual), kind(value));
    if is == given {
        return Ok(());
    }
    let quotes = if usual.is_string() { "; a text stands between quotes: \"…\"" } else { "" };
    Err(format!("{shown} is {is} in its manifest, and this is {given}{quotes}"))
}

/// JSON's word for what a value is.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
