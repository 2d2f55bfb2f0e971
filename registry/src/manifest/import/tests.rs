//! Seed manifests in YAML and what becomes of them.

use std::path::Path;

use super::*;

const MODULE: &str = r#"
name: sms_gateway
display_name: "SMS Gateway"
version: 1.0
type: integration
author: Example Author
license: MIT
description: >
  Sends short messages
  through a provider.
entry_point: main.py
main_function: run
auto_start: true
capabilities:
  - name: sendMessage
    description: Sends one message.
    input:
      phone: string
      text: str
      urgent: bool?
    output:
      id: string
      parts: int
  - name: list_messages
    description: Lists what was sent.
    input: {}
    output: { messages: "list[dict]", raw: frobnicate }
dependencies:
  python: [requests>=2.31.0, numpy]
  system:
    - ffmpeg
  modules:
    - name: contacts
      version: ">=1.2"
    - phone_book==2.0
  apis:
    - name: provider
      endpoint: https://sms.example
      auth: bearer
configuration:
  polling_interval: 30
  api_key: 0123abcd-not-a-number
  retry: { count: 3, pause: null }
mood: cheerful
"#;

fn read(yaml: &str) -> Result<Imported, ImportError> {
    import(yaml, Path::new("module.yaml"))
}

#[test]
fn a_module_becomes_a_manifest() {
    insta::assert_snapshot!("module", read(MODULE).unwrap().text);
}

#[test]
fn what_is_imported_reads_back() {
    let Imported { manifest, notes, .. } = read(MODULE).unwrap();
    assert_eq!((manifest.id.as_str(), manifest.version.to_string().as_str()), ("sms-gateway", "1.0.0"));
    assert!(manifest.behavior.auto_start && manifest.behavior.enabled);
    assert_eq!(manifest.config.keys().collect::<Vec<_>>(), ["polling_interval", "retry"]);
    assert!(!notes.iter().any(|note| note.contains("0123abcd")), "a secret in a note");
    assert_eq!(manifest.dependencies.len(), 6);
}

#[test]
fn what_cannot_be_imported_says_why() {
    let bomb = format!(
        "a: &a [x,x,x,x,x,x,x,x,x]\n{}",
        (1..12)
            .map(|n| {
                let (this, last) = (char::from(b'a' + n), char::from(b'a' + n - 1));
                format!("{this}: &{this} [{}]\n", vec![format!("*{last}"); 9].join(","))
            })
            .collect::<String>()
    );
    for (yaml, part) in [
        ("- a\n- b\n", "is not a module: the top level"),
        ("name: x\nversion: 1.0.0\n", "`type` is missing"),
        ("version: 1.0.0\ntype: tool\n", "`name` is missing"),
        ("name: [\n", "is not YAML"),
        ("name: x\nname: y\n", "is not YAML"),
        ("name: x\nversion: 1.0.0\ntype: tool\ncapabilities: 3\n", "`capabilities` is no list"),
        ("name: x\nversion: 1.0.0\ntype: tool\ncapabilities: [{}]\n", "a capability has no `name`"),
        ("name: x\nversion: one\ntype: tool\n", "would become a manifest with errors"),
        ("name: '!!!'\nversion: 1.0.0\ntype: tool\n", "would become a manifest with errors"),
        (
            "name: x\nversion: 1.0.0\ntype: tool\nconfiguration: {n: 18446744073709551615}\n",
            "would become a manifest with errors",
        ),
        (&bomb, "is not YAML"),
        (&"[".repeat(100_000), "is not YAML"),
        (&"x".repeat(300_000), "more than"),
    ] {
        let error = read(yaml).unwrap_err().to_string();
        assert!(error.contains(part), "{}: {error}", &yaml[..yaml.len().min(60)]);
    }
}

#[test]
fn a_note_cannot_leave_its_comment() {
    let yaml = "name: x\nversion: 1.0.0\ntype: \"tool\\n[permissions]\\nkv = true\"\n\"a\\nid = 1\": 3\n";
    let imported = read(yaml).unwrap();
    assert!(imported.manifest.scopes().is_empty());
    assert!(imported.text.lines().all(|line| !line.starts_with("kv") && !line.starts_with("id = 1")));
}
