//! Turns a `module.yaml`, the older form of a module's manifest, into a `plugin.toml`.
//!
//! What the older form does not know is filled in on the careful side: effects are `destructive`
//! until somebody says less. What cannot be carried over is named in a note, never dropped in
//! silence. The result is a manifest this host reads.

use std::path::{Path, PathBuf};

use ares_kernel::text::{escaped, quoted};
use serde_json::{Map, Value};

use super::{Manifest, ManifestError};

mod dependencies;
mod output;
#[cfg(test)]
mod tests;
mod types;

use output::{Behavior, Capability, Component, Output};

/// The longest `module.yaml`, in bytes.
const YAML_BYTES_MAX: usize = 256 * 1024;

/// Why a text cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Too long.
    #[error("{0} has more than {YAML_BYTES_MAX} bytes")]
    TooLarge(PathBuf),
    /// Not YAML.
    #[error("{path} is not YAML this host reads: {why}")]
    NotYaml {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        why: String,
    },
    /// YAML, but no module.
    #[error("{path} is not a module: {why}")]
    NotAModule {
        /// The file.
        path: PathBuf,
        /// What is missing or different.
        why: String,
    },
    /// The manifest it would become has something wrong in it.
    #[error("{path} would become a manifest with errors; correct it there first")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: Box<ManifestError>,
    },
}

/// An imported manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The text of `plugin.toml`, the notes at its head.
    pub text: String,
    /// The same, parsed.
    pub manifest: Manifest,
    /// What somebody has to look after.
    pub notes: Vec<String>,
}

/// Reads a `module.yaml`. `path` is only for messages.
///
/// # Errors
/// [`ImportError`]
pub fn import(yaml: &str, path: &Path) -> Result<Imported, ImportError> {
    if yaml.len() > YAML_BYTES_MAX {
        return Err(ImportError::TooLarge(path.to_owned()));
    }
    let not_a_module = |why: String| ImportError::NotAModule { path: path.to_owned(), why };
    let value = parse(yaml).map_err(|why| ImportError::NotYaml { path: path.to_owned(), why })?;
    let Value::Object(root) = value else {
        return Err(not_a_module("the top level is no mapping of keys to values".to_owned()));
    };
    let mut module = Module { root, notes: Vec::new() };
    let output = module.convert().map_err(not_a_module)?;
    let body =
        toml::to_string_pretty(&output).map_err(|error| not_a_module(escaped(&error.to_string(), 300)))?;
    let text = head(&module.notes) + &body;
    let manifest = Manifest::parse(&text, Path::new("plugin.toml"))
        .map_err(|source| ImportError::Unusable { path: path.to_owned(), source: Box::new(source) })?;
    Ok(Imported { text, manifest, notes: module.notes })
}

/// Small documents only, and aliases may not blow one up: the reader's budget counts what they
/// stand for.
fn parse(yaml: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: 1,
            max_depth: 32,
            max_nodes: 20_000,
            max_events: 60_000,
            max_aliases: 100,
            max_total_scalar_bytes: 1 << 20,
        },
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(yaml, options).map_err(|error| escaped(&error.to_string(), 300))
}

fn head(notes: &[String]) -> String {
    let mut text = "# Imported from module.yaml.\n".to_owned();
    for note in notes {
        text.push_str("# - ");
        text.push_str(note);
        text.push('\n');
    }
    text.push('\n');
    text
}

/// The module, of which every key is taken out as it is read.
struct Module {
    root: Map<String, Value>,
    notes: Vec<String>,
}

impl Module {
    fn note(&mut self, note: impl Into<String>) {
        // One line each: notes end up in comments.
        self.notes.push(escaped(&note.into(), 500));
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.root.remove(key)? {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Null => None,
            other @ (Value::Number(_) | Value::Bool(_)) => Some(other.to_string()),
            Value::Array(_) | Value::Object(_) => {
                self.note(format!("`{key}` is no text; it was left out"));
                None
            }
        }
    }

    fn flag(&mut self, key: &str, usual: bool) -> bool {
        match self.root.remove(key) {
            None | Some(Value::Null) => usual,
            Some(Value::Bool(flag)) => flag,
            Some(other) => {
                self.note(format!("`{key}` is {other}, not true or false; {usual} was taken"));
                usual
            }
        }
    }

    fn convert(&mut self) -> Result<Output, String> {
        let name = self.text("name").ok_or("`name` is missing")?;
        let id = types::words(&name, '-');
        if id.as_str() != name {
            self.note(format!("the name {} is now `{id}`", quoted(&name, 80)));
        }
        let version = self.text("version").ok_or("`version` is missing")?;
        let kind = self.text("type").ok_or("`type` is missing")?;
        let output = Output {
            display_name: self.text("display_name"),
            version: types::version(&version, &mut self.notes),
            kind: types::kind(&kind, &mut self.notes),
            description: self.text("description"),
            author: self.text("author"),
            license: self.text("license"),
            component: Component { path: format!("{id}.wasm"), world: "plugin" },
            behavior: Behavior {
                auto_start: self.flag("auto_start", false),
                enabled: self.flag("enabled", true),
            },
            capability: self.capabilities()?,
            dependencies: dependencies::read(self.root.remove("dependencies"), &mut self.notes),
            config: self.configuration(),
            id,
        };
        self.entry_point();
        let left: Vec<String> = self.root.keys().cloned().collect();
        for key in left {
            self.note(format!("{} has no place in plugin.toml; it was left out", quoted(&key, 80)));
        }
        Ok(output)
    }

    fn entry_point(&mut self) {
        let file = self.text("entry_point");
        let function = self.text("main_function");
        if let Some(file) = file {
            let function =
                function.map(|name| format!(" (function {})", quoted(&name, 80))).unwrap_or_default();
            self.note(format!(
                "the entry point was {}{function}; the sandbox runs WebAssembly, so write the capabilities as a \
                 component and put it where `path` says",
                quoted(&file, 80)
            ));
        }
    }

    fn capabilities(&mut self) -> Result<Vec<Capability>, String> {
        let list = match self.root.remove("capabilities") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => return Err("`capabilities` is no list".to_owned()),
        };
        let capabilities: Result<Vec<Capability>, String> =
            list.into_iter().map(|value| self.capability(value)).collect();
        if capabilities.as_ref().is_ok_and(|all| !all.is_empty()) {
            self.note("effects are `destructive` because module.yaml does not say; write the weakest class that is true");
        }
        capabilities
    }

    fn capability(&mut self, value: Value) -> Result<Capability, String> {
        let mut entry = match value {
            Value::String(name) => Map::from_iter([("name".to_owned(), Value::String(name))]),
            Value::Object(entry) => entry,
            _ => return Err("a capability is neither a name nor a mapping".to_owned()),
        };
        let Some(Value::String(written)) = entry.remove("name") else {
            return Err("a capability has no `name`".to_owned());
        };
        let name = types::words(&written, '_');
        if name != written {
            self.note(format!("the capability {} is now `{name}`", quoted(&written, 80)));
        }
        let mut schema = |key: &str| {
            entry
                .remove(key)
                .filter(|form| !form.is_null())
                .map(|form| types::form(form, &name, &mut self.notes))
        };
        let (input, output) = (schema("input"), schema("output"));
        let description = match entry.remove("description") {
            Some(Value::String(text)) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            _ => None,
        };
        for key in entry.keys() {
            let note = format!("capability `{name}`: {} was left out", quoted(key, 80));
            self.notes.push(escaped(&note, 500));
        }
        Ok(Capability { name, effects: "destructive", description, input, output })
    }

    fn configuration(&mut self) -> Option<Value> {
        let value = self.root.remove("configuration").or_else(|| self.root.remove("config"))?;
        let Value::Object(values) = value else {
            if !value.is_null() {
                self.note("`configuration` is no mapping; it was left out");
            }
            return None;
        };
        let mut kept = Map::new();
        for (key, value) in values {
            if key == "schema" {
                self.note("configuration `schema`: the name is taken by [config.schema]; it was left out");
            } else if let Some(value) = types::setting(&key, &key, value, &mut self.notes) {
                kept.insert(key, value);
            }
        }
        (!kept.is_empty()).then_some(Value::Object(kept))
    }
}
