//! Section 2: capabilities of one name that several plugins provide, whether they take the same
//! arguments, and components that are registered twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ares_kernel::facts::{Capability, Plugin};
use serde_json::{Map, Value, json};

use super::ground::Ground;
use super::section::Section;

/// A capability and everyone who provides it, disabled ones too.
pub(super) type Shared<'a> = BTreeMap<&'a str, Vec<(&'a Arc<Plugin>, &'a Arc<Capability>)>>;

/// Capabilities that more than one plugin provides.
pub(super) fn shared(ground: &Ground) -> Shared<'_> {
    let mut all: Shared<'_> = BTreeMap::new();
    for (plugin, capability) in ground.capabilities() {
        all.entry(capability.id.as_str()).or_default().push((plugin, capability));
    }
    all.retain(|_, providers| providers.len() > 1);
    all
}

/// The arguments on which providers of one capability do not agree: another schema, or required by
/// one and unknown to another.
pub(super) fn clashes(providers: &[(&Arc<Plugin>, &Arc<Capability>)]) -> BTreeSet<String> {
    let mut clashing = BTreeSet::new();
    for (at, (_, one)) in providers.iter().enumerate() {
        for (_, other) in providers.iter().skip(at + 1) {
            let (a, b) = (Arguments::of(one), Arguments::of(other));
            clashing.extend(a.against(&b));
            clashing.extend(b.against(&a));
        }
    }
    clashing
}

struct Arguments<'a> {
    properties: Option<&'a Map<String, Value>>,
    required: BTreeSet<&'a str>,
}

impl<'a> Arguments<'a> {
    fn of(capability: &'a Capability) -> Self {
        let schema = capability.input.value();
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        Self {
            properties: schema.get("properties").and_then(Value::as_object),
            required: required.filter_map(Value::as_str).collect(),
        }
    }

    fn against(&self, other: &Self) -> Vec<String> {
        let differs = |(name, schema): (&String, &Value)| {
            let theirs = other.properties.and_then(|properties| properties.get(name));
            let clash = match theirs {
                Some(theirs) => shape(theirs) != shape(schema),
                None => self.required.contains(name.as_str()),
            };
            clash.then(|| ares_kernel::text::escaped(name, 64))
        };
        self.properties.into_iter().flatten().filter_map(differs).collect()
    }
}

/// A schema without its words, which bind nobody.
fn shape(schema: &Value) -> Value {
    let mut shape = schema.clone();
    if let Some(keys) = shape.as_object_mut() {
        for words in ["description", "title", "examples", "$comment"] {
            keys.remove(words);
        }
    }
    shape.sort_all_objects();
    shape
}

/// Bytes that are registered under several names.
fn copies(ground: &Ground) -> Vec<Value> {
    let mut names: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for module in &ground.modules {
        names.entry(module.blake3.to_string()).or_default().push(module.name.as_str());
    }
    let several = names.into_iter().filter(|(_, plugins)| plugins.len() > 1);
    several.map(|(blake3, plugins)| json!({ "blake3": blake3, "plugins": plugins })).collect()
}

pub(super) fn section(ground: &Ground) -> Section {
    let shared = shared(ground);
    let provider = |(plugin, capability): &(&Arc<Plugin>, &Arc<Capability>)| {
        let judged = ground.judged(plugin, capability);
        json!({
            "plugin": plugin.name,
            "enabled": plugin.enabled,
            "effect": capability.effect,
            "scopes": capability.needs.len(),
            "uses": judged.history.uses,
            "good_at_least_bp": judged.bounds().lower,
            "p95_us": judged.history.p95_us,
        })
    };
    let row = |(id, providers): (&&str, &Vec<_>)| {
        let clashes = clashes(providers);
        let providers: Vec<Value> = providers.iter().map(provider).collect();
        json!({ "capability": id, "providers": providers, "clashes": clashes })
    };
    let rows: Vec<Value> = shared.iter().map(row).collect();
    let clashing = shared.values().filter(|providers| !clashes(providers).is_empty()).count();
    Section::of(rows).with("shared", shared.len()).with("clashing", clashing).with("copies", copies(ground))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_schema_are_no_difference() {
        let one = json!({ "type": "string", "description": "a" });
        assert_eq!(shape(&one), shape(&json!({ "title": "b", "type": "string" })));
        assert_ne!(shape(&one), shape(&json!({ "type": "integer", "description": "a" })));
    }
}
