//! What a manifest says and what its component describes, put together.

use std::path::Path;

use ares_kernel::facts::Effect;

use super::*;

const HEAD: &str =
    "id = \"x\"\nversion = \"1.0.0\"\nkind = \"tool\"\n[component]\npath = \"x.wasm\"\nworld = \"plugin\"\n";
const SCAN: &str = "[[permissions.fs]]\nname = \"data\"\naccess = \"read\"\n[[capability]]\nname = \"scan\"\neffects = \"read\"\n";

fn manifest(text: &str) -> Manifest {
    Manifest::parse(&format!("{HEAD}{text}"), Path::new("plugin.toml")).unwrap()
}

fn described(name: &str, effect: Effect) -> Described {
    Described {
        name: name.to_owned(),
        description: "  Scans a folder. ".to_owned(),
        input_schema: r#"{ "type": "object", "properties": {"path": {"type": "string"}} }"#.to_owned(),
        output_schema: r#"{"type":"integer"}"#.to_owned(),
        effect,
    }
}

/// Merges `SCAN` with a description that `change` has changed.
fn changed(
    manifest_more: &str,
    change: impl FnOnce(&mut Described),
) -> Result<Vec<CapabilityRecord>, MergeError> {
    let mut scan = described("scan", Effect::Read);
    change(&mut scan);
    merge(&manifest(&format!("{SCAN}{manifest_more}")), vec![scan])
}

fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", chain(source)))
}

#[test]
fn the_components_words_complete_the_manifests() {
    let records = changed("targets = { path = \"fs:data\" }\n", |_| {}).unwrap();
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(record.description, "Scans a folder.");
    assert_eq!(record.input_schema, r#"{"properties":{"path":{"type":"string"}},"type":"object"}"#);
    assert_eq!(record.needs, ["fs:data".parse().unwrap()]);
    assert_eq!(record.targets[0].argument, "path");
}

#[test]
fn the_manifests_words_win() {
    let more = "description = \"Looks.\"\ninput = { folder = \"string\" }\noutput = \"string[]\"\n";
    let records = changed(more, |_| {}).unwrap();
    assert_eq!(records[0].description, "Looks.");
    assert!(records[0].input_schema.contains("folder"));
    assert_eq!(records[0].output_schema, r#"{"items":{"type":"string"},"type":"array"}"#);
}

#[test]
fn the_order_is_the_manifests() {
    let manifest = manifest(
        "[[capability]]\nname = \"b\"\neffects = \"pure\"\n[[capability]]\nname = \"a\"\neffects = \"pure\"\n",
    );
    let records = merge(&manifest, vec![described("a", Effect::Pure), described("b", Effect::Pure)]).unwrap();
    assert_eq!(records.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
}

#[test]
fn names_must_match_both_ways() {
    let scan = manifest(SCAN);
    let read = |name: &str| described(name, Effect::Read);
    assert!(
        matches!(merge(&scan, vec![read("scan"), read("more")]), Err(MergeError::NotDeclared(name)) if name == "`more`")
    );
    assert!(
        matches!(merge(&scan, vec![read("A\u{1b}[2J")]), Err(MergeError::NotDeclared(name)) if name.contains("\\u{1b}"))
    );
    assert!(matches!(merge(&scan, vec![]), Err(MergeError::NotExported(name)) if name.as_str() == "scan"));
    assert!(matches!(merge(&scan, vec![read("scan"), read("scan")]), Err(MergeError::Twice(_))));
    assert_eq!(merge(&manifest(""), vec![]), Err(MergeError::Nothing));
}

#[test]
fn what_does_not_fit_names_the_capability_and_the_reason() {
    type Change = fn(&mut Described);
    let cases: [(&str, Change, &str); 14] = [
        ("", |d| d.effect = Effect::Write, "`scan` is `read` in the manifest and `write` in the component"),
        ("", |d| d.description = " ".to_owned(), "`scan` has no description"),
        (
            "",
            |d| d.description = "a\u{200b}b".to_owned(),
            "description of the capability `scan` cannot be shown: character 2 is U+200B",
        ),
        ("", |d| d.description = "x".repeat(2001), "2001 bytes; the most is 2000"),
        (
            "",
            |d| d.input_schema = "{".to_owned(),
            "input schema of the capability `scan` cannot be used: the schema is not JSON",
        ),
        (
            "",
            |d| d.output_schema = r#"{"type":"strnig"}"#.to_owned(),
            "output schema of the capability `scan` cannot be used: not a JSON Schema",
        ),
        (
            "",
            |d| d.output_schema = r#"{"$ref":"file:///etc/passwd"}"#.to_owned(),
            "refers to `file:///etc/passwd`",
        ),
        ("", |d| d.output_schema = format!("\"{}\"", "x".repeat(70_000)), "the most is 65536"),
        (
            "",
            |d| d.output_schema = r#"{"title":"a\u202eb"}"#.to_owned(),
            "output schema of the capability `scan` has a text that cannot be shown: character 2 is U+202E",
        ),
        ("", |d| d.input_schema = r#"{"type":"array"}"#.to_owned(), "not for an object"),
        ("", |d| d.input_schema = "true".to_owned(), "not for an object"),
        ("", |d| d.input_schema = r#"{"type":"object","pattern":"("}"#.to_owned(), "not a JSON Schema"),
        (
            "targets = { file = \"fs:data\" }\n",
            |_| {},
            "target `file`, which is no argument of its input; known are path",
        ),
        (
            "output = { x = { type = \"integer\", minimum = \"1\" } }\n",
            |_| {},
            "output schema of the capability `scan`",
        ),
    ];
    for (more, change, expected) in cases {
        let error = changed(more, change).unwrap_err();
        let shown = chain(&error);
        assert!(shown.contains(expected), "{shown}\n  {expected}");
    }
}

#[test]
fn what_the_parser_refuses_is_refused_here_too() {
    let mut pure = manifest("[[capability]]\nname = \"scan\"\neffects = \"pure\"\n");
    pure.capabilities[0].needs.push(Scope::Kv);
    assert!(matches!(merge(&pure, vec![described("scan", Effect::Pure)]), Err(MergeError::PureNeeds(_))));
    let mut no_folder = manifest(&format!("{SCAN}targets = {{ path = \"fs:data\" }}\n"));
    no_folder.permissions.folders.clear();
    assert!(matches!(
        merge(&no_folder, vec![described("scan", Effect::Read)]),
        Err(MergeError::NoSuchGrant { .. })
    ));
}

#[test]
fn a_subscription_needs_an_input_that_takes_events() {
    let more = "[[permissions.events.subscribe]]\ntopic = \"scan.finished\"\ncapability = \"scan\"\n";
    let merged = |input: &str| changed(more, |described| described.input_schema = input.to_owned());
    let event = |payload: &str, more: &str| {
        let properties = r#""topic":{"type":"string"},"id":{"type":"string"},"publisher":{"type":"string"},"at":{"type":"integer"}"#;
        format!(r#"{{"type":"object","properties":{{{properties},"payload":{payload}}}{more}}}"#)
    };
    for good in [
        event("{}", ""),
        event(
            r#"{"type":"object","required":["n"]}"#,
            r#","required":["topic","payload","id","publisher","at"]"#,
        ),
        event(r##"{"$ref":"#/$defs/p"}"##, r#","$defs":{"p":{"type":"array"}},"additionalProperties":false"#),
        r#"{"type":"object","additionalProperties":true}"#.to_owned(),
    ] {
        merged(&good).unwrap();
    }
    for (bad, why) in [
        (r#"{"type":"object","properties":{"path":{"type":"string"}}}"#.to_owned(), "unknown name"),
        (event("{}", r#","required":["path"]"#), "path"),
        (event("{}", "").replace(r#""at":{"type":"integer"}"#, r#""at":{"type":"string"}"#), "/at"),
        (event("{}", "").replace(r#""topic":{"type":"string"}"#, r#""topic":{"const":"other"}"#), "/topic"),
    ] {
        let error = merged(&bad).unwrap_err();
        assert!(matches!(&error, MergeError::Subscription { .. }), "{error}");
        let shown = error.to_string();
        assert!(shown.contains("about `scan.finished`") && shown.contains(why), "{shown}");
    }
}
