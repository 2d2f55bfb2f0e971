//! A plugin written to steal gets nothing, and whoever runs the host can see that it tried.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::harness::Installation;
use crate::servers::Server;

/// Worth stealing, wherever it lies.
const SECRET: &str = "the-crown-jewels-7f3a";
/// Under what names other plugins' stores may be guessed.
const NAMES: [&str; 2] = ["note/secret", "secret"];

/// A host with another plugin's note, files beside the grant and a link out of it.
struct Scene {
    installation: Installation,
    input: String,
}

impl Scene {
    fn new() -> Self {
        let installation = Installation::new();
        installation.register("notes", &[]);
        installation.register("echo", &[]);
        let note = json!({ "name": "secret", "text": SECRET }).to_string();
        assert_eq!(installation.invoke("put_note", &note)["status"], "ok");
        let (own, beside) = (installation.place("own"), installation.place("beside"));
        fs::write(beside.join("secret.txt"), SECRET).unwrap();
        symlink(&beside, own.join("link")).unwrap();
        symlink(beside.join("secret.txt"), own.join("secret.txt")).unwrap();
        let state = installation.state();
        let paths = [
            "/etc/passwd".to_owned(),
            "/proc/self/environ".to_owned(),
            "/proc/1/root".to_owned(),
            "/".to_owned(),
            beside.join("secret.txt").display().to_string(),
            state.display().to_string(),
            state.join("keys/artifacts.key").display().to_string(),
            state.join("registry.db").display().to_string(),
            "../beside/secret.txt".to_owned(),
            "link/secret.txt".to_owned(),
            "secret.txt".to_owned(),
            "link/..".to_owned(),
        ];
        let input = json!({ "paths": paths, "keys": NAMES }).to_string();
        Self { installation, input }
    }

    /// Runs the capability with a secret in the host's environment and on its standard input.
    fn steal(&self, capability: &str) -> Value {
        let arguments = ["invoke", capability, "--input", &self.input, "--json"];
        let mut command = self.installation.command(arguments);
        let output = command.env("SECRET_OF_THE_HOST", SECRET).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains(SECRET), "{text}");
        let outcome: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(outcome["status"], "ok", "{outcome}");
        outcome
    }

    /// What the log says was denied in this call.
    fn denied(&self, outcome: &Value) -> Vec<String> {
        let log = fs::read_to_string(self.installation.state().join("logs/thief.log")).unwrap();
        assert!(!log.contains(|c: char| c.is_control() && c != '\n'), "{log:?}");
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mine = lines.filter(|line| line["source"] == "host" && line["invocation"] == outcome["id"]);
        mine.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }
}

/// What it got, but for these.
#[track_caller]
fn got_nothing_but(outcome: &Value, own: &[&str]) {
    let tried = outcome["value"]["tried"].as_object().unwrap();
    assert!(tried.len() > 30, "{outcome}");
    for (what, said) in tried {
        let got = said.as_str().unwrap().starts_with("got:");
        assert_eq!(got, own.contains(&what.as_str()), "{what}: {said}");
    }
}

#[test]
fn a_thief_without_grants_gets_nothing_and_is_seen() {
    let scene = Scene::new();
    scene.installation.register("thief", &[]);
    scene.installation.ares(["grants", "revoke", "thief", "kv", "call:echo", "call:get_note"]).exits(0);
    let outcome = scene.steal("steal_with_nothing");
    got_nothing_but(&outcome, &[]);
    let denied = scene.denied(&outcome);
    for tried in ["kv.get", "kv.keys", "kv.set", "call:get_note", "call:list_notes", "../get_note"] {
        let told = |line: &String| line.starts_with("denied: ") && line.contains(tried);
        assert!(denied.iter().any(told), "{tried}: {denied:?}");
    }
    // 8 values, all keys, one value set, and 8 calls.
    assert_eq!(outcome["usage"]["denied"], 18, "{denied:?}");
    let id = outcome["id"].as_str().unwrap();
    let record = &scene.installation.ares(["invocations", id, "--json"]).exits(0).json()[0];
    assert_eq!(record["usage"]["denied"], 18);
    let nested =
        scene.installation.ares(["invocations", "--capability", "get_note", "--json"]).exits(0).json();
    let refused =
        nested.as_array().unwrap().iter().filter(|row| row["parent"] == id && row["code"] == "not-granted");
    assert_eq!(refused.count(), 2, "{nested}");
}

#[test]
fn a_thief_with_a_little_gets_no_more_than_that_and_is_seen() {
    let scene = Scene::new();
    let own = scene.installation.folder.path().join("own");
    fs::write(own.join("mine.txt"), "mine").unwrap();
    scene.installation.register("thief", &[&format!("fs:own={}", own.display())]);
    scene.installation.ares(["grants", "revoke", "thief", "call:get_note"]).exits(0);
    let outcome = scene.steal("steal_with_a_little");
    // The folder itself, by two of its names.
    got_nothing_but(&outcome, &["file /own//"]);
    assert!(!own.join("written").exists() && !scene.installation.folder.path().join("written").exists());
    assert!(!scene.installation.folder.path().join("beside/written").exists());
    assert!(outcome["usage"]["denied"].as_u64().unwrap() > 32, "{outcome}");
    let denied = scene.denied(&outcome);
    // Without the many paths there is room in the log for the rest.
    let input = json!({ "paths": ["link/secret.txt"], "keys": NAMES }).to_string();
    let fewer = scene.denied(&scene.installation.invoke("steal_with_a_little", &input));
    for tried in ["open: `../", "/etc/passwd`", "/state/registry.db`", "../beside/secret.txt`"] {
        assert!(denied.iter().any(|line| line.contains(tried)), "{tried}: {denied:?}");
    }
    for tried in
        ["open: `link/secret.txt`", "open: `written`", "open: `link/written`", "kv.set", "call:get_note"]
    {
        assert!(fewer.iter().any(|line| line.contains(tried)), "{tried}: {fewer:?}");
    }
}

#[test]
fn a_thief_that_tries_without_end_is_counted_and_fills_no_log() {
    let scene = Scene::new();
    scene.installation.register("thief", &[]);
    scene.installation.ares(["grants", "revoke", "thief", "kv", "call:echo", "call:get_note"]).exits(0);
    let keys: Vec<String> = (0..200).map(|number| format!("note/{number}\u{1b}[7m")).collect();
    let input = json!({ "paths": [], "keys": keys }).to_string();
    let outcome = scene.installation.invoke("steal_with_nothing", &input);
    assert_eq!(outcome["usage"]["denied"], 200 * 8 + 2, "{}", outcome["error"]);
    let denied = scene.denied(&outcome);
    assert_eq!(denied.len(), 33);
    assert!(denied.last().unwrap().contains("counted"), "{denied:?}");
}

#[test]
fn a_thief_on_the_network_learns_no_secret_and_reaches_no_metadata() {
    let scene = Scene::new();
    let home = Server::start(|request, peer| {
        let length = request.len();
        let _ = write!(peer, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{request}");
    });
    let inner = Server::answering(format!("HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n{SECRET}"));
    scene.installation.register("thief", &[&format!("net:home=http://{}", home.address)]);
    let other = "the-treasury-of-others-91c2";
    scene.installation.ares_with(["secrets", "set", "OWN_TOKEN"], SECRET.as_bytes()).exits(0);
    scene.installation.ares_with(["secrets", "set", "OTHERS_TOKEN"], other.as_bytes()).exits(0);
    let port = inner.address.port();
    let away = [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[fd00:ec2::254]/latest/meta-data/".to_owned(),
        inner.url("/"),
        format!("http://localhost:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
    ];
    let input = json!({ "home": home.url("/"), "away": away, "secrets": ["OTHERS_TOKEN", "UNKNOWN"] });
    let scene = Scene { input: input.to_string(), ..scene };
    let outcome = scene.steal("steal_by_network");
    let text = outcome.to_string();
    assert!(!text.contains(other), "{text}");
    for (what, said) in outcome["value"]["tried"].as_object().unwrap() {
        let got = said.as_str().unwrap().starts_with("got:");
        assert_eq!(got, what == "spent", "{what}: {said}");
    }
    assert!(text.contains("Bearer {{OWN_TOKEN}}"), "it was spent, and came back as its placeholder: {text}");
    let requests = home.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert!(requests[0].contains(&format!("Bearer {SECRET}")), "the service got it");
    assert!(inner.requests().is_empty());
    // 12 requests away, 2 secrets opened and 2 guessed, 1 credential of its own.
    assert_eq!(outcome["usage"]["denied"], 17, "{outcome}");
    let log = fs::read_to_string(scene.installation.state().join("logs/thief.log")).unwrap();
    assert!(!log.contains(SECRET) && !log.contains(other), "{log}");
    for tried in ["169.254.169.254", "localhost", "[::ffff:127.0.0.1]", "OTHERS_TOKEN", "UNKNOWN", "cookie"] {
        assert!(log.lines().any(|line| line.contains(tried)), "{tried}: {log}");
    }
}
