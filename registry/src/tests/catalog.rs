//! Who answers, from memory; and memory following the database.

use std::time::{Duration, Instant};

use ares_kernel::facts::Integrity;
use ares_kernel::ports::{Catalog as _, Provision, Resolution, Route};

use super::*;

fn resolve(registry: &Registry, capability: &str, provider: Option<&str>) -> Resolution {
    let mut request = Request::new(operator(), capability.parse().unwrap(), "{}");
    request.provider = provider.map(name);
    wait(registry.resolve(&request))
}

fn route(registry: &Registry, capability: &str) -> Route {
    match resolve(registry, capability, None).provision {
        Provision::Ready(route) => route,
        other => panic!("{other:?}"),
    }
}

#[test]
fn providers_are_ranked_and_the_reason_is_given() {
    let state = State::new();
    let registry = state.open();
    registry.register(plugin("beta", "1.0.0", "", &[("scan", "pure")]), &operator()).unwrap();
    registry.register(plugin("alpha", "1.0.0", "", &[("scan", "pure")]), &operator()).unwrap();
    let high = plugin("zeta", "2.0.0", "[behavior]\npriority = \"high\"", &[("scan", "pure")]);
    registry.register(high, &operator()).unwrap();
    let found = resolve(&registry, "scan", None);
    let ranking: Vec<(&str, &str)> =
        found.ranking.iter().map(|ranked| (ranked.plugin.as_str(), ranked.reason.as_str())).collect();
    let by_name = "priority normal, then by name";
    assert_eq!(ranking, [("zeta", "priority high"), ("alpha", by_name), ("beta", by_name)]);
    assert_eq!(route(&registry, "scan").plugin.name.as_str(), "zeta");

    registry.set_enabled(&name("zeta"), false, &operator()).unwrap();
    assert_eq!(route(&registry, "scan").plugin.name.as_str(), "alpha");
    let wanted = resolve(&registry, "scan", Some("zeta")).provision;
    assert!(matches!(wanted, Provision::Disabled { plugins } if plugins == [name("zeta")]));
    registry.set_enabled(&name("alpha"), false, &operator()).unwrap();
    registry.set_enabled(&name("beta"), false, &operator()).unwrap();
    let none = resolve(&registry, "scan", None).provision;
    assert!(matches!(none, Provision::Disabled { plugins } if plugins.len() == 3));
}

#[test]
fn what_cannot_be_had_says_why() {
    let state = State::new();
    let registry = state.open();
    let scanner = [("scan_folder", "pure"), ("scan_text", "pure"), ("other", "pure")];
    registry.register(plugin("scanner", "1.0.0", "", &scanner), &operator()).unwrap();
    let near = |wanted: &str| match resolve(&registry, wanted, None).provision {
        Provision::Unknown { near } => near.iter().map(ToString::to_string).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(near("scan_foldr"), ["scan_folder"]);
    assert_eq!(near("scan"), ["scan_folder", "scan_text"]);
    assert_eq!(near("weather"), Vec::<String>::new());
    assert!(matches!(resolve(&registry, "other", Some("nobody")).provision, Provision::NoSuchPlugin));
    assert!(matches!(resolve(&registry, "absent", Some("scanner")).provision, Provision::NotExported));
}

#[test]
fn a_call_gets_the_grants_narrowed_to_what_it_needs() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    assert!(route(&registry, "put_note").capability.grants.kv());
    assert!(route(&registry, "put_note").plugin.grants.kv());
    registry.grants_revoke(&name("notes"), &[Scope::Kv].into(), &operator()).unwrap();
    assert!(!route(&registry, "put_note").capability.grants.kv());
}

#[test]
fn bytes_that_changed_are_known_until_they_are_right_again() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let blake3 = route(&registry, "get_note").plugin.blake3;
    let changed = Integrity::Changed("one byte".to_owned());
    registry.report_integrity(blake3, changed.clone());
    assert_eq!(route(&registry, "get_note").integrity, changed);
    registry.report_integrity(blake3, Integrity::Intact);
    assert_eq!(route(&registry, "get_note").integrity, Integrity::Intact);
}

#[test]
fn what_has_not_changed_is_the_very_same_value() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let before = registry.snapshot();
    registry.register(plugin("other", "1.0.0", "", &[("x", "pure")]), &operator()).unwrap();
    let after = registry.snapshot();
    assert!(Arc::ptr_eq(before.plugin(&name("notes")).unwrap(), after.plugin(&name("notes")).unwrap()));
    assert!(after.revision() > before.revision());
    registry.config_set(&name("notes"), "pages", &1.into(), &operator()).unwrap();
    let last = registry.snapshot();
    assert!(!Arc::ptr_eq(after.plugin(&name("notes")).unwrap(), last.plugin(&name("notes")).unwrap()));
    assert_eq!(last.plugin(&name("notes")).unwrap().config.get("pages"), Some(&1.into()));
}

#[test]
fn changes_of_others_are_seen_by_themselves() {
    let state = State::new();
    let (one, two) = (state.open(), state.open());
    let until = |done: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !done() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it was not seen");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    one.register(notes(), &operator()).unwrap();
    until(&|| two.is_registered(&name("notes")));
    // With whatever program: the database is the only truth.
    let raw = state.raw();
    raw.pragma_update(None, "foreign_keys", true).unwrap();
    raw.execute("DELETE FROM modules", ()).unwrap();
    until(&|| !one.is_registered(&name("notes")) && !two.is_registered(&name("notes")));
}

#[test]
fn every_limit_is_kept_and_the_hosts_maximum_stands_above() {
    let asked = "[limits]\nmemory_mb = 10\ntable_elements = 11\nfuel = 12\ndeadline_ms = 13\ninput_bytes = 14\n\
        output_bytes = 15\nhost_calls = 16\nlog_lines = 17\nkv_bytes = 18\nhttp_requests = 20\nhttp_sent_bytes = 21\nhttp_received_bytes = 22\n\
        file_bytes = 23\nfiles = 24\nfolders = 25\nkv_total_bytes = 26\nkv_keys = 27\nconcurrency = 19\nper_minute = 18\nper_hour = 19";
    let limits = ares_kernel::facts::Limits {
        memory_bytes: 10 << 20,
        table_elements: 11,
        fuel: 12,
        deadline: Duration::from_millis(13),
        input_bytes: 14,
        output_bytes: 15,
        host_calls: 16,
        log_lines: 17,
        kv_bytes: 18,
        http_requests: 20,
        http_sent_bytes: 21,
        http_received_bytes: 22,
        concurrency: Some(19),
        file_bytes: 23,
        files: 24,
        folders: 25,
        kv_total_bytes: 26,
        kv_keys: 27,
        per_minute: Some(18),
        per_hour: Some(19),
    };
    let state = State::new();
    let registry = state.open();
    registry.register(plugin("p", "1.0.0", asked, &[("x", "pure")]), &operator()).unwrap();
    assert_eq!(registry.snapshot().plugin(&name("p")).unwrap().limits, limits);
    for (key, more) in [("table_elements", 40_001_u64), ("host_calls", 10_000_001), ("kv_bytes", 17 << 20)] {
        let greedy = plugin("q", "1.0.0", &format!("[limits]\n{key} = {more}"), &[("y", "pure")]);
        let error = registry.register(greedy, &operator()).unwrap_err().to_string();
        assert!(error.contains(&format!("limits.{key}")), "{error}");
    }
    drop(registry);
    let mut options = state.options();
    options.maxima.fuel = 5;
    let registry = Registry::open(&state.path(), options).unwrap();
    assert_eq!(registry.snapshot().plugin(&name("p")).unwrap().limits.fuel, 5, "the maximum was lowered");
}
