//! Each way to end has its exit code, and what a guest says never reaches a terminal raw.

use serde_json::json;

use crate::harness::Installation;

#[test]
fn every_ending_has_its_exit_code() {
    let installation = Installation::new();
    installation.register("echo", &[]);
    installation.register("chaos", &[]);
    for (capability, input, code, error) in [
        ("echo", r#"{"text":"hi"}"#, 0, ""),
        ("echo", r#"{"text":1}"#, 2, "invalid-arguments"),
        ("echo", "{", 2, "not-json"),
        ("nothing", "{}", 4, "no-provider"),
        ("trap", "{}", 10, "trap"),
        ("recurse", r#"{"amount":1000000000}"#, 10, "trap"),
        ("exit", "{}", 10, "exit"),
        ("eat_memory", r#"{"amount":1000000000}"#, 10, "out-of-memory"),
        ("bad_output", "{}", 10, "output-invalid"),
        ("fail", r#"{"amount":0}"#, 1, ""),
    ] {
        let ran = installation.ares(["invoke", capability, "--input", input, "--json"]).exits(code);
        let outcome = ran.json();
        if !error.is_empty() {
            assert_eq!(outcome["error"]["code"], error, "{outcome}");
        }
        let plain = installation.ares(["invoke", capability, "--input", input]).exits(code);
        for text in [&ran.stdout, &ran.stderr, &plain.stdout, &plain.stderr] {
            assert!(text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()), "{text:?}");
        }
    }
    installation.ares(["disable", "echo"]).exits(0);
    let outcome =
        installation.ares(["invoke", "echo", "--input", r#"{"text":"hi"}"#, "--json"]).exits(5).json();
    assert_eq!(outcome["error"]["code"], "disabled");
    installation.ares(["enable", "echo"]).exits(0);
    installation.ares(["invoke", "echo", "--input", r#"{"text":"hi"}"#]).exits(0);
}

#[test]
fn a_guest_that_never_ends_is_ended() {
    let installation = Installation::new();
    installation.register("chaos", &[]);
    for (capability, input) in [("spin", "{}"), ("sleep", r#"{"amount":60000}"#)] {
        let start = std::time::Instant::now();
        let ran = installation
            .ares(["invoke", capability, "--input", input, "--deadline", "100", "--json"])
            .exits(11);
        assert_eq!(ran.json()["error"]["code"], "deadline");
        assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
    }
}

#[test]
fn a_path_outside_the_grant_is_refused_by_the_gate_and_by_the_sandbox() {
    let installation = Installation::new();
    let target = installation.place("target");
    std::fs::write(target.join("a.txt"), "nothing to see").unwrap();
    std::os::unix::fs::symlink("/etc", target.join("out")).unwrap();
    installation.register("security-scanner", &[&format!("fs:target={}", target.display())]);
    for path in ["/etc", "..", "a/../../x"] {
        let input = json!({"path": path}).to_string();
        let outcome =
            installation.ares(["invoke", "scan_folder", "--input", &input, "--json"]).exits(7).json();
        assert_eq!(outcome["error"]["code"], "out-of-scope", "{outcome}");
    }
    let outcome = installation.invoke("scan_folder", &json!({"path": "out"}).to_string());
    assert!(!outcome.to_string().contains("root:"), "{outcome}");
    assert_ne!(outcome["value"]["files_scanned"], json!(1), "{outcome}");
}

#[test]
fn without_a_grant_nothing_is_reached() {
    let installation = Installation::new();
    installation.ares(["register", crate::harness::guest("notes").to_str().unwrap()]).exits(0);
    let outcome = installation.ares(["invoke", "list_notes", "--input", "{}", "--json"]).exits(7).json();
    assert_eq!(outcome["error"]["code"], "not-granted");
    assert!(outcome["error"]["message"].as_str().unwrap().contains("grants allow notes kv"), "{outcome}");
    installation.ares(["grants", "allow", "notes", "kv"]).exits(0);
    installation.ares(["invoke", "list_notes", "--input", "{}"]).exits(0);
    installation.ares(["grants", "revoke", "notes", "kv"]).exits(0);
    installation.ares(["invoke", "list_notes", "--input", "{}"]).exits(7);
}

#[test]
fn a_guest_sees_nothing_of_the_machine() {
    let installation = Installation::new();
    installation.register("chaos", &[]);
    let mut command = installation.command(["invoke", "read_outside", "--input", "{}", "--json"]);
    let output = command.env("CANARY", "canary-value-7f3a").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    for leaked in ["canary-value-7f3a", "root:", "/usr/"] {
        assert!(!said.contains(leaked), "{said}");
    }
}
