//! What the commands do for someone who installs, looks up, configures and switches plugins.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Installation, guest};

/// A copy of the `echo` guest with its manifest changed.
fn echo(installation: &Installation, folder: &str, edit: impl Fn(String) -> String) -> PathBuf {
    let place = installation.place(folder);
    fs::copy(guest("echo").join("echo.wasm"), place.join("echo.wasm")).unwrap();
    let manifest = fs::read_to_string(guest("echo").join("plugin.toml")).unwrap();
    fs::write(place.join("plugin.toml"), edit(manifest)).unwrap();
    place
}

fn named(name: &'static str) -> impl Fn(String) -> String {
    move |manifest| manifest.replacen("id = \"echo\"", &format!("id = \"{name}\""), 1)
}

#[test]
fn several_versions_live_side_by_side_and_one_is_active() {
    let installation = Installation::new();
    installation.register("echo", &[]);
    let newer = echo(&installation, "newer", |m| m.replacen("version = \"0.1.0\"", "version = \"0.2.0\"", 1));
    installation.register_folder(&newer, &[]);
    let versions = installation.ares(["versions", "echo", "--json"]).exits(0).json();
    assert_eq!(versions.as_array().unwrap().len(), 2, "{versions}");
    let answering = || installation.invoke("echo", r#"{"text":"x"}"#)["plugin"]["version"].clone();
    assert_eq!(answering(), "0.2.0");
    installation.ares(["activate", "echo@0.1.0"]).exits(0);
    assert_eq!(answering(), "0.1.0");
    installation.ares(["activate", "echo@9.9.9"]).exits(4);
}

#[test]
fn other_bytes_under_a_registered_version_need_a_word() {
    let installation = Installation::new();
    installation.register("echo", &[]);
    installation.register("echo", &[]);
    let other = echo(&installation, "other", |m| m.replacen("Answers what", "Repeats what", 1));
    let ran = installation.ares(["register", other.to_str().unwrap()]).exits(2);
    assert!(ran.stderr.contains("0.1.0") && ran.stderr.contains("--replace"), "{ran:?}");
    installation.ares(["register", other.to_str().unwrap(), "--replace"]).exits(0);
}

#[test]
fn of_two_providers_the_stronger_answers_and_says_why() {
    let installation = Installation::new();
    installation.register("echo", &[]);
    let strong = echo(&installation, "strong", |m| {
        named("strong")(m).replacen("[config]", "[behavior]\npriority = \"high\"\n\n[config]", 1)
    });
    installation.register_folder(&strong, &[]);
    let outcome = installation.invoke("echo", r#"{"text":"x"}"#);
    assert_eq!(outcome["plugin"]["name"], "strong", "{outcome}");
    let providers = outcome["verdict"]["providers"].as_array().unwrap();
    assert_eq!(providers.len(), 2, "{outcome}");
    let explained = installation.ares(["invoke", "echo", "--arg", "text=x", "--explain"]).exits(0).stdout;
    assert!(explained.contains("priority high") && explained.contains("priority normal"), "{explained}");
    installation.ares(["disable", "strong"]).exits(0);
    let listed = installation.ares(["capabilities", "echo", "--json"]).exits(0).json();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    let shown = installation.ares(["capabilities", "echo"]).exits(0).stdout;
    assert!(shown.contains("input schema\n{") && shown.contains("output schema\n{"), "{shown}");
    assert_eq!(installation.invoke("echo", r#"{"text":"x"}"#)["plugin"]["name"], "echo");
    let pinned = installation.ares(["invoke", "echo", "--arg", "text=x", "--plugin", "strong"]);
    pinned.exits(5);
}

#[test]
fn capabilities_are_found_by_words() {
    let installation = Installation::new();
    installation.register("notes", &[]);
    installation.register("sentiment-analysis", &[]);
    let found = installation.ares(["capabilities", "--find", "keep a text", "--json"]).exits(0).json();
    assert_eq!(found[0]["plugin"], "notes", "{found}");
    let none = installation.ares(["capabilities", "--find", "launch rockets", "--json"]).exits(0).json();
    assert_eq!(none, json!([]));
}

#[test]
fn a_configuration_is_checked_kept_once_and_reaches_the_guest() {
    let installation = Installation::new();
    installation.register("echo", &[]);
    let seen = || installation.invoke("show_config", "{}")["value"].clone();
    assert_eq!(seen(), json!({"greeting": "hello", "limit": 3}));
    installation.ares(["config", "set", "echo", "limit", "4"]).exits(0);
    installation.ares(["config", "set", "echo", "limit", "5"]).exits(0);
    assert_eq!(seen()["limit"], 5);
    let ran = installation.ares(["config", "set", "echo", "limit", "0"]).exits(2);
    assert!(ran.stderr.contains("/limit"), "{ran:?}");
    installation.ares(["config", "set", "echo", "colour", "\"red\""]).exits(2);
    assert_eq!(seen()["limit"], 5);
    let database = rusqlite::Connection::open(installation.state().join("registry.db")).unwrap();
    let rows: u32 = database.query_row("SELECT count(*) FROM configurations", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
    installation.ares(["config", "unset", "echo", "limit"]).exits(0);
    assert_eq!(seen()["limit"], 3);
}

#[test]
fn the_context_reaches_the_guest() {
    let installation = Installation::new();
    installation.register("echo", &[]);
    let ran = installation.ares([
        "invoke",
        "show_context",
        "--input",
        "{}",
        "--task",
        "spring cleaning",
        "--metadata",
        r#"{"room": "attic"}"#,
        "--json",
    ]);
    let outcome = ran.exits(0).json();
    let seen = &outcome["value"];
    assert_eq!(seen["invocation"], outcome["id"]);
    assert_eq!(seen["task"], "spring cleaning");
    assert_eq!(seen["metadata"], json!({"room": "attic"}));
    assert_eq!(
        (&seen["depth"], &seen["parent"], &seen["caller_kind"]),
        (&json!(0), &Value::Null, &json!("human"))
    );
    installation.ares(["invoke", "show_context", "--input", "{}", "--metadata", "[1]"]).exits(2);
}

#[test]
fn a_pure_answer_may_come_from_memory() {
    let installation = Installation::new();
    let cached = echo(&installation, "cached", |m| {
        m.replacen("[config]", "[behavior]\ncache_results = true\n\n[config]", 1)
    });
    installation.register_folder(&cached, &[]);
    let _host = installation.run();
    let usage = |input: &str| installation.invoke("echo", input)["usage"].clone();
    let (first, second) = (usage(r#"{"text":"x"}"#), usage(r#"{"text":"x"}"#));
    assert!(first["fuel"].as_u64().unwrap() > 0 && first["cached"] == false, "{first}");
    assert!(second["fuel"] == 0 && second["cached"] == true, "{second}");
    assert_eq!(usage(r#"{"text":"y"}"#)["cached"], false);
}

#[test]
fn a_missing_dependency_keeps_a_plugin_from_starting() {
    let installation = Installation::new();
    let needy =
        echo(&installation, "needy", |m| format!("{m}\n[dependencies.modules]\nnotes = \">=0.1.0\"\n"));
    installation.register_folder(&needy, &[]);
    let ran = installation.ares(["start", "echo"]).exits(6);
    assert!(ran.stderr.contains("notes"), "{ran:?}");
    let listed = installation.ares(["info", "echo", "--deps"]).exits(0);
    assert!(listed.stdout.contains("notes"), "{listed:?}");
    installation.register("notes", &[]);
    let started = installation.ares(["start", "echo"]).exits(0);
    let steps = ["found version", "depends on is there", "code is loaded", "no setup", "echo is running"];
    let lines: Vec<&str> = started.stdout.lines().collect();
    assert_eq!(lines.len(), steps.len(), "{started:?}");
    assert!(lines.iter().zip(steps).all(|(line, step)| line.contains(step)), "{started:?}");
}

#[test]
fn the_registry_tells_what_it_is() {
    let installation = Installation::new();
    let registered = installation.register("notes", &[]);
    let component = fs::read(guest("notes").join("notes.wasm")).unwrap();
    assert_eq!(registered["blake3"], blake3::hash(&component).to_hex().as_str());
    let info = installation.ares(["info", "notes", "--json"]).exits(0).json();
    assert_eq!(info["blake3"], registered["blake3"]);
    let schema = installation.ares(["registry", "schema"]).exits(0).stdout;
    for table in [
        "modules",
        "module_versions",
        "capabilities",
        "dependencies",
        "grants",
        "status",
        "events",
        "configurations",
        "invocations",
    ] {
        assert!(schema.contains(&format!("CREATE TABLE {table}")), "{table}");
    }
    let indexes = installation.ares(["registry", "schema", "--indexes", "--json"]).exits(0).json();
    assert!(indexes.as_array().unwrap().len() >= 10, "{indexes}");
    installation.ares(["registry", "check"]).exits(0);
    installation.ares(["registry", "migrate", "--status"]).exits(0);
    fs::remove_file(installation.state().join("registry.db")).unwrap();
    assert_eq!(installation.ares(["list", "--json"]).exits(0).json(), json!([]));
}

#[test]
fn copies_of_one_plugin_are_noticed() {
    let installation = Installation::new();
    installation.register("echo", &[]);
    installation.register_folder(&echo(&installation, "copy", named("copy")), &[]);
    let ran = installation.ares(["doctor", "--json"]);
    let findings = ran.json();
    assert!(findings.to_string().contains("copy") && findings.to_string().contains("echo"), "{findings}");
}

#[test]
fn plugins_lie_about_and_are_discovered() {
    let installation = Installation::new();
    let place = installation.place("shelf");
    for (name, manifest) in [("good", None), ("bad", Some("id = 1"))] {
        fs::create_dir_all(place.join(name)).unwrap();
        let text = fs::read_to_string(guest("echo").join("plugin.toml")).unwrap();
        fs::write(place.join(name).join("plugin.toml"), manifest.map_or(text, str::to_owned)).unwrap();
    }
    let ran = installation.ares(["discover", place.to_str().unwrap()]);
    assert!(ran.stdout.contains("echo"), "{ran:?}");
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("bad"), "{ran:?}");
}

#[test]
fn a_literal_secret_in_a_manifest_is_found() {
    let installation = Installation::new();
    installation.ares(["plugin", "lint", guest("echo").to_str().unwrap()]).exits(0);
    let leaky = echo(&installation, "leaky", |m| {
        m.replacen("greeting = \"hello\"", "greeting = \"hello\"\napi_token = \"hunter2hunter2\"", 1)
            .replacen("[config.schema.properties.greeting]", "[config.schema.properties.api_token]\ntype = \"string\"\n\n[config.schema.properties.greeting]", 1)
    });
    let ran = installation.ares(["plugin", "lint", leaky.to_str().unwrap()]).exits(1);
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("api_token"), "{ran:?}");
}

#[test]
fn a_wrong_command_line_is_json_too_where_json_is_asked_for() {
    let installation = Installation::new();
    for wrong in [["frobnicate", "--json"].as_slice(), &["list", "--bogus", "--json"], &["invoke", "--json"]]
    {
        let ran = installation.ares(wrong).exits(2);
        let message = ran.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.len() > 10 && !ran.stderr.is_empty(), "{ran:?}");
    }
    let missing = installation.ares(["invoke", "--json"]).exits(2).json();
    assert!(missing["error"]["message"].as_str().unwrap().contains("<CAPABILITY>"), "{missing}");
    assert_eq!(installation.ares(["list", "--bogus"]).exits(2).stdout, "");
}

#[test]
fn the_host_s_file_configures_plugins_and_names_the_line_of_a_mistake() {
    let installation = Installation::new();
    installation.register("echo", &[]);
    installation.register("greeter", &[]);
    let file = |text: &str| std::fs::write(installation.state().join("ares.toml"), text).unwrap();
    file("[plugins.echo]\nlimit = 7\n\n[plugins.ehco]\nlimit = 1\n");
    assert_eq!(installation.invoke("show_config", "{}")["value"], json!({"greeting": "hello", "limit": 7}));
    installation.ares(["config", "set", "echo", "greeting", "ahoy"]).exits(0);
    let effective = installation.ares(["config", "effective", "echo", "--json"]).exits(0).json();
    let origins: Vec<&Value> = effective["values"].as_array().unwrap().iter().map(|v| &v["origin"]).collect();
    assert_eq!(origins, ["database", "ares.toml"]);
    let doctor = installation.ares(["doctor", "--json"]).exits(0).json();
    let warned = |row: &Value| row["message"].as_str().unwrap().contains("did you mean `echo`?");
    assert!(doctor.as_array().unwrap().iter().any(warned), "{doctor}");

    file("[plugins.echo]\n\nlimit = 0\n");
    let host = installation.run();
    let refused = installation.invoke("show_config", "{}");
    assert_eq!(refused["error"]["code"], "misconfigured", "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("ares.toml:3: "), "{refused}");
    let ran = installation.ares(["start", "echo"]).exits(2);
    assert!(ran.stderr.contains("ares.toml:3: "), "{ran:?}");
    installation.ares(["doctor"]).exits(1);
    assert_eq!(installation.invoke("greet", r#"{"name": "you"}"#)["status"], "ok");
    assert!(host.printed().contains("ares.toml:3: "), "{}", host.printed());
}

#[test]
fn a_state_directory_inside_a_repository_stays_out_of_it() {
    let installation = Installation::new();
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.args(arguments).current_dir(installation.folder.path()).output().unwrap()
    };
    assert!(git(&["init", "--quiet"]).status.success());
    assert!(git(&["check-ignore", "state/registry.db", "state/keys/secrets.key"]).status.success());
    assert!(git(&["status", "--porcelain"]).stdout.is_empty());
}
