//! What changes of the rules come to.

use std::collections::BTreeMap;
use std::path::Path;

use ares_kernel::Blake3;
use ares_registry::manifest::Manifest;
use ares_registry::{CapabilityRecord, Registration};

use super::*;
use crate::book::Wanted;
use crate::difference::Differences;
use crate::pattern::{Callers, Pattern};

fn pattern(text: &str) -> Pattern {
    text.parse().unwrap()
}

fn wanted<'a>(pattern: &'a Pattern, callers: &'a Callers) -> Wanted<'a> {
    Wanted { pattern, callers, until: None, reason: None }
}

/// Registers a plugin with these capabilities, all of one class.
fn registered(rules: &Rules, plugin: &str, effects: &[(&str, Effect)]) {
    let mut text = format!(
        "id = \"{plugin}\"\nversion = \"0.1.0\"\nkind = \"tool\"\ndescription = \"For tests.\"\n\
         author = \"tests\"\nlicense = \"Apache-2.0\"\n[component]\npath = \"x.wasm\"\nworld = \"plugin\"\n"
    );
    for (name, effect) in effects {
        text.push_str(&format!("[[capability]]\nname = \"{name}\"\neffects = \"{effect}\"\n"));
    }
    let record = |(id, effect): &(&str, Effect)| CapabilityRecord {
        id: id.parse().unwrap(),
        description: "Does something to a text.".to_owned(),
        input_schema: "{}".to_owned(),
        output_schema: "{}".to_owned(),
        effect: *effect,
        reversible: false,
        undo: None,
        idempotent: false,
        needs: Vec::new(),
        targets: Vec::new(),
        timeout_ms: None,
        trade_offs: Vec::new(),
        implements: None,
        sequencing: None,
        cost: None,
        postcheck: None,
    };
    let registration = Registration {
        capabilities: effects.iter().map(record).collect(),
        manifest: Manifest::parse(&text, Path::new("plugin.toml")).unwrap(),
        source: "/srv/it".into(),
        blake3: Blake3::of(text.as_bytes()),
        manifest_text: text,
        size: 100,
        wit_track: "0.1".to_owned(),
        replace: false,
        grants: BTreeMap::new(),
    };
    rules.registry.register(registration, &person()).unwrap();
}

#[test]
fn a_change_says_which_capabilities_stand_otherwise_and_for_whom() {
    let place = Place::new();
    let rules = place.open();
    registered(&rules, "notes", &[("put", Effect::Write), ("get", Effect::Read)]);
    let told = |differences: &Differences| -> Vec<String> {
        let told = differences.differences.iter();
        told.map(|one| format!("{} {} {:?} {:?}", one.capability, one.caller, one.was, one.now)).collect()
    };
    let codex: Callers = "agent:codex:*".parse().unwrap();
    let done = rules.permit_standing(&wanted(&pattern("write"), &codex), &person()).unwrap();
    assert_eq!(told(&done.differences), ["notes/put agent:codex:* Ask Auto"]);
    let done = rules.forbid_standing(&wanted(&pattern("notes/get"), &Callers::All), &person()).unwrap();
    assert_eq!(told(&done.differences), ["notes/get human:alice Auto Never", "notes/get agent:* Auto Never"]);
    let again = rules.remove(&done.id, &person()).unwrap();
    assert_eq!(told(&again.differences).len(), 2);
    let set =
        rules.set("@id(\"mine\") permit (principal is Human, action, resource);", &person(), None).unwrap();
    assert_eq!(told(&set.differences), ["notes/put human:alice Ask Auto"]);
    let nothing = rules.permit_standing(&wanted(&pattern("read"), &Callers::All), &person()).unwrap();
    assert_eq!((told(&nothing.differences).len(), nothing.differences.more), (0, 0));
}

#[test]
fn of_many_differences_the_first_fifty_are_told_and_the_others_counted() {
    let place = Place::new();
    let rules = place.open();
    let names: Vec<String> = (0..40).map(|n| format!("put_{n}")).collect();
    let effects: Vec<_> = names.iter().map(|name| (name.as_str(), Effect::Write)).collect();
    registered(&rules, "many", &effects);
    let done = rules.forbid_standing(&wanted(&pattern("any"), &Callers::All), &person()).unwrap();
    assert_eq!((done.differences.differences.len(), done.differences.more), (50, 30));
}
