//! Manifest, configuration file, database: what goes before what, and what a plugin does not take.

use ares_kernel::ports::{Catalog as _, Provision};
use futures::FutureExt as _;
use serde_json::{Value, json};

use super::*;
use crate::{FileLayer, Origin, RegistryError};

const FREE: &str = "[config]\npages = 3\nname = \"x\"\nlist = [1]";
const BOUND: &str = "[config]\npages = 3\n[config.schema]\ntype = \"object\"\nadditionalProperties = false\n\
    [config.schema.properties.pages]\ntype = \"integer\"\nmaximum = 9";

/// A registry with `p`, configured so in its manifest, and a file that says this under `[plugins]`.
fn with(state: &State, manifest: &str, file: &str) -> Registry {
    let tree = toml::de::DeTable::parse(file).unwrap();
    let line = |at: usize| format!("ares.toml:{}", file[..at].matches('\n').count() + 1);
    let mut options = state.options();
    options.plugins = FileLayer::read(tree.get_ref(), line).unwrap();
    let registry = Registry::open(&state.path(), options).unwrap();
    registry.register(plugin("p", "1.0.0", manifest, &[("x", "pure")]), &operator()).unwrap();
    registry
}

fn problem(manifest: &str, file: &str) -> Option<String> {
    let state = State::new();
    let registry = with(&state, manifest, file);
    registry.snapshot().plugin(&name("p")).unwrap().misconfigured.clone()
}

#[test]
fn the_database_goes_before_the_file_goes_before_the_manifest() {
    let state = State::new();
    let registry = with(&state, FREE, "[p]\npages = 5\nname = \"file\"\n");
    registry.config_set(&name("p"), "pages", &json!(7), &operator()).unwrap();
    let held = registry.snapshot().plugin(&name("p")).unwrap().config.clone();
    assert_eq!(Value::Object((*held).clone()), json!({"pages": 7, "name": "file", "list": [1]}));
    let views = registry.config(&name("p")).unwrap();
    let rows: Vec<_> = views.iter().map(|v| (v.key.as_str(), v.origin, v.place.as_deref())).collect();
    assert_eq!(
        rows,
        [
            ("list", Origin::Manifest, None),
            ("name", Origin::File, Some("ares.toml:3")),
            ("pages", Origin::Database, None)
        ]
    );
    assert_eq!((&views[2].manifest, &views[2].file), (&Some(json!(3)), &Some(json!(5))));
    let views = registry.config_unset(&name("p"), "pages", &operator()).unwrap();
    assert_eq!((&views[2].value, views[2].origin), (&json!(5), Origin::File));
}

#[test]
fn what_the_manifest_has_not_is_refused_with_its_line() {
    let why = |file| problem(FREE, file).unwrap();
    insta::assert_snapshot!(why("[p]\npages = 5\npagse = 5\n"), @"ares.toml:3: there is no key `pagse`; did you mean `pages`?");
    insta::assert_snapshot!(why("[p]\nzzz = 5\n"), @"ares.toml:2: there is no key `zzz`; known are list, name, pages");
    insta::assert_snapshot!(why("[p]\n\npages = \"5\"\n"), @"ares.toml:3: `pages` is a number in its manifest, and this is a text");
    insta::assert_snapshot!(why("[p]\nname = 1979-05-27\n"), @r#"ares.toml:2: `name`: JSON has no dates: write "1979-05-27" as a string"#);
    let schema = problem(BOUND, "[p]\npages = 10\n").unwrap();
    assert!(schema.starts_with("ares.toml:2: ") && schema.contains("/pages"), "{schema}");
    assert!(problem(BOUND, "[p]\nother = 1\n").unwrap().starts_with("ares.toml:2: "));
    assert!(problem(FREE, "[p]\npages = 4\n").is_none() && problem(BOUND, "[p]\npages = 4\n").is_none());
}

#[test]
fn a_plugin_with_a_wrong_file_waits_and_the_others_serve() {
    let state = State::new();
    let registry = with(&state, FREE, "[p]\npages = false\n[q]\npages = 1\n");
    registry.register(plugin("qu", "1.0.0", FREE, &[("y", "pure")]), &operator()).unwrap();
    let route = |capability: &str| {
        let request = Request::new(operator(), capability.parse().unwrap(), "{}");
        match registry.resolve(&request).now_or_never().unwrap().provision {
            Provision::Ready(route) => route,
            other => panic!("{other:?}"),
        }
    };
    assert!(route("x").plugin.misconfigured.is_some() && route("y").plugin.misconfigured.is_none());
    assert_eq!(registry.unknown_in_file(), ["ares.toml:3: no plugin `q` is registered; did you mean `qu`?"]);
    // What is set now would only hide what is wrong.
    let set = registry.config_set(&name("p"), "pages", &json!(1), &operator());
    assert!(
        matches!(&set, Err(RegistryError::Config { why, .. }) if why.starts_with("ares.toml:2")),
        "{set:?}"
    );
}

#[test]
fn what_was_set_and_no_longer_fits_the_file_can_be_taken_back() {
    let both = "[config]\nleast = 1\nmost = 5\n[config.schema]\ntype = \"object\"\nminProperties = 2\n\
        [config.schema.properties.least]\ntype = \"integer\"\n[config.schema.properties.most]\ntype = \"integer\"\n\
        [[config.schema.anyOf]]\nproperties.least.maximum = 2\n[[config.schema.anyOf]]\nproperties.most.minimum = 9";
    let state = State::new();
    let registry = with(&state, both, "[p]\nmost = 9\n");
    registry.config_set(&name("p"), "least", &json!(8), &operator()).unwrap();
    drop(registry);
    let registry = with(&state, both, "[p]\nmost = 6\n");
    let why = registry.snapshot().plugin(&name("p")).unwrap().misconfigured.clone().unwrap();
    assert!(why.starts_with("ares.toml:1: with what `config set` has set, "), "{why}");
    registry.config_unset(&name("p"), "least", &operator()).unwrap();
    assert!(registry.snapshot().plugin(&name("p")).unwrap().misconfigured.is_none());
}
