//! The operator's rules, as a person at the command line has them.

use std::fs;
use std::io::{BufRead, Write};

use serde_json::{Value, json};

use crate::harness::Installation;

fn tried(installation: &Installation, arguments: &[&str]) -> (String, String) {
    let answer =
        installation.ares(["policy", "test"].iter().chain(arguments).chain(&["--json"])).exits(0).json();
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    (text("stance"), text("rule"))
}

fn decided(stance: &str, rule: &str) -> (String, String) {
    (stance.to_owned(), rule.to_owned())
}

#[test]
fn a_rule_is_written_decides_and_is_taken_out_again() {
    let installation = Installation::strict();
    let agent = ["write", "--caller", "agent:mcp:claude"];
    assert_eq!(tried(&installation, &agent), decided("ask", "changes-ask"));
    let written =
        installation.ares(["policy", "allow", "write", "--for", "agent:mcp:*", "--json"]).exits(0).json();
    let id = written["id"].as_str().unwrap();
    assert_eq!(tried(&installation, &agent), decided("auto", id));
    assert_eq!(tried(&installation, &["write"]).0, "ask", "another caller");
    let denied = installation.ares(["policy", "deny", "write", "--reason", "not now"]).exits(0).stdout;
    assert!(
        denied.contains("@reason(\"not now\")") && denied.contains("ares-host policy rm deny-write"),
        "{denied}"
    );
    assert_eq!(tried(&installation, &agent), decided("never", "deny-write"));
    installation.ares(["policy", "rm", "deny-write"]).exits(0);
    installation.ares(["policy", "rm", "deny-write"]).exits(4);
    installation.ares(["policy", "rm", "changes-ask"]).exits(7);
    assert_eq!(tried(&installation, &agent), decided("auto", id));
    let rows = installation.ares(["policy", "history", "--json"]).exits(0).json();
    let actions: Vec<&str> =
        rows.as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["allow", "deny", "remove"]);
    let second = installation.ares(["policy", "history", "2"]).exits(0).stdout;
    assert!(second.contains("deny-write"), "{second}");
    installation.ares(["policy", "history", "9"]).exits(4);
}

#[test]
fn a_registered_capability_is_tried_by_its_own_class_and_needs() {
    let installation = Installation::strict();
    installation.register("notes", &["kv"]);
    assert_eq!(tried(&installation, &["put_note"]), decided("ask", "changes-ask"));
    installation.ares(["policy", "allow", "notes/*"]).exits(0);
    assert_eq!(tried(&installation, &["notes/put_note"]), decided("auto", "allow-notes"));
    installation.ares(["policy", "deny", "kv"]).exits(0);
    assert_eq!(tried(&installation, &["put_note"]), decided("never", "deny-kv"));
    let unknown = installation.ares(["policy", "test", "put_nte"]).exits(4).stderr;
    assert!(unknown.contains("nobody provides `put_nte` now; did you mean `put_note`?"), "{unknown}");
    installation.ares(["policy", "test", "notes/no_such_thing"]).exits(4);
    installation.ares(["policy", "test", "write", "--arguments", "{"]).exits(2);
}

#[test]
fn what_nobody_provides_is_noted_and_done_nevertheless() {
    let installation = Installation::strict();
    installation.register("notes", &[]);
    let told = |arguments: &[&str]| {
        let answer = installation.ares(arguments.iter().chain(&["--json"])).exits(0).json();
        answer["note"].as_str().unwrap_or("none").to_owned()
    };
    let unknown = "nobody provides `put_nte` now; did you mean `put_note`?";
    assert_eq!(told(&["policy", "allow", "put_nte"]), unknown);
    assert_eq!(
        told(&["policy", "deny", "note/put_note"]),
        "no plugin `note` is registered now; did you mean `notes`?"
    );
    assert_eq!(told(&["tasks", "plan", "trip", "--capability", "put_nte"]), unknown);
    let budget = |capability: &str| {
        told(&["budget", "set", "b", "--most", "1", "--plugin", "notes", "--capability", capability])
    };
    assert_eq!(budget("put_nte"), "`notes` does not provide `put_nte`; did you mean `put_note`?");
    assert_eq!((budget("put_note"), told(&["policy", "deny", "write"])), ("none".into(), "none".into()));
}

#[test]
fn a_broken_file_is_told_by_every_command_that_looks_and_permits_nothing() {
    let installation = Installation::strict();
    installation.ares(["init"]).exits(0);
    let file = installation.state().join("policy.cedar");
    fs::write(
        &file,
        "// mine\n@id(\"x\") permit (principal, action, resource) when { resource.nme == \"a\" };\n",
    )
    .unwrap();
    let doctor = installation.ares(["doctor"]).exits(1).stdout;
    assert!(doctor.contains("policy.cedar:2") && doctor.contains("nme"), "{doctor}");
    assert_eq!(tried(&installation, &["pure"]), decided("never", ""));
    let list = installation.ares(["policy", "list"]).exits(0).stdout;
    assert!(list.contains("your file is broken") && list.contains("everything is refused"), "{list}");
    let mandates = installation.ares(["mandates", "list", "--json"]).exits(0).json();
    let does = |row: &Value| row["does"].as_str().unwrap().starts_with("everything is refused");
    assert!(mandates.as_array().unwrap().iter().all(does), "{mandates}");
    installation.register("echo", &[]);
    let refused = installation.ares(["invoke", "echo", "--input", r#"{"text":"a"}"#]).exits(7).stderr;
    assert!(refused.contains("until they are put right") && !refused.contains("policy allow"), "{refused}");
    let given = installation.place("rules").join("given.cedar");
    fs::write(&given, "\nhalf a rule").unwrap();
    for words in [["set"].as_slice(), &["test", "write", "--rules"]] {
        let arguments = ["policy"].iter().chain(words).copied().chain([given.to_str().unwrap()]);
        let error = installation.ares(arguments).exits(2).stderr;
        assert!(error.contains("given.cedar:2") && !error.contains("policy.cedar"), "{error}");
    }
    installation.ares(["policy", "allow", "read"]).exits(1);
    let other = installation.place("rules").join("good.cedar");
    fs::write(&other, "@id(\"x\") forbid (principal, action == Action::\"read\", resource);\n").unwrap();
    installation.ares(["policy", "set", file.to_str().unwrap()]).exits(2);
    installation.ares(["policy", "set", other.to_str().unwrap(), "--reason", "repaired"]).exits(0);
    assert_eq!(tried(&installation, &["read"]), decided("never", "x"));
    installation.ares(["doctor"]).exits(0);
}

#[test]
fn a_host_that_runs_follows_the_file_and_keeps_the_last_good_rules() {
    let installation = Installation::strict();
    let host = installation.run();
    let file = installation.state().join("policy.cedar");
    let events = || -> Vec<Value> {
        let events = installation.ares(["events", "--type", "policy_changed,policy_broken", "--json"]);
        events.exits(0).json().as_array().unwrap().clone()
    };
    fs::write(&file, "@id(\"x\") forbid (principal, action == Action::\"read\", resource);\n").unwrap();
    host.wait_for("the new rules", || events().len() == 1);
    fs::write(&file, "half a rule").unwrap();
    host.wait_for("the broken file to be seen", || events().len() == 2);
    assert_eq!(events()[1]["data"]["then"], "the rules before it stay in force");
    assert_eq!(tried(&installation, &["read"]), decided("never", "x"));
    assert_eq!(host.stop(), 0);
}

#[test]
fn roles_and_the_files_place_come_from_the_configuration() {
    let installation = Installation::strict();
    installation.ares(["init"]).exits(0);
    let file = installation.place("rules").join("house.cedar");
    let text =
        format!("[policy]\nfile = \"{}\"\n[roles.reviewer]\ncallers = [\"agent:mcp:*\"]\n", file.display());
    fs::write(installation.state().join("ares.toml"), text).unwrap();
    assert_eq!(tried(&installation, &["pure"]).0, "never", "the named file is not there");
    installation.ares(["policy", "deny", "write", "--for", "role:reviewer"]).exits(0);
    assert!(file.exists() && !installation.state().join("policy.cedar").exists());
    assert_eq!(tried(&installation, &["write", "--caller", "agent:mcp:claude"]).0, "never");
    assert_eq!(tried(&installation, &["write", "--caller", "agent:other"]).0, "ask");
    installation.ares(["policy", "deny", "write", "--for", "role:nobody"]).exits(2);
}

/// One line to a session of MCP, and the answer to it.
fn said(session: &mut (impl Write, impl BufRead), message: &Value) -> Value {
    writeln!(session.0, "{message}").unwrap();
    session.0.flush().unwrap();
    loop {
        let mut line = String::new();
        assert!(session.1.read_line(&mut line).unwrap() > 0, "the session ended");
        let answer: Value = serde_json::from_str(&line).unwrap();
        if answer["id"] == message["id"] {
            return answer;
        }
    }
}

#[test]
fn an_open_session_follows_the_rules() {
    let installation = Installation::new();
    installation.register("echo", &[]);
    let mut command = installation.command(["mcp"]);
    command.env_remove("ARES_HOST_POLICY_FILE");
    let mut child =
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let output = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut session = (child.stdin.take().unwrap(), output);
    let client = json!({ "name": "t", "version": "1" });
    let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
    said(&mut session, &json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello }));
    let call = |id: u32| {
        let params = json!({ "name": "echo", "arguments": { "text": "a" } });
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
    };
    let good = said(&mut session, &call(2));
    assert_ne!(good["result"]["isError"], true, "{good}");
    let mut deny = installation.command(["policy", "deny", "echo"]);
    assert!(deny.env_remove("ARES_HOST_POLICY_FILE").output().unwrap().status.success());
    let refused = (3..60).any(|id| {
        std::thread::sleep(std::time::Duration::from_millis(200));
        said(&mut session, &call(id))["result"]["isError"] == true
    });
    assert!(refused, "the rules of when it was opened hold on");
    drop(session);
    child.wait().unwrap();
}
