//! Registering, granting, configuring: each change with its event, or no change.

use std::collections::BTreeSet;

use ares_kernel::facts::Place;
use ares_kernel::ports::Health;
use serde_json::json;

use super::*;
use crate::{
    CapabilityQuery, EventQuery, EventView, ModuleFilter, Origin, RegistryError, State as PluginState,
    StatusChange,
};

fn events(registry: &Registry, kind: &str) -> Vec<EventView> {
    registry.events(&EventQuery { types: vec![kind.to_owned()], plugin: None, limit: 100 }).unwrap()
}

#[test]
fn name_unique() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let raw = state.raw();
    let twice = "INSERT INTO modules SELECT 99, randomblob(16), name, display_name, type, version, entry_point,
        main_function, config_path, installed_at, updated_at, enabled, auto_start, description, author, license,
        category, tags, features, priority, singleton, cache_results, revision FROM modules";
    assert!(raw.execute(twice, ()).unwrap_err().to_string().contains("modules.name"));
    assert!(raw.execute("UPDATE modules SET version = 'one'", ()).unwrap_err().to_string().contains("CHECK"));
}

#[test]
fn the_same_version_is_registered_once_and_with_one_content() {
    let state = State::new();
    let registry = state.open();
    let first = registry.register(notes(), &operator()).unwrap();
    assert!(!first.unchanged);
    assert_eq!((first.asked, first.granted), (vec!["kv".to_owned()], vec!["kv".to_owned()]));
    assert!(registry.register(notes(), &operator()).unwrap().unchanged);
    assert_eq!(events(&registry, "registered").len(), 1);

    let mut other = notes();
    other.blake3 = Blake3::of(b"other bytes");
    let error = registry.register(other.clone(), &operator()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, RegistryError::SameVersion(_)));
    assert!(text.contains(&other.blake3.to_string()) && text.contains(&notes().blake3.to_string()), "{text}");
    other.replace = true;
    registry.register(other.clone(), &operator()).unwrap();
    assert_eq!(registry.module(&name("notes")).unwrap().blake3, other.blake3);
    assert_eq!(registry.versions(&name("notes")).unwrap().len(), 1);
    assert_eq!(registry.check().unwrap(), []);
}

#[test]
fn what_cannot_be_registered_leaves_nothing() {
    let state = State::new();
    let registry = state.open();
    let mut twice = notes();
    twice.capabilities.push(twice.capabilities[0].clone());
    let mut schema = notes();
    schema.capabilities[1].input_schema = r#"{"type":"strnig"}"#.to_owned();
    let greedy = plugin("notes", "1.0.0", "[limits]\nmemory_mb = 300", &[("x", "pure")]);
    let large = "[[permissions.fs]]\nname = \"x\"\naccess = \"write\"\nquota_mb = 65537";
    let large = plugin("notes", "1.0.0", large, &[("x", "pure")]);
    let many = plugin("notes", "1.0.0", "[limits]\nfiles = 100001", &[("x", "pure")]);
    let mut unasked = plugin("notes", "1.0.0", "", &[("x", "pure")]);
    unasked.grants.insert(Scope::Kv, None);
    for (registration, word) in [
        (twice, "put_note"),
        (schema, "get_note"),
        (greedy, "memory_mb = 300"),
        (large, "quota_mb = 65537"),
        (many, "files = 100001"),
        (unasked, "kv"),
    ] {
        let error = registry.register(registration, &operator()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
        assert_eq!(registry.modules(&ModuleFilter::default()).unwrap(), []);
    }
    assert_eq!(events(&registry, "registered"), []);
}

#[test]
fn fk_cascade_and_events_outlive_the_plugin() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    registry.update_status(&name("notes"), StatusChange::to(PluginState::Running)).unwrap();
    registry.config_set(&name("notes"), "pages", &json!(1), &operator()).unwrap();
    assert_eq!(registry.unregister(&name("notes"), &operator()).unwrap().len(), 1);
    for table in
        ["module_versions", "capabilities", "dependencies", "grants", "status", "configurations", "kv"]
    {
        let count = format!("SELECT count(*) FROM {table}");
        let left: i64 = state.raw().query_row(&count, (), |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{table}");
    }
    let query = EventQuery { types: vec![], plugin: Some("notes".to_owned()), limit: 100 };
    let left = registry.events(&query).unwrap();
    let kinds: Vec<&str> = left.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["registered", "granted", "started", "configured", "unregistered"]);
    assert!(left.iter().all(|event| event.module.is_none()));
    assert_eq!(left[0].actor.as_deref(), Some("human:operator"));
    assert!(matches!(
        registry.unregister(&name("notes"), &operator()),
        Err(RegistryError::NoSuchPlugin { .. })
    ));
}

#[test]
fn dep_types() {
    let state = State::new();
    let registry = state.open();
    let more = "[dependencies]\nhost = \">=0.1\"\n[dependencies.modules]\nother = \">=2.0.0\"\n\
        [dependencies.system]\nffmpeg = \"*\"\n[dependencies.python]\nrequests = \">=2\"\n\
        [[dependencies.apis]]\nname = \"graph\"\nendpoint = \"https://graph.example\"\nauth = \"bearer\"\n";
    registry.register(plugin("p", "1.0.0", more, &[("x", "pure")]), &operator()).unwrap();
    let found = registry.dependencies(&name("p")).unwrap();
    let kinds: BTreeSet<&str> = found.iter().map(|view| view.kind.as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(["api", "host", "module", "python", "system"]));
    let api = found.iter().find(|view| view.kind == "api").unwrap();
    assert_eq!(api.detail, Some(json!({ "auth": "bearer", "endpoint": "https://graph.example" })));
    let other = found.iter().find(|view| view.kind == "module").unwrap();
    assert_eq!(
        (other.name.as_str(), other.version_constraint.as_deref(), other.required),
        ("other", Some(">=2.0.0"), true)
    );
    let wrong = "UPDATE dependencies SET dependency_type = 'perl'";
    assert!(state.raw().execute(wrong, ()).unwrap_err().to_string().contains("CHECK"));
}

#[test]
fn state_enum_checked() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    assert_eq!(registry.status(&name("notes")).unwrap().state, PluginState::Unknown);
    assert!(registry.update_status(&name("notes"), StatusChange::to(PluginState::Unknown)).is_err());
    assert!(registry.record_health(&name("notes"), Health::Healthy, "").is_err(), "it was never started");
    for word in [
        PluginState::Stopped,
        PluginState::Starting,
        PluginState::Running,
        PluginState::Error,
        PluginState::Crashed,
    ] {
        registry.update_status(&name("notes"), StatusChange::to(word)).unwrap();
        assert_eq!(registry.status(&name("notes")).unwrap().state, word);
    }
    for sql in ["UPDATE status SET state = 'unknown'", "UPDATE status SET health_status = 'fine'"] {
        assert!(state.raw().execute(sql, ()).unwrap_err().to_string().contains("CHECK"), "{sql}");
    }
}

#[test]
fn restart_count_counts_restarts_only() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let to = |state, restarted| {
        registry.update_status(&name("notes"), StatusChange { state, error: None, restarted }).unwrap()
    };
    let status = || registry.status(&name("notes")).unwrap();
    to(PluginState::Starting, false);
    assert_eq!((status().started_at_ms, status().restart_count), (None, 0));
    to(PluginState::Running, false);
    assert!(status().started_at_ms.is_some() && status().process_id == Some(std::process::id()));
    to(PluginState::Stopped, false);
    to(PluginState::Running, false);
    assert_eq!(status().restart_count, 0);
    to(PluginState::Crashed, false);
    to(PluginState::Running, true);
    assert_eq!(status().restart_count, 1);
    assert!(status().stopped_at_ms.is_some());
    registry.record_health(&name("notes"), Health::Healthy, "").unwrap();
    registry.record_health(&name("notes"), Health::Healthy, "").unwrap();
    registry.record_health(&name("notes"), Health::Degraded, "slow").unwrap();
    assert_eq!(status().health_status.as_deref(), Some("degraded"));
    assert_eq!(events(&registry, "health_check").len(), 2);
}

#[test]
fn lists() {
    let state = State::new();
    let registry = state.open();
    let auto = "features = [\"fast\"]\n[behavior]\nauto_start = true\n[metadata]\ntags = [\"x\"]\ncategory = \"core\"";
    registry.register(plugin("b", "1.0.0", auto, &[("x", "pure")]), &operator()).unwrap();
    registry.register(plugin("a", "1.0.0", "", &[("x", "pure")]), &operator()).unwrap();
    let names = |filter: ModuleFilter| {
        let views = registry.modules(&filter).unwrap();
        views.iter().map(|view| view.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(ModuleFilter::default()), ["a", "b"]);
    assert_eq!(names(ModuleFilter { auto_start: true, ..ModuleFilter::default() }), ["b"]);
    assert_eq!(names(ModuleFilter { tag: Some("x".to_owned()), ..ModuleFilter::default() }), ["b"]);
    assert_eq!(names(ModuleFilter { category: Some("core".to_owned()), ..ModuleFilter::default() }), ["b"]);
    assert_eq!(names(ModuleFilter { kind: Some("tool".to_owned()), ..ModuleFilter::default() }), ["a", "b"]);
    assert_eq!(names(ModuleFilter { kind: Some("monitor".to_owned()), ..ModuleFilter::default() }), [""; 0]);
    assert!(registry.set_enabled(&name("b"), false, &operator()).unwrap());
    assert!(!registry.set_enabled(&name("b"), false, &operator()).unwrap());
    assert_eq!(names(ModuleFilter { auto_start: true, ..ModuleFilter::default() }), [""; 0]);
}

#[test]
fn caps_deps() {
    let state = State::new();
    let registry = state.open();
    registry
        .register(
            plugin("bridge", "1.0.0", "features = [\"chat\"]", &[("send_message", "read")]),
            &operator(),
        )
        .unwrap();
    registry.register(plugin("scanner", "1.0.0", "", &[("scan_text", "pure")]), &operator()).unwrap();
    let find = |query: CapabilityQuery| {
        let views = registry.capabilities(&query).unwrap();
        views.iter().map(|view| view.capability.to_string()).collect::<Vec<_>>()
    };
    let words = |text: &str| CapabilityQuery { find: Some(text.to_owned()), ..CapabilityQuery::default() };
    assert_eq!(find(CapabilityQuery::default()), ["scan_text", "send_message"]);
    assert_eq!(find(words("Send message")), ["send_message"]);
    assert_eq!(find(words("text")), ["scan_text", "send_message"], "a name is worth more than a description");
    assert_eq!(find(words("text nowhere")), [""; 0]);
    assert_eq!(
        find(CapabilityQuery { feature: Some("chat".to_owned()), ..CapabilityQuery::default() }),
        ["send_message"]
    );
    registry.set_enabled(&name("bridge"), false, &operator()).unwrap();
    assert_eq!(find(CapabilityQuery::default()), ["scan_text"]);
    assert_eq!(
        find(CapabilityQuery { plugin: Some(name("bridge")), ..CapabilityQuery::default() }),
        ["send_message"]
    );
}

#[test]
fn versions_live_side_by_side_and_any_can_be_made_active() {
    let state = State::new();
    let registry = state.open();
    registry.register(plugin("p", "1.0.0", "", &[("old", "pure")]), &operator()).unwrap();
    let second = registry.register(plugin("p", "1.10.0", "", &[("new", "pure")]), &operator()).unwrap();
    assert_eq!(second.was.as_deref(), Some("1.0.0"));
    let versions: Vec<String> = registry
        .versions(&name("p"))
        .unwrap()
        .iter()
        .map(|view| format!("{} {}", view.version, view.active))
        .collect();
    assert_eq!(versions, ["1.10.0 true", "1.0.0 false"]);
    let old = "1.0.0".parse().unwrap();
    assert_eq!(registry.activate(&name("p"), &old, &operator()).unwrap().to_string(), "1.10.0");
    let capabilities = registry.capabilities(&CapabilityQuery::default()).unwrap();
    assert_eq!(capabilities[0].capability.as_str(), "old");
    assert_eq!(registry.snapshot().plugin(&name("p")).unwrap().version, old);
    assert_eq!(registry.module(&name("p")).unwrap().version, old);
    assert_eq!(registry.manifest(&name("p"), None).unwrap().0.version, old);
    let error = registry.activate(&name("p"), &"3.0.0".parse().unwrap(), &operator()).unwrap_err();
    assert!(error.to_string().contains("1.10.0, 1.0.0"), "{error}");
    assert_eq!(
        registry.lock_entries().unwrap(),
        [crate::lockfile::LockEntry::from(&plugin("p", "1.0.0", "", &[("old", "pure")]))]
    );
    assert_eq!(registry.check().unwrap(), []);
}

#[test]
fn only_a_folder_outside_the_state_directory_can_be_granted() {
    let state = State::new();
    let outside = tempfile::tempdir().unwrap();
    fs_err::create_dir(state.0.path().join("inside")).unwrap();
    fs_err::os::unix::fs::symlink(state.0.path().join("inside"), outside.path().join("link")).unwrap();
    fs_err::write(outside.path().join("file"), "").unwrap();
    let registry = state.open();
    let asks = |access| format!("[[permissions.fs]]\nname = \"data\"\naccess = \"{access}\"");
    registry.register(plugin("p", "1.0.0", &asks("read"), &[("x", "read")]), &operator()).unwrap();
    let allow = |folder: Option<PathBuf>| {
        registry.grants_allow(
            &name("p"),
            &BTreeMap::from([("fs:data".parse().unwrap(), folder.map(Place::Folder))]),
            &operator(),
        )
    };
    let inside = state.0.path().join("inside");
    for bad in [
        inside,
        outside.path().join("link"),
        "/".into(),
        "/proc/self".into(),
        "/dev/shm".into(),
        state.0.path().to_owned(),
        outside.path().join("file"),
        outside.path().join("none"),
    ] {
        let error = allow(Some(bad.clone())).unwrap_err();
        assert!(matches!(error, RegistryError::FolderRefused { .. }), "{}: {error}", bad.display());
    }
    assert!(matches!(allow(None), Err(RegistryError::FolderNeeded { .. })));
    let views = allow(Some(outside.path().join("."))).unwrap();
    assert_eq!(views[0].folder.as_deref(), Some(outside.path().canonicalize().unwrap().as_path()));
    // A later version asks for more, and does not have it.
    let later =
        registry.register(plugin("p", "2.0.0", &asks("write"), &[("x", "write")]), &operator()).unwrap();
    assert_eq!(later.new_asks, ["fs:data"]);
    assert!(!registry.grants(&name("p")).unwrap()[0].in_full());
    let access =
        |registry: &Registry| registry.snapshot().plugin(&name("p")).unwrap().grants.folders()[0].access;
    assert_eq!(access(&registry), ares_kernel::facts::Access::Read);
    allow(Some(outside.path().to_owned())).unwrap();
    assert_eq!(access(&registry), ares_kernel::facts::Access::Write);
    let revoked = registry
        .grants_revoke(&name("p"), &BTreeSet::from(["fs:data".parse().unwrap()]), &operator())
        .unwrap();
    assert!(!revoked[0].granted);
    let again =
        registry.grants_revoke(&name("p"), &BTreeSet::from(["fs:data".parse().unwrap()]), &operator());
    assert!(matches!(again, Err(RegistryError::NotGranted { .. })));
    assert_eq!(events(&registry, "granted").len(), 2);
}

#[test]
fn a_folder_around_the_host_s_own_files_cannot_be_granted_to_be_changed() {
    let (state, outside) = (State::new(), tempfile::tempdir().unwrap());
    let file = outside.path().join("ares.toml");
    fs_err::write(&file, "").unwrap();
    fs_err::create_dir(outside.path().join("data")).unwrap();
    let registry =
        Registry::open(&state.path(), Options { own_files: vec![file], ..state.options() }).unwrap();
    let asks = |name, access| format!("[[permissions.fs]]\nname = \"{name}\"\naccess = \"{access}\"\n");
    let both = asks("out", "write") + &asks("in", "read");
    registry.register(plugin("p", "1.0.0", &both, &[("x", "write")]), &operator()).unwrap();
    let allow = |scope: &str, folder: PathBuf| {
        let grants = BTreeMap::from([(scope.parse().unwrap(), Some(Place::Folder(folder)))]);
        registry.grants_allow(&name("p"), &grants, &operator())
    };
    let error = allow("fs:out", outside.path().to_owned()).unwrap_err();
    assert!(error.to_string().contains("ares.toml"), "{error}");
    allow("fs:out", outside.path().join("data")).unwrap();
    allow("fs:in", outside.path().to_owned()).unwrap();
}

#[test]
fn a_configuration_is_overridden_once_per_key_and_matches_its_schema() {
    let state = State::new();
    let registry = state.open();
    let more = "[config]\ninterval = 30\n[config.schema]\ninterval = \"integer\"";
    registry.register(plugin("p", "1.0.0", more, &[("x", "pure")]), &operator()).unwrap();
    let set = |key: &str, value| registry.config_set(&name("p"), key, &value, &operator());
    set("interval", json!(5)).unwrap();
    let views = set("interval", json!(6)).unwrap();
    assert_eq!((views.len(), &views[0].value, views[0].origin), (1, &json!(6), Origin::Database));
    assert_eq!(views[0].manifest, Some(json!(30)));
    let rows: i64 =
        state.raw().query_row("SELECT count(*) FROM configurations", (), |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
    assert!(matches!(set("interval", json!("often")), Err(RegistryError::Config { .. })));
    assert!(matches!(set("unknown", json!(1)), Err(RegistryError::Config { .. })));
    assert_eq!(registry.config_unset(&name("p"), "interval", &operator()).unwrap()[0].value, json!(30));
    assert!(matches!(
        registry.config_unset(&name("p"), "interval", &operator()),
        Err(RegistryError::NoSuchOverride { .. })
    ));
}

#[test]
fn query_plans_use_index() {
    let state = State::new();
    let registry = state.open();
    let plan = |sql: &str| {
        let raw = state.raw();
        let mut explain = raw.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let lines = explain.query_map((), |row| row.get::<_, String>(3)).unwrap();
        lines.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    };
    let indexes = registry.schema().unwrap().indexes;
    for (index, sql) in [
        ("modules_name", "SELECT id FROM modules WHERE name = 'x'"),
        ("modules_type", "SELECT id FROM modules WHERE type = 'tool'"),
        ("modules_enabled", "SELECT id FROM modules WHERE enabled = 1"),
        ("capabilities_module", "SELECT * FROM capabilities WHERE module_id = 1"),
        ("dependencies_module", "SELECT * FROM dependencies WHERE module_id = 1"),
        ("status_module", "SELECT * FROM status WHERE module_id = 1"),
        ("events_module", "SELECT * FROM events WHERE module_id = 1"),
        ("status_state", "SELECT * FROM status WHERE state = 'running'"),
        ("events_type", "SELECT * FROM events WHERE event_type = 'registered'"),
        ("events_time", "SELECT * FROM events WHERE timestamp > 5"),
        (
            "invocations_capability",
            "SELECT * FROM invocations WHERE capability = 'x' ORDER BY id DESC LIMIT 5",
        ),
        ("invocations_running", "SELECT * FROM invocations WHERE owner = x'00' AND status = 'running'"),
    ] {
        assert!(indexes.iter().any(|found| found.name == index), "{index}");
        let plan = plan(sql);
        assert!(plan.contains(&format!("INDEX {index}")), "{sql}: {plan}");
    }
}

const NET: &str = "[[permissions.net]]\nname = \"api\"\nmethods = [\"GET\"]\n";

#[test]
fn hosts_are_granted_within_what_the_manifest_asks_for() {
    let state = State::new();
    let registry = state.open();
    let fixed = format!("{NET}origins = [\"https://*.example.org\"]");
    registry.register(plugin("p", "1.0.0", &fixed, &[("x", "network")]), &operator()).unwrap();
    let allow = |origins: Option<&[&str]>| {
        let origins = origins.map(|all| Place::Origins(all.iter().map(|one| one.parse().unwrap()).collect()));
        registry.grants_allow(
            &name("p"),
            &BTreeMap::from([("net:api".parse().unwrap(), origins)]),
            &operator(),
        )
    };
    let granted = || -> Vec<String> {
        let grants = registry.snapshot().plugin(&name("p")).unwrap().grants.net().to_vec();
        grants.iter().flat_map(|rule| &rule.origins).map(ToString::to_string).collect()
    };
    let error = allow(Some(&["https://example.net"])).unwrap_err();
    assert!(matches!(error, RegistryError::OriginNotAsked { .. }), "{error}");
    assert!(matches!(allow(Some(&[])), Err(RegistryError::OriginNeeded { .. })));
    let folder = Some(Place::Folder("/srv".into()));
    let folder = registry.grants_allow(
        &name("p"),
        &BTreeMap::from([("net:api".parse().unwrap(), folder)]),
        &operator(),
    );
    assert!(matches!(folder, Err(RegistryError::PlaceNotTaken { .. })));
    assert!(granted().is_empty());
    let views = allow(None).unwrap();
    assert_eq!(views[0].meaning, "send requests (GET) to https://*.example.org");
    assert_eq!(granted(), ["https://*.example.org"]);
    allow(Some(&["https://api.example.org@10.0.0.0/8"])).unwrap();
    assert_eq!(granted(), ["https://api.example.org@10.0.0.0/8"]);
    assert_eq!(events(&registry, "granted").len(), 2);
    // A later version asks for other hosts and methods: it has what both asks allow.
    let later = fixed.replace("*.example.org", "api.example.org").replace("\"GET\"", "\"GET\", \"POST\"");
    let later = registry.register(plugin("p", "2.0.0", &later, &[("x", "network")]), &operator()).unwrap();
    assert_eq!(later.new_asks, ["net:api"]);
    let grants = registry.grants(&name("p")).unwrap();
    assert!(grants[0].granted && !grants[0].in_full());
    let rules = registry.snapshot().plugin(&name("p")).unwrap().grants.net().to_vec();
    assert_eq!((rules[0].origins.len(), rules[0].methods.len()), (1, 1));
}

#[test]
fn without_hosts_in_the_manifest_the_operator_chooses() {
    let state = State::new();
    let registry = state.open();
    registry.register(plugin("p", "1.0.0", NET, &[("x", "network")]), &operator()).unwrap();
    let allow = |origins: Option<Place>| {
        registry.grants_allow(
            &name("p"),
            &BTreeMap::from([("net:api".parse().unwrap(), origins)]),
            &operator(),
        )
    };
    assert!(matches!(allow(None), Err(RegistryError::OriginNeeded { .. })));
    let views = allow(Some(Place::Origins(["http://127.0.0.1:8080".parse().unwrap()].into()))).unwrap();
    assert!(views[0].granted && views[0].in_full());
}
