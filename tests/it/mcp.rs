//! The door for agents, tried by the official Python client in both eras of the protocol.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Installation, binary, root};

/// A Python with the client in it, or nothing where someone said to do without.
#[expect(clippy::disallowed_methods, reason = "the task that runs the tests says where its Python is")]
fn python() -> Option<PathBuf> {
    if std::env::var_os("ARES_SKIP_PYTHON").is_some_and(|value| value == "1") {
        println!("skipped: ARES_SKIP_PYTHON=1, so the official MCP client was not tried");
        return None;
    }
    let python = std::env::var_os("ARES_PYTHON")
        .map_or_else(|| root().join("target/python/bin/python"), PathBuf::from);
    assert!(
        python.is_file(),
        "{} is missing: run `cargo xtask test`, or `python3 -m venv target/python && target/python/bin/pip \
         install mcp==2.3.0`, or set ARES_SKIP_PYTHON=1 to do without",
        python.display()
    );
    Some(python)
}

/// What the client saw.
#[expect(clippy::disallowed_methods, reason = "a test starts the client as a process")]
fn seen(python: &PathBuf, installation: &Installation, mode: &str) -> Value {
    let script = root().join("tests/it/mcp/client.py");
    let mut client = Command::new(python);
    client.arg(script).arg(binary()).arg(installation.state()).arg(mode);
    let output = client.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{mode}: {said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{mode}: {error}: {output:?}"))
}

fn check(seen: &Value, protocol: &str) {
    assert_eq!(seen["protocol"], protocol);
    let names: Vec<&str> =
        seen["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(
        names.is_sorted() && names.contains(&"analyze_sentiment") && names.contains(&"trap"),
        "{names:?}"
    );
    let tool = &seen["tool"];
    assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
    assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
    assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");

    let good = &seen["good"];
    assert_eq!(good["is_error"], false, "{good}");
    assert_eq!(good["structured"]["sentences"][0]["label"], "positive", "{good}");
    assert_eq!(good["structured"]["sentences"][1]["label"], "negative", "{good}");
    let text: Value = serde_json::from_str(good["text"].as_str().unwrap()).unwrap();
    assert_eq!(text, good["structured"]);
    let record = &good["meta"]["ares-host/outcome"];
    assert_eq!(record["plugin"]["name"], "sentiment-analysis", "{record}");
    assert_eq!(record["plugin"]["blake3"].as_str().map(str::len), Some(64), "{record}");
    assert!(record["usage"]["fuel"].as_u64().is_some_and(|fuel| fuel > 0), "{record}");

    assert_eq!(seen["wrapped"]["structured"], json!({"result": 3}), "{seen}");
    for (what, words) in [
        ("refused", ["Refused by the check `arguments` (invalid-arguments)", "txt", "input schema"]),
        ("fault", ["The plugin broke (trap)", "What to do", "arguments"]),
    ] {
        let result = &seen[what];
        assert_eq!((&result["is_error"], &result["structured"]), (&json!(true), &Value::Null), "{result}");
        let text = result["text"].as_str().unwrap();
        assert!(words.iter().all(|words| text.contains(words)), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }
    assert_eq!(seen["again"]["is_error"], false, "the host goes on after a fault: {seen}");
    assert_eq!(seen["unknown"], -32602);
    let steps = seen["steps"].as_array().unwrap();
    // Six tenths of a second at ten a second, the last one being the end.
    assert!((2..=12).contains(&steps.len()), "{steps:?}");
    assert_eq!(steps.last().unwrap(), &json!([30.0, 30.0, "chaos: step 30 \\u{1b}[2J"]), "{steps:?}");
    assert!(steps.is_sorted_by_key(|step| step[0].as_f64().map(|done| done as u64)), "{steps:?}");
    assert!(seen["ended_after"].as_f64().unwrap() < 1.5, "the host did not end with its input: {seen}");
}

fn installation() -> Installation {
    let installation = Installation::new();
    // The client starts the host, and takes no environment along.
    fs_err::write(installation.state().join("ares.toml"), "[gate]\nbase = 9000\nbreaker_faults = 1000\n")
        .unwrap();
    installation.register("sentiment-analysis", &[]);
    installation.register("chaos", &[]);
    installation
}

const MODES: [(&str, &str); 3] =
    [("legacy", "2025-11-25"), ("auto", "2026-07-28"), ("2026-07-28", "2026-07-28")];

#[test]
fn the_official_client_is_served_without_a_running_host() {
    let Some(python) = python() else { return };
    let installation = installation();
    for (mode, protocol) in MODES {
        check(&seen(&python, &installation, mode), protocol);
    }
}

#[test]
fn the_official_client_is_served_through_a_running_host() {
    let Some(python) = python() else { return };
    let installation = installation();
    let host = installation.run();
    for (mode, protocol) in MODES {
        check(&seen(&python, &installation, mode), protocol);
    }
    assert_eq!(host.stop(), 0);
}

#[test]
fn only_the_protocol_is_on_standard_output_and_the_end_of_input_ends_it() {
    let installation = installation();
    let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "lines", "version": "1"}}});
    let call = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
        "name": "analyze_sentiment", "arguments": {"text": "good"}}});
    let twice = r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"trap","name":"exit"}}"#;
    let input = format!(
        "{initialize}\n{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}}\n{call}\n{twice}\n"
    );
    let ran = installation.ares_with(["mcp"], input.as_bytes()).exits(0);
    let answers: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let answer = |id: u64| answers.iter().find(|answer| answer["id"] == id).expect(&ran.stdout);
    assert_eq!(answer(1)["result"]["protocolVersion"], "2025-06-18");
    assert_eq!(answer(2)["result"]["structuredContent"]["label"], "positive");
    assert_eq!(answer(3)["error"]["code"], -32600);
    installation.ares_with(["mcp"], b"").exits(0);
}
