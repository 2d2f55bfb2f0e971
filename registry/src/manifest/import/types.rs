//! The older form's names, versions, kinds and types in the words of this host.

use ares_kernel::NAME_MAX;
use ares_kernel::text::{escaped, quoted};
use serde_json::{Map, Value};

use crate::manifest::Kind;
use crate::manifest::literals::{looks_like_a_secret, names_a_secret};
use crate::reference;
use crate::schema_form::expand;

/// A name of plain words, joined by `joint`.
pub(super) fn words(name: &str, joint: char) -> String {
    let mut plain = String::new();
    let mut before_lower = false;
    for c in name.chars() {
        let word = c.is_ascii_alphanumeric();
        let boundary = !word || (before_lower && c.is_ascii_uppercase());
        if boundary && !plain.is_empty() && !plain.ends_with(joint) {
            plain.push(joint);
        }
        if word {
            if plain.is_empty() && c.is_ascii_digit() {
                plain.push('m');
            }
            plain.push(c.to_ascii_lowercase());
        }
        before_lower = c.is_ascii_lowercase();
    }
    plain.truncate(NAME_MAX);
    plain.trim_end_matches(joint).to_owned()
}

/// `1` and `1.0` become `1.0.0`; anything else stays, and the manifest's reader judges it.
pub(super) fn version(text: &str, notes: &mut Vec<String>) -> String {
    let bare = text.trim_start_matches('v');
    let numbers = bare.split('.').count();
    let plain = numbers < 3 && bare.split('.').all(|part| part.parse::<u32>().is_ok());
    let full = if plain { format!("{bare}{}", ".0".repeat(3 - numbers)) } else { bare.to_owned() };
    if full != text {
        notes.push(format!("the version {} is now `{}`", quoted(text, 60), escaped(&full, 60)));
    }
    full
}

pub(super) fn kind(text: &str, notes: &mut Vec<String>) -> &'static str {
    let plain = words(text, '-');
    if let Some(kind) = Kind::ALL.iter().find(|kind| kind.as_str() == plain) {
        return kind.as_str();
    }
    let (kind, known) = match plain.as_str() {
        "ai" | "feature" => (Kind::AiFeature, true),
        "bridge" | "messaging" => (Kind::Integration, true),
        "utility" | "module" | "plugin" | "core" => (Kind::Tool, true),
        _ => (Kind::Tool, false),
    };
    let doubt = if known { "" } else { ", for want of a better one; choose the one that fits" };
    notes.push(format!("the type {} is now the kind `{kind}`{doubt}", quoted(text, 60)));
    kind.as_str()
}

/// A schema: as it is when this host reads it, else with the older names of types replaced.
pub(super) fn form(form: Value, capability: &str, notes: &mut Vec<String>) -> Value {
    if expand(&form).is_ok() {
        return form;
    }
    let form = replaced(form, capability, notes);
    if expand(&form).is_ok() {
        return form;
    }
    notes.push(format!("capability `{capability}`: a schema could not be read and takes any object now"));
    Value::Object(Map::from_iter([("type".to_owned(), Value::from("object"))]))
}

fn replaced(form: Value, capability: &str, notes: &mut Vec<String>) -> Value {
    match form {
        Value::Object(members) => {
            let member = |(name, form)| (name, replaced(form, capability, notes));
            Value::Object(members.into_iter().map(member).collect())
        }
        Value::Array(items) if items.len() == 1 => {
            Value::Array(items.into_iter().map(|item| replaced(item, capability, notes)).collect())
        }
        Value::String(text)
            if expand(&Value::Object(Map::from_iter([("x".to_owned(), Value::from(text.as_str()))])))
                .is_ok() =>
        {
            Value::String(text)
        }
        Value::String(text) => {
            let (base, optional) = text.strip_suffix('?').map_or((text.as_str(), ""), |base| (base, "?"));
            let plain = match base.trim().to_ascii_lowercase().as_str() {
                "str" | "text" | "string" | "date" | "datetime" | "timestamp" | "url" | "path" => "string",
                "int" | "integer" | "long" => "integer",
                "float" | "double" | "decimal" | "number" => "number",
                "bool" | "boolean" => "boolean",
                "dict" | "map" | "mapping" | "object" | "json" => "object",
                "list" | "array" | "sequence" => "any[]",
                "list[str]" | "list[string]" | "array<string>" => "string[]",
                "list[int]" | "list[integer]" | "array<integer>" => "integer[]",
                "list[dict]" | "list[object]" | "array<object>" => "object[]",
                _ => {
                    let shown = quoted(&text, 60);
                    notes.push(format!(
                        "capability `{capability}`: the type {shown} is unknown, `any` was taken"
                    ));
                    "any"
                }
            };
            Value::String(format!("{plain}{optional}"))
        }
        other => {
            let shown = quoted(&other.to_string(), 60);
            notes.push(format!("capability `{capability}`: {shown} is no type, `any` was taken"));
            Value::from("any")
        }
    }
}

/// A setting without what TOML cannot hold and without secrets.
pub(super) fn setting(path: &str, key: &str, value: Value, notes: &mut Vec<String>) -> Option<Value> {
    let shown = || quoted(path, 120);
    match value {
        Value::Null => {
            notes.push(format!("configuration {} has no value; it was left out", shown()));
            None
        }
        Value::String(text)
            if looks_like_a_secret(&text)
                || text.contains(reference::SCHEME)
                || (names_a_secret(key) && !text.is_empty()) =>
        {
            notes.push(format!(
                "configuration {} looks like a secret; it was left out, a manifest is no place for it",
                shown()
            ));
            None
        }
        Value::Object(object) => {
            let mut kept = Map::new();
            for (key, value) in object {
                if let Some(value) = setting(&format!("{path}.{key}"), &key, value, notes) {
                    kept.insert(key, value);
                }
            }
            Some(Value::Object(kept))
        }
        Value::Array(items) => {
            let kept = items.into_iter().filter_map(|item| setting(path, key, item, notes));
            Some(Value::Array(kept.collect()))
        }
        plain => Some(plain),
    }
}
