//! A running host: what can be done to it while it runs, and how it ends.

use serde_json::{Value, json};

use crate::harness::Installation;

fn state_of(installation: &Installation, plugin: &str) -> Value {
    let status = installation.ares(["status", "--json"]).exits(0).json();
    let modules = status["modules"].as_array().unwrap();
    modules.iter().find(|module| module["name"] == plugin).unwrap()["state"].clone()
}

#[test]
fn plugins_come_and_go_while_the_host_runs() {
    let installation = Installation::new();
    let mut host = installation.run();
    installation.ares(["invoke", "echo", "--input", r#"{"text":"x"}"#]).exits(4);
    installation.register("echo", &[]);
    assert_ne!(state_of(&installation, "echo"), "running", "nothing starts before it is wanted");
    let outcome = installation.invoke("echo", r#"{"text":"x"}"#);
    assert_eq!(outcome["status"], "ok", "{outcome}");
    assert_eq!(state_of(&installation, "echo"), "running");

    // The database is the only registry: a row removed behind the host's back is a plugin gone.
    let database = rusqlite::Connection::open(installation.state().join("registry.db")).unwrap();
    database.pragma_update(None, "foreign_keys", true).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    assert_eq!(database.execute("DELETE FROM modules WHERE name = 'echo'", []).unwrap(), 1);
    host.wait_for("notice of the missing row", || {
        installation.ares(["invoke", "echo", "--input", r#"{"text":"x"}"#]).code == 4
    });
    assert!(host.is_alive());
    let events = installation.ares(["events", "--type", "registered", "--json"]).exits(0).json();
    let registered = events.as_array().unwrap();
    assert!(!registered.is_empty() && registered.iter().all(|e| e["module"].is_null()), "{events}");
    assert_eq!(host.stop(), 0);
}

#[test]
fn sigterm_lets_running_calls_finish() {
    let installation = Installation::new();
    installation.register("chaos", &[]);
    let host = installation.run();
    let mut call = installation.command(["invoke", "sleep", "--input", r#"{"amount":1500}"#, "--json"]);
    let child = call.stdout(std::process::Stdio::piped()).spawn().unwrap();
    host.wait_for("the call", || state_of(&installation, "chaos") == "running");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(host.stop(), 0);
    let output = child.wait_with_output().unwrap();
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(outcome["status"], "ok", "{outcome}");
    assert!(!installation.state().join("host.sock").exists());
}

#[test]
fn a_second_host_on_one_state_directory_refuses() {
    let installation = Installation::new();
    let host = installation.run();
    let second = installation.ares(["run"]);
    assert_ne!(second.code, 0, "{second:?}");
    assert!(second.stderr.contains(&host.pid().to_string()), "{second:?}");
    installation.ares(["status"]).exits(0);
}

#[test]
fn only_the_owner_can_talk_to_the_socket() {
    use std::os::unix::fs::PermissionsExt as _;
    let installation = Installation::new();
    let _host = installation.run();
    let mode =
        |name: &str| std::fs::metadata(installation.state().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("host.sock"), 0o600);
    assert_eq!(mode(""), 0o700);
}

#[test]
fn setup_and_teardown_run_once_each() {
    let installation = Installation::new();
    installation.register("counter", &[]);
    let host = installation.run();
    for expected in 1..=3 {
        let outcome = installation.invoke("next", "{}");
        assert_eq!(outcome["value"], json!(expected), "a singleton keeps its state: {outcome}");
    }
    let hooks = |setups: u32, teardowns: u32| {
        let outcome = installation.invoke("hooks", "{}");
        assert_eq!(outcome["value"], json!({"setups": setups, "teardowns": teardowns}), "{outcome}");
    };
    hooks(1, 0);
    installation.ares(["stop", "counter"]).exits(0);
    assert_eq!(state_of(&installation, "counter"), "stopped");
    let again = installation.ares(["stop", "counter"]).exits(0);
    assert!(format!("{}{}", again.stdout, again.stderr).contains("not running"), "{again:?}");
    // Asking starts it again.
    hooks(2, 1);
    assert_eq!(host.stop(), 0);
    let host = installation.run();
    hooks(3, 2);
    assert_eq!(host.stop(), 0);
}

#[test]
fn a_plugin_that_cannot_set_up_does_not_start() {
    let installation = Installation::new();
    installation.register("chaos-setup", &[]);
    let ran = installation.ares(["start", "chaos-setup"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(state_of(&installation, "chaos-setup"), "error");
    installation.ares(["start", "nobody"]).exits(4);
    installation.ares(["disable", "chaos-setup"]).exits(0);
    installation.ares(["start", "chaos-setup"]).exits(5);
}

#[test]
fn calls_of_calls_stay_within_bounds() {
    let installation = Installation::new();
    installation.register("caller", &[]);
    installation.register("echo", &[]);
    let outcome =
        installation.invoke("relay", &json!({"capability": "echo", "input": {"text": "deep"}}).to_string());
    assert_eq!(outcome["status"], "ok", "{outcome}");
    assert!(outcome["value"].to_string().contains("deep"), "{outcome}");
    let outcome = installation.invoke("relay_self", r#"{"levels":3}"#);
    assert!(outcome.to_string().contains("cycle"), "{outcome}");
}
