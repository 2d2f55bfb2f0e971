//! The host as a library: opened, asked, closed, opened again.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop right there")]

use std::path::{Path, PathBuf};

use ares_host::{Host, Operation};
use serde_json::{Value, json};

fn guest(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/guests").join(name);
    assert!(folder.is_dir(), "{} is missing: run `cargo xtask guests`", folder.display());
    folder.canonicalize().unwrap()
}

async fn register(host: &Host, name: &str) -> Value {
    let register = Operation::Register {
        folder: guest(name),
        grants: std::collections::BTreeMap::new(),
        grant_all: true,
        replace: false,
    };
    host.operate().operate(host.caller().clone(), register).await.unwrap()
}

#[tokio::test]
async fn a_program_registers_a_plugin_and_invokes_it() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    Host::open(&state).await.unwrap().close().await;
    fs_err::write(state.join("ares.toml"), "[gate]\nuntried = \"run\"\n").unwrap();
    let rule = "@id(\"notes\")\npermit (principal, action == Action::\"write\", resource);\n";
    fs_err::write(state.join("policy.cedar"), rule).unwrap();
    let host = Host::open(&state).await.unwrap();
    register(&host, "sentiment-analysis").await;
    register(&host, "notes").await;
    let outcome = host.invoke("analyze_sentiment", &json!({"text": "not profitable"})).await.unwrap();
    assert_eq!(
        (&outcome["status"], &outcome["value"]["label"]),
        (&json!("ok"), &json!("negative")),
        "{outcome}"
    );
    let outcome = host.invoke("put_note", &json!({"name": "a", "text": "kept"})).await.unwrap();
    assert_eq!(outcome["status"], "ok", "{outcome}");
    host.close().await;

    let host = Host::open(&state).await.unwrap();
    let outcome = host.invoke("get_note", &json!({"name": "a"})).await.unwrap();
    assert_eq!(outcome["value"]["text"], "kept", "{outcome}");
    let outcome = host.invoke("get_note", &json!({"nom": "a"})).await.unwrap();
    assert_eq!(outcome["error"]["code"], "invalid-arguments", "{outcome}");
    host.close().await;
}

#[tokio::test]
async fn what_is_wrong_with_the_state_directory_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    Host::open(&state).await.unwrap().close().await;
    fs_err::write(state.join("ares.toml"), "[limits]\nfule = 1\n").unwrap();
    let failure = Host::open(&state).await.err().unwrap();
    assert!(failure.message.contains("ares.toml:2") && failure.message.contains("limits.fuel"), "{failure}");
    assert_eq!(failure.exit.code(), 2);
}
