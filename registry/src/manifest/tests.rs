//! Manifests, sound and with mistakes.

use std::time::Duration;

use ares_kernel::facts::{Effect, Priority, Quota, Scope};

use super::*;

const LEAST: &str = r#"
id = "security-scanner"
version = "1.2.3"
kind = "monitor"
[component]
path = "scanner.wasm"
world = "plugin"
"#;

const ALL: &str = r#"
id = "everything"
display_name = "Every key"
version = "1.2.3-beta.1+build"
kind = "ai-feature"
description = "All keys at once."
author = "Someone"
license = "MIT OR Apache-2.0"
features = ["fast"]
[metadata]
created = "2026-01-31"
tags = ["a", "b"]
category = "forged"
[component]
path = "out/everything.wasm"
world = "plugin"
hash = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
[lifecycle]
setup = true
teardown = true
[behavior]
auto_load = true
enabled = false
singleton = true
priority = "critical"
cache_results = true
[[capability]]
name = "put"
effects = "write"
description = "Puts."
input = { path = "string", mode = "a|b", count = "integer?" }
output = "boolean"
undo = "drop"
idempotent = true
targets = { path = "fs:data" }
timeout_ms = 500
trade_offs = ["slow"]
implements = "store"
[[capability]]
name = "drop"
effects = "destructive"
needs = ["kv"]
[[capability]]
name = "count"
effects = "pure"
input = { type = "object", properties = { n = { type = "integer", minimum = 1 } } }
[dependencies]
host = ">=0.1"
[dependencies.modules]
notes = "~1.2"
other = { version = ">=1, <3", optional = true }
[dependencies.python]
requests = ">=2.31.0"
[dependencies.system]
ffmpeg = "*"
[[dependencies.apis]]
name = "weather"
endpoint = "https://example.org"
auth = "bearer"
optional = true
[permissions]
kv = true
call = ["scan_folder"]
[[permissions.fs]]
name = "data"
access = "write"
reason = "Keeps its files there."
quota_mb = 5
entries = 50
[limits]
memory_mb = 64
fuel = 1_000_000
deadline_ms = 2000
input_bytes = 1024
output_bytes = 2048
file_bytes = 4096
files = 3
folders = 0
cpu_cores = 1
gpu = false
[retry]
max_retries = 2
backoff_seconds = 0.5
[config]
interval = 5
[config.schema]
type = "object"
properties = { interval = { type = "integer" }, deep = { type = "object", default = {}, properties = {} }, word = { type = "string", default = "w" } }
[health]
interval_s = 60
timeout_s = 5
"#;

fn parse(text: &str) -> Result<Manifest, ManifestError> {
    Manifest::parse(text, Path::new("plugin.toml"))
}

#[test]
fn the_least_manifest_gets_every_default() {
    let manifest = parse(LEAST).unwrap();
    assert_eq!(manifest.display_name, "Security scanner");
    assert_eq!(manifest.kind, Kind::Monitor);
    assert_eq!(manifest.behavior, Behavior::default());
    assert!(manifest.behavior.enabled && !manifest.behavior.auto_start);
    assert_eq!(manifest.limits(), Limits::default());
    assert_eq!(manifest.hooks, Hooks::default());
    assert_eq!(manifest.retry, Retry { max_retries: 0, backoff: Duration::from_secs(1) });
    assert_eq!(manifest.health.interval, Duration::from_secs(30));
    assert_eq!(manifest.health.timeout, Duration::from_secs(10));
    assert!(manifest.scopes().is_empty() && manifest.config.is_empty() && manifest.capabilities.is_empty());
}

#[test]
fn every_key_is_read() {
    let manifest = parse(ALL).unwrap();
    assert_eq!(manifest.version.to_string(), "1.2.3-beta.1+build");
    assert_eq!(manifest.metadata.category, Some(Category::Forged));
    assert_eq!(manifest.metadata.tags, ["a", "b"]);
    assert_eq!(manifest.component.path, "out/everything.wasm");
    assert!(manifest.component.hash.is_some() && manifest.hooks.setup && manifest.hooks.teardown);
    let Behavior { auto_start, enabled, singleton, priority, cache_results } = manifest.behavior;
    assert!(auto_start && !enabled && singleton && cache_results);
    assert_eq!(priority, Priority::Critical);
    let put = manifest.capability("put").unwrap();
    assert!(put.reversible && put.idempotent && put.effect == Effect::Write);
    assert_eq!(
        put.needs.iter().map(Scope::to_string).collect::<Vec<_>>(),
        ["kv", "call:scan_folder", "fs:data"]
    );
    assert_eq!(
        (put.targets[0].argument.as_str(), put.targets[0].within.to_string().as_str()),
        ("path", "fs:data")
    );
    assert_eq!(put.output.as_deref(), Some(r#"{"type":"boolean"}"#));
    assert!(put.input.as_deref().unwrap().contains(r#""required":["mode","path"]"#));
    assert_eq!((put.timeout_ms, put.implements.as_deref()), (Some(500), Some("store")));
    let drop = manifest.capability("drop").unwrap();
    assert!(!drop.reversible && drop.needs == [Scope::Kv]);
    let count = manifest.capability("count").unwrap();
    assert!(count.needs.is_empty() && count.idempotent);
    assert_eq!(manifest.limits.memory_bytes, 64 << 20);
    assert_eq!((manifest.limits.fuel, manifest.limits.output_bytes), (1_000_000, 2048));
    assert_eq!((manifest.limits.file_bytes, manifest.limits.files, manifest.limits.folders), (4096, 3, 0));
    assert_eq!(manifest.permissions.folders[0].quota, Quota { bytes: 5 << 20, entries: 50 });
    assert_eq!(manifest.retry, Retry { max_retries: 2, backoff: Duration::from_millis(500) });
    assert_eq!(
        serde_json::Value::Object(manifest.config.clone()),
        serde_json::json!({"deep": {}, "interval": 5, "word": "w"})
    );
    assert_eq!(manifest.dependencies.len(), 6);
    let accepts = |name: &str, version: &str| {
        let dependency = manifest.dependencies.iter().find(|dependency| dependency.name == name).unwrap();
        dependency.accepts(&version.parse().unwrap())
    };
    assert_eq!(accepts("notes", "1.2.9"), Some(true));
    assert_eq!(accepts("notes", "1.3.0"), Some(false));
    assert_eq!(accepts("other", "2.0.0"), Some(true));
    assert_eq!(accepts("ares-host", "0.0.9"), Some(false));
    assert_eq!(accepts("requests", "9.0.0"), None);
}

/// The first problem of `LEAST` with `text` appended, and where it stands.
fn problem(text: &str) -> String {
    let error = parse(&format!("{LEAST}{text}")).unwrap_err();
    assert!(error.to_string().starts_with("plugin.toml:"), "{error}");
    let Problem { line, column, message } = &error.problems()[0];
    // Lines counted from the first of `text`; LEAST has seven.
    format!("{}:{column}: {message}", line.cast_signed() - 7)
}

/// What is appended, and the first problem then.
const WRONG: &[(&str, &str)] = &[
    (
        "[behavior]\nauto_strat = true",
        "2:1: unknown key `auto_strat` in [behavior]; did you mean `auto_start`?",
    ),
    ("[limits]\nmemroy_mb = 64", "2:1: unknown key `memroy_mb` in [limits]; did you mean `memory_mb`?"),
    ("[limits]\n\n  xyz = 64", "3:3: unknown key `xyz` in [limits]; known are concurrency, cpu_cores, "),
    ("[rate]\nper_minute = 3", "1:2: `rate` is not supported by this version"),
    ("[permissions]\ncommand = []", "2:1: `command` in [permissions] is not supported by this version"),
    ("[limits]\nmax_workers = 5", "2:1: `max_workers` in [limits] is not supported"),
    ("[claims]\nsuccess_rate = 1.5", "2:1: `success_rate`: must be between 0 and 1"),
    ("[claims]\nlatency = 5", "2:1: unknown key `latency` in [claims]"),
    ("[limits]\nper_minute = 0", "2:1: `per_minute`: 0 is not between 1 and"),
    ("[limits]\nmemory_mb = 0", "2:1: `memory_mb`: 0 is not between 1 and 4096"),
    ("[limits]\nmemory_mb = -5", "2:1: `memory_mb`: -5 is not between"),
    ("[limits]\nmemory_mb = \"64\"", "2:1: `memory_mb`: expected a whole number, found a string"),
    ("[limits]\nfuel = 99999999999999999999999", "2:1: `fuel`: 99999999999999999999999 is not between"),
    ("[limits]\ncpu_cores = 2", "2:1: `cpu_cores`: a component runs on one core"),
    ("[limits]\ngpu = true", "2:1: `gpu`: the sandbox has no way to a GPU"),
    ("[behavior]\nauto_start = true\nauto_load = true", "3:1: `auto_load`: means the same"),
    ("[behavior]\npriority = \"urgent\"", "2:1: `priority`: unknown variant `urgent`, expected one of `low`"),
    ("[retry]\nbackoff_seconds = nan", "2:1: `backoff_seconds`: must be between 0 and 60"),
    ("[health]\ninterval_s = 5", "1:2: [health] timeout_s 10 is longer than interval_s 5"),
    ("[config]\nwhen = 2026-01-01", "2:1: `when`: JSON has no dates"),
    ("[config]\nn = inf", "2:1: `n`: inf is not a number JSON can hold"),
    ("[config]\nn = \"x\"\nschema = { n = \"integer\" }", "3:1: `schema`: [config] does not match it: /n:"),
    ("[config]\nschema = { type = \"strnig\" , properties = {}}", "2:1: `schema`: not a JSON Schema"),
    ("[dependencies.modules]\nx = \"one\"", "2:1: `x`: `one` is not a version requirement"),
    ("[dependencies.modules]\nsecurity-scanner = \"*\"", "-6:1: [dependencies.modules] `security-scanner`"),
    ("[dependencies.modules]\nX_Y = \"*\"", "2:1: `X_Y`: `X_Y` is not a plugin name"),
    ("[[capability]]\nname = \"a\"", "1:1: `effects` is missing in [capability]"),
    ("[[capability]]\nname = \"a\"\neffects = \"all\"", "3:1: `effects`: `all` is not an effect class"),
    ("[[capability]]\nname = \"A b\"\neffects = \"pure\"", "2:1: `name`: `A b` is not a capability name"),
    (
        "[[capability]]\nname = \"a\"\neffects = \"pure\"\n[[capability]]\nname = \"a\"\neffects = \"read\"",
        "4:1: `capability`: `a` is declared twice",
    ),
    (
        "[[capability]]\nname = \"a\"\neffects = \"pure\"\ninput = { x = \"strnig\" }",
        "4:1: `input`: `x`: `strnig` is not a type",
    ),
    (
        "[[capability]]\nname = \"a\"\neffects = \"pure\"\ninput = { \"$ref\" = \"http://x/y\" }",
        "4:1: `input`: the schema refers to `http://x/y`",
    ),
    (
        "[[capability]]\nname = \"a\"\neffects = \"read\"\nneeds = [\"kv\"]",
        "4:1: `needs`: `kv` is not asked for in [permissions]",
    ),
    (
        "[[capability]]\nname = \"a\"\neffects = \"read\"\nneeds = [\"command:x\"]",
        "4:10: `needs`: `command:x` is not a scope",
    ),
    (
        "[[capability]]\nname = \"a\"\neffects = \"read\"\ntargets = { p = \"fs:x\" }",
        "4:13: `p`: `fs:x` is not asked for in [permissions]",
    ),
    (
        "[[capability]]\nname = \"a\"\neffects = \"read\"\ntargets = { p = \"kv\" }",
        "4:13: `p`: a target is a folder",
    ),
    (
        "[[capability]]\nname = \"a\"\neffects = \"read\"\ntimeout_ms = 30001",
        "4:1: `timeout_ms`: 30001 is longer than [limits] deadline_ms",
    ),
    (
        "[[capability]]\nname = \"a\"\neffects = \"write\"\nundo = \"b\"",
        "1:3: `capability`: `a`: undo names `b`",
    ),
    (
        "[permissions]\nkv = true\n[[capability]]\nname = \"a\"\neffects = \"pure\"\nneeds = [\"kv\"]",
        "6:1: `needs`: a pure capability",
    ),
    ("[[permissions.fs]]\nname = \"x\"\naccess = \"all\"", "3:1: `access`: unknown variant `all`"),
    ("[permissions.events]\npublish = [\"scan.*\"]", "2:12: `publish`: `scan.*` is not a topic"),
    ("[[permissions.events.subscribe]]\ntopic = \"a\"", "1:1: `capability` is missing in [subscribe]"),
    (
        "[[permissions.events.subscribe]]\ntopic = \"a\"\ncapability = \"x\"\n[[capability]]\nname = \"b\"\neffects = \"read\"",
        "4:3: `capability`: [[permissions.events.subscribe]] names `x` for `a`, which this manifest does not declare",
    ),
    (
        "[[permissions.events.subscribe]]\ntopic = \"a\"\ncapability = \"b\"\n[[capability]]\nname = \"b\"\neffects = \"read\"\nneeds = [\"subscribe:a\"]",
        "7:1: `needs`: `subscribe:a` is used by the host",
    ),
    (
        "[[permissions.fs]]\nname = \"x\"\naccess = \"read\"\nquota_mb = 5",
        "4:1: `quota_mb`: has no meaning for a folder that is only read",
    ),
    (
        "[[permissions.fs]]\nname = \"x\"\naccess = \"write\"\nentries = 0",
        "4:1: `entries`: 0 is not between 1 and",
    ),
    ("[metadata]\ntags = [\"a\u{202e}b\"]", "2:9: `tags`: character 2 is U+202E, a format character"),
    ("[x\n", "1:3: not TOML"),
];

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, expected) in WRONG {
        let found = problem(text);
        assert!(found.starts_with(expected), "{text}\n  {found}\n  {expected}");
    }
}

#[test]
fn the_root_keys_are_judged_too() {
    for (from, to, expected) in [
        ("version = \"1.2.3\"", "version = \"1.2\"", "3:1: `version`: `1.2` is not a semantic version"),
        ("version = \"1.2.3\"", "verison = \"1.2.3\"", "`version` is missing"),
        ("version = \"1.2.3\"", "verison = \"1.2.3\"", "did you mean `version`?"),
        ("version = \"1.2.3\"", "", "`version` is missing"),
        ("id = \"security-scanner\"", "id = \"Security\"", "2:1: `id`: `Security` is not a plugin name"),
        ("kind = \"monitor\"", "kind = \"bot\"", "4:1: `kind`: unknown variant `bot`"),
        ("kind = \"monitor\"", "kind = 1", "4:1: `kind`: expected a string, found a whole number"),
        ("kind = \"monitor\"", "kind = \"tool\"\nid = \"x\"", "not TOML: duplicate key"),
        (
            "\"scanner.wasm\"",
            "\"../scanner.wasm\"",
            "6:1: `path`: `../scanner.wasm` leaves the plugin's folder",
        ),
        ("\"scanner.wasm\"", "\"/etc/passwd\"", "leaves the plugin's folder"),
        ("\"scanner.wasm\"", "\"a\\\\b\"", "leaves the plugin's folder"),
        ("\"scanner.wasm\"", "\"\"", "leaves the plugin's folder"),
        ("world = \"plugin\"", "world = \"orchestrator\"", "7:1: `world`: the only world"),
        ("world = \"plugin\"", "world = \"plugin\"\nhash = \"12\"", "8:1: `hash`: `12` is not a BLAKE3 hash"),
        (
            "world = \"plugin\"",
            "world = \"plugin\"\nsignature = \"12\"",
            "8:1: `signature` in [component] is not supported",
        ),
    ] {
        let error = parse(&LEAST.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}\n  {error}");
    }
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_lines() {
    let error = parse("id = \"A\"\nversion = \"x\"\nkind = \"y\"\nzzz = 1\n").unwrap_err();
    let lines: Vec<usize> = error.problems().iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [1, 1, 2, 3, 4], "{error}");
}

#[test]
fn texts_for_people_hide_nothing() {
    for c in ['\u{200b}', '\u{202e}', '\u{e0041}', '\u{e000}', '\u{7}', '\u{feff}'] {
        for key in ["display_name", "description", "author", "license"] {
            let escaped = format!("\\U{:08X}", u32::from(c));
            let error = parse(&format!("{key} = \"ab{escaped}\"\n{LEAST}")).unwrap_err().to_string();
            assert!(error.contains(&format!("`{key}`: character 3 is U+{:04X}", u32::from(c))), "{error}");
        }
    }
    let long = parse(&format!("description = \"{}\"\n{LEAST}", "x".repeat(2001))).unwrap_err().to_string();
    assert!(long.contains("2001 bytes; the most is 2000"), "{long}");
}

#[test]
fn very_many_problems_are_counted_and_not_all_told() {
    let lines: String = (0..17_000).map(|number| format!("k{number} = 1\n")).collect();
    let error = parse(&format!("{lines}{ALL}")).unwrap_err();
    let (last, told) = error.problems().split_last().unwrap();
    assert_eq!(told.len(), 100);
    assert_eq!(last.message, "and 16900 more problems; mend these first");
}

#[test]
fn no_text_makes_the_reader_panic() {
    // A small generator of its own: the cases have to be the same on every machine.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    let pieces =
        ["[", "]", "[[", "=", "\"", "\n", "{", "}", "1e999", "\u{0}", "é", "-", ".", "#", "'''", "nan"];
    for _ in 0..2000 {
        let mut text = ALL.to_owned();
        for _ in 0..=next(3) {
            let mut at = next(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            match next(3) {
                0 => text.truncate(at),
                1 => text.insert_str(at, pieces[next(pieces.len())]),
                _ => drop(text.remove(at)),
            }
            if text.is_empty() {
                text.push('x');
            }
        }
        if let Err(error) = parse(&text) {
            assert!(!error.problems().is_empty() && !error.to_string().contains('\u{1b}'));
        }
    }
    for bomb in [
        "[".repeat(50_000),
        format!("x = {}", "[".repeat(50_000)),
        format!("x = {}", "{a=".repeat(50_000)),
        "a.".repeat(50_000),
    ] {
        assert!(parse(&bomb).is_err());
    }
    assert!(parse(&" ".repeat(300_000)).unwrap_err().to_string().contains("300000 bytes"));
}

#[test]
fn lint_finds_secrets_wherever_they_hide() {
    for (config, rule) in [
        ("api_key = \"x\"", Some("literal-secret")),
        ("githubToken = \"abc\"", Some("literal-secret")),
        ("db = { password = \"abc\" }", Some("literal-secret")),
        ("list = [\"ghp_0123456789abcdef0123\"]", Some("literal-secret")),
        ("words = \"-----BEGIN RSA PRIVATE KEY-----\"", Some("literal-secret")),
        ("api_key = \"secret://NAME\"", None),
        ("anything = \"secret://NAME\"", None),
        ("max_tokens = 5", None),
        ("max_tokens = \"5\"", None),
        ("token = \"\"", None),
        ("monkey = \"banana\"", None),
        ("greeting = \"sk-\"", None),
    ] {
        let hooks = "[lifecycle]\nsetup = true";
        let secret = "[[permissions.net]]\nname = \"api\"\nmethods = [\"GET\"]\n\
                      [[permissions.secrets]]\nname = \"NAME\"\nnet = [\"api\"]";
        let text = format!(
            "description=\"d\"\nauthor=\"a\"\nlicense=\"l\"\n{LEAST}{hooks}\n{secret}\n[config]\n{config}"
        );
        let found = lint::lint(&parse(&text).unwrap(), &text, Path::new("/nonexistent"));
        let last = text.lines().count();
        assert!(found.iter().all(|lint| lint.line.is_none() || lint.line == Some(last)), "{found:?}");
        let errors: Vec<_> = found.iter().filter(|lint| lint.severity == lint::Severity::Error).collect();
        assert_eq!(errors.first().map(|lint| lint.rule), rule, "{config}");
        assert!(errors.iter().all(|lint| !lint.message.contains("0123456789")));
        let warnings: Vec<_> = found.iter().filter(|lint| lint.severity == lint::Severity::Warning).collect();
        assert_eq!(warnings.iter().map(|lint| lint.rule).collect::<Vec<_>>(), ["no-readme", "no-cases"]);
    }
    let text = format!("{LEAST}[permissions]\nkv = true");
    let asks = parse(&text).unwrap();
    let rules: Vec<_> =
        lint::lint(&asks, &text, Path::new("/nonexistent")).iter().map(|lint| lint.rule).collect();
    assert!(rules.contains(&"unused-permission") && rules.contains(&"no-identity"));
}

#[test]
fn the_network_is_asked_for_by_name_host_and_method() {
    let net =
        |text: &str| format!("{}\n[[permissions.net]]\nname = \"api\"\nmethods = [\"GET\"]\n{text}", LEAST);
    let asked = parse(&net("origins = [\"https://api.example.org\"]")).unwrap();
    assert_eq!(asked.permissions.net[0].ask.meaning(), "send requests (GET) to https://api.example.org");
    for (text, says) in [
        ("origins = []", "names no host"),
        ("origins = [\"https://*\"]", "is not an origin"),
        ("origins = [\"http://127.0.0.1\"]", "only an operator"),
        ("origins = [\"http://localhost:80\"]", "only an operator"),
        ("origins = [\"https://a.org@10.0.0.0/8\"]", "only an operator"),
        ("hosts = [\"a.org\"]", "unknown key"),
    ] {
        let problems = format!("{:?}", parse(&net(text)).unwrap_err());
        assert!(problems.contains(says), "{text}: {problems}");
    }
    let methods = net("").replace("\"GET\"", "\"CONNECT\"");
    assert!(format!("{:?}", parse(&methods).unwrap_err()).contains("not a method that can be granted"));
}

#[test]
fn topics_are_asked_for_by_name() {
    let more = "[permissions.events]\npublish = [\"scan.begun\", \"scan.finished\"]\n\
        [[permissions.events.subscribe]]\ntopic = \"note.kept\"\ncapability = \"on_note\"\n\
        [[capability]]\nname = \"on_note\"\neffects = \"write\"\n";
    let manifest = parse(&format!("{LEAST}{more}")).unwrap();
    let scopes: Vec<String> = manifest.scopes().iter().map(ToString::to_string).collect();
    assert_eq!(scopes, ["publish:scan.begun", "publish:scan.finished", "subscribe:note.kept"]);
    let needs: Vec<String> =
        manifest.capability("on_note").unwrap().needs.iter().map(ToString::to_string).collect();
    assert_eq!(needs, ["publish:scan.begun", "publish:scan.finished"], "the host uses the subscription");
    let twice = more.replace(
        "[[capability]]",
        "[[permissions.events.subscribe]]\ntopic = \"note.kept\"\ncapability = \"on_note\"\n[[capability]]",
    );
    assert!(parse(&format!("{LEAST}{twice}")).unwrap_err().to_string().contains("stands here twice"));
}
