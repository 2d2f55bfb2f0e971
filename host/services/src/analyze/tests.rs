//! Rules of an analysis on installations made for them: real registries, counts by hand.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ares_kernel::facts::{Came, Scope, Use};
use ares_kernel::gate::Weights;
use ares_kernel::{Blake3, Caller, FaultKind};
use ares_registry::manifest::Manifest;
use ares_registry::{
    CallCost, CallEdge, CapabilityRecord, ModuleFilter, NewPattern, Options, Registration, Registry, Waiting,
};
use serde_json::Value;

use super::finding::{Finding, Sure};
use super::*;
use crate::testing::Still;

struct Installed {
    folder: tempfile::TempDir,
    registry: Registry,
}

fn operator() -> Caller {
    Caller::Human("operator".to_owned())
}

const INPUT: &str = r#"{"additionalProperties":false,"properties":{"text":{"description":"What to take.","type":"string"}},"type":"object"}"#;

impl Installed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let registry = Registry::open(&path, Options::new(folder.path(), Arc::new(Still))).unwrap();
        Self { folder, registry }
    }

    /// A plugin with one capability that needs and is granted these scopes.
    fn plugin(&self, id: &str, capability: &str, scopes: &[&str], more: &str) -> &Self {
        self.plugin_taking(id, capability, scopes, (more, INPUT))
    }

    fn plugin_taking(
        &self,
        id: &str,
        capability: &str,
        scopes: &[&str],
        (more, input): (&str, &str),
    ) -> &Self {
        let scopes: Vec<Scope> = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
        let called = scopes.iter().filter_map(|scope| match scope {
            Scope::Call(capability) => Some(format!("\"{capability}\"")),
            _ => None,
        });
        let text = format!(
            "id = \"{id}\"\ndisplay_name = \"{id}\"\nversion = \"1.0.0\"\nkind = \"tool\"\n\
             description = \"A plugin for tests.\"\nauthor = \"tests\"\nlicense = \"Apache-2.0\"\n{more}\n\
             [permissions]\nkv = {}\ncall = [{}]\n[component]\npath = \"it.wasm\"\nworld = \"plugin\"\n\
             [[capability]]\nname = \"{capability}\"\neffects = \"read\"\n",
            scopes.contains(&Scope::Kv),
            called.collect::<Vec<_>>().join(", ")
        );
        let manifest = Manifest::parse(&text, Path::new("plugin.toml")).unwrap();
        let declared = manifest.capabilities.first().unwrap();
        let record = CapabilityRecord {
            id: declared.id.clone(),
            description: format!("Does {capability} to a text that is given."),
            input_schema: input.to_owned(),
            output_schema: r#"{"type":"object"}"#.to_owned(),
            effect: declared.effect,
            reversible: false,
            undo: None,
            idempotent: true,
            needs: scopes.clone(),
            targets: vec![],
            timeout_ms: None,
            trade_offs: vec![],
            implements: None,
            sequencing: None,
            cost: None,
            postcheck: None,
        };
        let registration = Registration {
            capabilities: vec![record],
            manifest_text: text,
            source: self.folder.path().join(id),
            blake3: Blake3::of(id.as_bytes()),
            size: 100,
            wit_track: "0.1".to_owned(),
            replace: false,
            grants: scopes.into_iter().map(|scope| (scope, None)).collect::<BTreeMap<_, _>>(),
            manifest,
        };
        self.registry.register(registration, &operator()).unwrap();
        self
    }

    /// Lets a capability have been used so often, the first of them badly.
    fn used(&self, plugin: &str, uses: u32, bad: u32) -> &Self {
        let snapshot = self.registry.snapshot();
        let plugin = snapshot.plugin(&plugin.parse().unwrap()).unwrap();
        for n in 0..uses {
            let came = if n < bad { Came::Fault } else { Came::Ok };
            plugin.capabilities.first().unwrap().track.add(Use {
                at_ms: 1_700_000_000_000,
                came,
                context: n % 4,
                input: n,
                id: n,
                shape: 0,
                fault: (came == Came::Fault).then_some(FaultKind::Trap),
                wall_us: 10,
                fuel: 10,
            });
        }
        self
    }

    fn ground(&self, change: impl FnOnce(&mut Ground)) -> Ground {
        self.ground_with(|_| {}, change)
    }

    fn ground_with(
        &self,
        count: impl FnOnce(&mut ares_registry::Analysis),
        change: impl FnOnce(&mut Ground),
    ) -> Ground {
        let registry = &self.registry;
        let mut facts = registry.analysis().unwrap();
        count(&mut facts);
        let modules = registry.modules(&ModuleFilter::default()).unwrap();
        let parts = (registry.snapshot(), modules, registry.all_versions().unwrap(), facts);
        let beside = (registry.lockout().unwrap(), Rules::default(), Vec::new());
        let mut ground = Ground::new(1_700_000_000_000, Weights::default(), parts, beside);
        change(&mut ground);
        ground
    }

    fn found(&self, change: impl FnOnce(&mut Ground)) -> Vec<(&'static str, Sure, String)> {
        named(findings::all(&self.ground(change)))
    }
}

fn named(found: Vec<Finding>) -> Vec<(&'static str, Sure, String)> {
    for finding in &found {
        assert!(!finding.evidence.is_empty(), "{finding:?}");
        assert!(!finding.counter_evidence.is_empty() && !finding.action.is_empty(), "{finding:?}");
    }
    found.into_iter().map(|finding| (finding.id, finding.level, finding.about)).collect()
}

fn one(id: &'static str, sure: Sure, about: &str) -> (&'static str, Sure, String) {
    (id, sure, about.to_owned())
}

fn calls(plugin: &str, capability: &str, many: usize, wall_us: u64) -> Vec<CallCost> {
    let cost = CallCost {
        plugin: plugin.to_owned(),
        capability: capability.to_owned(),
        wall_us,
        fuel: 1,
        peak_memory_bytes: 1,
        http_requests: 0,
        wrote_files: false,
    };
    vec![cost; many]
}

#[test]
fn a_sound_installation_has_seven_sections_and_no_finding() {
    let installed = Installed::new();
    installed.plugin("one", "do_one", &[], "").used("one", 9, 0);
    let answer = analysis(&installed.ground(|_| {}));
    let sections = answer["sections"].as_array().unwrap();
    let names: Vec<&str> = sections.iter().map(|section| section["name"].as_str().unwrap()).collect();
    let all = ["installation", "shared", "history", "graph", "performance", "gate", "findings"];
    assert_eq!(names, all);
    assert_eq!(answer["findings"], json!({ "HIGH": 0, "MEDIUM": 0, "LOW": 0 }), "{}", sections[6]);
    assert_eq!(sections[0]["rows"][0]["plugin"], "one");
    assert_eq!(
        (&sections[2]["rows"][0]["uses"], &sections[5]["rows"][0]["tier"]),
        (&json!(9), &json!("second"))
    );
}

#[test]
fn what_stops_the_whole_host_is_found() {
    let installed = Installed::new();
    installed
        .registry
        .change_lockout(ares_registry::LockoutChange::On("fire".to_owned()), &operator())
        .unwrap();
    let found = installed.found(|ground| {
        let never = |question: &str| (question.to_owned(), "never".to_owned());
        ground.rules.said = vec![never("pure"), never("read")];
        ground.rules.problem = Some("line 1: nonsense".to_owned());
        ground.differences = vec![("notes".to_owned(), "the copy is another".to_owned())];
        ground.facts.waiting = Waiting { calls: 10, since_ms: Some(0) };
    });
    let expected = [
        one("lockout", Sure::High, "host"),
        one("integrity", Sure::High, "notes"),
        one("rules-deny-all", Sure::High, "host"),
        one("rules-broken", Sure::High, "host"),
        one("approvals-pile-up", Sure::Medium, "host"),
    ];
    assert_eq!(found, expected);
    let found = Installed::new().found(|ground| {
        ground.rules.said =
            vec![("pure".to_owned(), "never".to_owned()), ("read".to_owned(), "auto".to_owned())];
        ground.facts.waiting = Waiting { calls: 9, since_ms: Some(0) };
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn what_is_needed_and_not_to_be_had_is_found() {
    let installed = Installed::new();
    installed.plugin("user", "use_it", &["call:do_it", "call:nothing"], "").used("user", 9, 0);
    installed.plugin("maker", "do_it", &[], "").used("maker", 9, 0);
    let single = one("single-point", Sure::Low, "maker");
    let missing = one("needed-and-missing", Sure::Medium, "user");
    assert_eq!(installed.found(|_| {}), [missing.clone(), single]);
    installed.registry.set_enabled(&"maker".parse().unwrap(), false, &operator()).unwrap();
    assert_eq!(installed.found(|_| {}), [one("disabled-but-needed", Sure::High, "user"), missing]);
    installed.plugin("second", "use_too", &["call:do_it"], "").used("second", 9, 0);
    installed.registry.set_enabled(&"maker".parse().unwrap(), true, &operator()).unwrap();
    assert!(installed.found(|_| {}).contains(&one("single-point", Sure::Medium, "maker")));
}

#[test]
fn a_circle_is_surer_once_it_was_gone_round() {
    let installed = Installed::new();
    installed.plugin("a", "do_a", &["call:do_b"], "").used("a", 9, 0);
    installed.plugin("b", "do_b", &["call:do_a"], "").used("b", 9, 0);
    assert!(installed.found(|_| {}).contains(&one("circle", Sure::Medium, "a,b")));
    let edge = |from: &str, to: &str| CallEdge {
        from: from.to_owned(),
        to: Some(to.to_owned()),
        capability: format!("do_{to}"),
        calls: 1,
    };
    let seen = installed.ground_with(|facts| facts.edges = vec![edge("a", "b"), edge("b", "a")], |_| {});
    assert!(named(findings::all(&seen)).contains(&one("circle", Sure::High, "a,b")));
}

#[test]
fn a_record_of_faults_is_found_by_its_share() {
    let found = |uses, bad| {
        let installed = Installed::new();
        installed.plugin("one", "do_one", &[], "").used("one", uses, bad).found(|_| {})
    };
    assert!(found(10, 1).is_empty());
    assert_eq!(found(10, 2), [one("faults", Sure::Medium, "one/do_one")]);
    assert_eq!(found(100, 30), [one("faults", Sure::High, "one/do_one")]);
    assert!(found(4, 4).is_empty(), "too few to say anything");
    assert_eq!(found(0, 0), [one("no-history", Sure::Low, "one")]);
}

#[test]
fn a_claim_is_held_against_what_was_measured() {
    let installed = Installed::new();
    installed.plugin("one", "do_one", &[], "[claims]\nlatency_p95_ms = 5").used("one", 9, 0);
    let found = |costs: Vec<CallCost>| {
        named(findings::all(&installed.ground_with(|facts| facts.costs = costs, |_| {})))
    };
    assert!(found(calls("one", "do_one", 30, 5_000)).is_empty());
    assert!(found(calls("one", "do_one", 19, 9_000)).is_empty(), "too few");
    assert_eq!(
        found(calls("one", "do_one", 30, 5_001)),
        [one("slower-than-claimed", Sure::High, "one/do_one")]
    );
    let mut mixed = calls("one", "do_one", 20, 10);
    mixed.extend(calls("one", "do_one", 10, 9_000));
    assert_eq!(found(mixed), [one("slower-than-claimed", Sure::Medium, "one/do_one")]);
}

#[test]
fn what_was_granted_and_never_used_is_found_where_use_can_be_seen() {
    let installed = Installed::new();
    installed.plugin("maker", "do_it", &[], "").used("maker", 9, 0);
    installed.plugin("user", "use_it", &["call:do_it", "kv"], "").used("user", 9, 0);
    let found = |many, edges: Vec<CallEdge>| {
        let count = |facts: &mut ares_registry::Analysis| {
            (facts.costs, facts.edges) = (calls("user", "use_it", many, 1), edges);
        };
        let found = named(findings::all(&installed.ground_with(count, |_| {})));
        found.into_iter().filter(|(id, ..)| *id == "granted-unused").collect::<Vec<_>>()
    };
    assert_eq!(found(20, vec![]), [one("granted-unused", Sure::Medium, "user")], "a store leaves no trace");
    assert!(found(19, vec![]).is_empty());
    let edge = CallEdge {
        from: "user".to_owned(),
        to: Some("maker".to_owned()),
        capability: "do_it".to_owned(),
        calls: 1,
    };
    assert!(found(20, vec![edge]).is_empty());
}

#[test]
fn providers_of_one_capability_are_compared() {
    let installed = Installed::new();
    installed.plugin("much", "do_it", &["kv"], "").used("much", 9, 0);
    installed.plugin("less", "do_it", &[], "").used("less", 9, 0);
    assert_eq!(installed.found(|_| {}), [one("simpler-provider", Sure::Medium, "much/do_it")]);
    let other = INPUT.replace("\"string\"", "\"integer\"");
    installed.plugin_taking("third", "do_it", &[], ("", &other)).used("third", 9, 0);
    let found = installed.found(|_| {});
    assert!(found.contains(&one("schema-clash", Sure::Medium, "do_it")), "{found:?}");
    let section = &analysis(&installed.ground(|_| {}))["sections"][1];
    assert_eq!(section["rows"][0]["clashes"], json!(["text"]), "{section}");
}

#[test]
fn what_a_manifest_leaves_unsaid_and_what_it_says_of_itself_are_found() {
    let installed = Installed::new();
    let silent = INPUT.replace("What to take.", "");
    installed.plugin_taking("one", "do_one", &[], ("", &silent)).used("one", 9, 0);
    assert_eq!(installed.found(|_| {}), [one("unexplained", Sure::Medium, "one")]);
    let text = |text: &str| text.to_owned();
    let pattern = NewPattern {
        id: text("texts"),
        anti: true,
        name: text("Texts"),
        description: text("It takes texts."),
        applies_to: vec![text("text"), text("given")],
        evidence: text("seen"),
        better: text("Take numbers."),
        ..NewPattern::default()
    };
    installed.registry.pattern_add(pattern, &operator()).unwrap();
    assert!(installed.found(|_| {}).contains(&one("anti-pattern", Sure::Low, "one/do_one")));
    let gate: Value = analysis(&installed.ground(|_| {}))["sections"][5]["rows"][0].clone();
    assert_eq!((&gate["found"][0]["id"], &gate["anti_patterns"][0]), (&json!("C9"), &json!("texts")));
}
