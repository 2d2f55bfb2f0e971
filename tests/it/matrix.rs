//! Every kind of refusal through every door: the same situation gets the same word wherever it is met.
//! A new door is one line in `DOORS`, a new refusal one row.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Installation, guest};

/// A way in: its name, and how it calls. It answers the outcome's code, or `-` for a good answer.
const DOORS: [(&str, Call); 2] = [("command line", by_command), ("another plugin", by_plugin)];

type Call = fn(&Installation, &Row) -> String;

/// One situation.
struct Row {
    /// Rules to add to those that let everything run.
    rules: &'static str,
    /// Keys of the gate that are not as in other tests.
    keys: &'static [(&'static str, &'static str)],
    /// How it comes about.
    prepare: fn(&Installation),
    capability: &'static str,
    input: &'static str,
    /// What is said.
    code: &'static str,
    kind: &'static str,
    exit: i32,
}

const USUAL: Row = Row {
    rules: "",
    keys: &[],
    prepare: |_| {},
    capability: "echo",
    input: r#"{"text":"hi"}"#,
    code: "-",
    kind: "",
    exit: 0,
};

const NOTE: &str = r#"{"name":"a","text":"b"}"#;

/// What is refused whoever it is asked of.
fn plain() -> Vec<Row> {
    vec![
        USUAL,
        Row { capability: "kv_increment", code: "no-provider", kind: "not-found", exit: 4, ..USUAL },
        Row { prepare: disable, code: "disabled", kind: "unavailable", exit: 5, ..USUAL },
        Row { prepare: tamper, code: "changed", kind: "integrity", exit: 12, ..USUAL },
        Row {
            prepare: revoke,
            capability: "put_note",
            input: NOTE,
            code: "not-granted",
            kind: "forbidden",
            exit: 7,
            ..USUAL
        },
        Row { input: r#"{"text":1}"#, code: "invalid-arguments", kind: "invalid", exit: 2, ..USUAL },
        Row { input: r#"{"text":"a\udb40\udc41"}"#, code: "guard", kind: "forbidden", exit: 7, ..USUAL },
    ]
}

/// What rules, records and the host's own state refuse.
fn judged() -> Vec<Row> {
    vec![
        Row {
            rules: "@id(\"no\") forbid (principal, action, resource == Capability::\"echo/echo\");",
            code: "denied",
            kind: "forbidden",
            exit: 7,
            ..USUAL
        },
        Row {
            rules: "@id(\"never\") @catastrophic(\"data-destruction\") forbid (principal, action, resource == Capability::\"echo/echo\");",
            code: "catastrophic",
            kind: "forbidden",
            exit: 7,
            ..USUAL
        },
        Row {
            rules: "@id(\"please\") @ask forbid (principal, action, resource == Capability::\"notes/put_note\");",
            capability: "put_note",
            input: NOTE,
            code: "ask",
            kind: "held",
            exit: 8,
            ..USUAL
        },
        Row {
            keys: &[("BASE", "6500")],
            prepare: |installation| fail(installation, 6),
            capability: "trap",
            input: "{}",
            code: "escalate",
            kind: "held",
            exit: 8,
            ..USUAL
        },
        Row {
            keys: &[("BREAKER_FAULTS", "3")],
            prepare: |installation| fail(installation, 3),
            capability: "trap",
            input: "{}",
            code: "breaker-open",
            kind: "unavailable",
            exit: 5,
            ..USUAL
        },
        Row { prepare: lock, code: "locked-out", kind: "unavailable", exit: 5, ..USUAL },
        Row {
            prepare: only_look,
            capability: "put_note",
            input: NOTE,
            code: "mode",
            kind: "forbidden",
            exit: 7,
            ..USUAL
        },
        Row { prepare: priced, code: "over-budget", kind: "too-many", exit: 9, ..USUAL },
        Row {
            keys: &[("MEMORY_HEADROOM_MB", "1048576")],
            code: "low-memory",
            kind: "too-many",
            exit: 9,
            ..USUAL
        },
        Row { prepare: in_order, code: "sequencing", kind: "invalid", exit: 2, ..USUAL },
    ]
}

fn disable(installation: &Installation) {
    installation.ares(["disable", "echo"]).exits(0);
}

fn revoke(installation: &Installation) {
    installation.ares(["grants", "revoke", "notes", "kv"]).exits(0);
}

fn lock(installation: &Installation) {
    installation.ares(["lockout", "on", "--reason", "a test"]).exits(0);
}

fn only_look(installation: &Installation) {
    installation.ares(["mode", "ask"]).exits(0);
}

/// Turns a byte of the host's own copy of `echo`.
fn tamper(installation: &Installation) {
    let info = installation.ares(["info", "echo", "--json"]).exits(0).json();
    let path = installation.state().join("components").join(format!("{}.wasm", hash(&info)));
    let mut bytes = fs_err::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs_err::write(&path, bytes).unwrap();
}

fn hash(info: &Value) -> String {
    let found = info.pointer("/versions/0/blake3").or_else(|| info.get("blake3"));
    found.and_then(Value::as_str).unwrap_or_else(|| panic!("no hash in {info}")).to_owned()
}

/// Lets `trap` trap.
fn fail(installation: &Installation, times: usize) {
    for _ in 0..times {
        installation.ares(["invoke", "trap", "--input", "{}"]);
    }
}

/// Registers `echo` again as something that comes after `get_note` in its task.
fn in_order(installation: &Installation) {
    changed(installation, "sequencing = { requires = [\"get_note\"] }");
}

/// Registers `echo` again as something that costs more than there is.
fn priced(installation: &Installation) {
    changed(installation, "cost = { call = \"2\" }");
    installation.ares(["budget", "set", "all", "--most", "1"]).exits(0);
}

/// Registers `echo` again with another line in its manifest.
fn changed(installation: &Installation, line: &str) {
    let folder = installation.place("changed");
    for file in ["plugin.toml", "echo.wasm"] {
        fs_err::copy(guest("echo").join(file), folder.join(file)).unwrap();
    }
    let manifest = fs_err::read_to_string(folder.join("plugin.toml")).unwrap();
    let place = "name = \"echo\"\n";
    assert!(manifest.contains(place), "{manifest}");
    fs_err::write(folder.join("plugin.toml"), manifest.replace(place, &format!("{place}{line}\n"))).unwrap();
    installation.ares([Path::new("register"), &folder, Path::new("--replace")]).exits(0);
}

fn installed(row: &Row) -> Installation {
    let mut installation = Installation::new();
    for (key, value) in row.keys {
        installation.set(&format!("ARES_HOST_GATE_{key}"), value);
    }
    if !row.rules.is_empty() {
        let path = installation.place("rules").join("policy.cedar");
        fs_err::write(&path, format!("{}\n{}", include_str!("rules/free.cedar"), row.rules)).unwrap();
        installation.set("ARES_HOST_POLICY_FILE", path.to_str().unwrap());
    }
    for plugin in ["echo", "notes", "chaos", "caller"] {
        installation.register(plugin, &[]);
    }
    (row.prepare)(&installation);
    installation
}

fn by_command(installation: &Installation, row: &Row) -> String {
    let ran = installation.ares(["invoke", row.capability, "--input", row.input, "--json"]).exits(row.exit);
    let outcome = ran.json();
    if row.code != "-" {
        assert_eq!(outcome["error"]["kind"], row.kind, "{outcome}");
        assert_eq!(outcome["usage"]["fuel"], 0, "no guest ran: {outcome}");
    }
    outcome["error"]["code"].as_str().unwrap_or("-").to_owned()
}

/// What the plugin in between is told, or what it was told itself where it did not get that far.
fn by_plugin(installation: &Installation, row: &Row) -> String {
    let input: Value = serde_json::from_str(row.input).unwrap();
    let relay = json!({ "capability": row.capability, "input": input }).to_string();
    let outcome = installation.invoke("relay", &relay);
    if outcome["status"] == "ok" {
        return "-".to_owned();
    }
    if outcome["status"] == "refused" {
        return outcome["error"]["code"].as_str().unwrap().to_owned();
    }
    let message = outcome["error"]["message"].as_str().unwrap();
    let code = message.split_once("refused (").and_then(|(_, rest)| rest.split_once(')'));
    code.unwrap_or_else(|| panic!("no refusal: {outcome}")).0.to_owned()
}

#[test]
fn every_refusal_has_one_word_at_every_door() {
    for row in plain().into_iter().chain(judged()) {
        let installation = installed(&row);
        for (door, call) in DOORS {
            assert_eq!(call(&installation, &row), row.code, "by {door}");
        }
    }
}
