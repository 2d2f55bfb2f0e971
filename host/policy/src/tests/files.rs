//! How the rules follow the operator's file: broken ones, ends, replacements, restarts.

use ares_registry::EventQuery;

use super::*;

const FREE: &str = "@id(\"free\") permit (principal, action, resource);\n";
const BROKEN: &str = "@id(\"free\") permit (principal, action, resource)\n";

fn write() -> Call {
    call("add_note", Effect::Write)
}

fn events(rules: &Rules, kind: &str) -> usize {
    let query = EventQuery { types: vec![kind.to_owned()], plugin: None, limit: 100 };
    rules.registry.events(&query).unwrap().len()
}

#[test]
fn a_changed_file_is_seen_and_a_broken_one_leaves_the_last_good_rules() {
    let place = Place::new();
    let rules = place.open();
    assert_eq!(write().stance(&rules), Stance::Ask);
    let first = rules.revision();
    place.write(FREE);
    rules.look();
    assert_eq!(write().stance(&rules), Stance::Auto);
    assert_ne!(rules.revision(), first);
    place.write(BROKEN);
    rules.look();
    rules.look();
    rules.reload();
    assert_eq!(write().stance(&rules), Stance::Auto);
    assert!(rules.problem().unwrap().contains("policy.cedar:"), "{:?}", rules.problem());
    assert_eq!(events(&rules, "policy_broken"), 1, "told once");
    fs_err::remove_file(place.file()).unwrap();
    rules.look();
    assert_eq!((write().stance(&rules), rules.problem()), (Stance::Ask, None));
    assert_eq!(rules.revision(), first, "the same rules have the same number");
}

#[test]
fn a_host_that_starts_with_a_broken_file_permits_nothing_and_says_why() {
    let place = Place::with(BROKEN);
    let rules = place.open();
    let ruling = call("hello", Effect::Pure).ruling(&rules);
    assert_eq!((ruling.stance, &ruling.rule), (Stance::Never, &None));
    for says in ["policy.cedar:1", "nothing is permitted", "ares-host policy set FILE"] {
        assert!(ruling.reason.contains(says), "{}", ruling.reason);
    }
    let again = place.open();
    assert_eq!(events(&again, "policy_broken"), 1, "the next process does not tell it again");
    drop(again);
    assert!(rules.list().iter().all(|rule| !rule.holds));
    rules.set(FREE, &person(), None).unwrap();
    assert_eq!((call("hello", Effect::Pure).stance(&rules), rules.problem()), (Stance::Auto, None));
}

#[test]
fn a_file_the_configuration_names_must_be_there() {
    let place = Place::new();
    let rules = Rules::open(Options { named: true, ..place.options() }).unwrap();
    assert_eq!(call("hello", Effect::Pure).stance(&rules), Stance::Never);
    assert!(rules.problem().unwrap().contains("which is not there"));
}

#[test]
fn what_rules_there_were_survives_a_restart() {
    let place = Place::with(FREE);
    {
        let rules = place.open();
        let why = Some("quiet hours".to_owned());
        rules.set("@id(\"none\") forbid (principal, action, resource);", &person(), why).unwrap();
        assert!(rules.set(BROKEN, &person(), None).is_err());
        assert!(place.read().starts_with("@id(\"none\")"), "a broken text is not written");
    }
    place.write("// by hand\n");
    let rules = place.open();
    let kept = rules.history().unwrap();
    let rows: Vec<_> =
        kept.iter().map(|row| (row.actor.as_str(), row.action.as_str(), row.reason.as_deref())).collect();
    assert_eq!(
        rows,
        [("file", "edit", None), ("human:alice", "set", Some("quiet hours")), ("file", "edit", None)]
    );
    assert_eq!(rules.past(1).unwrap().text.as_deref(), Some(FREE));
    assert!(rules.past(9).unwrap_err().to_string().contains("no rules number 9"));
    drop(rules);
    assert_eq!(place.open().history().unwrap().len(), 3, "what did not change is not kept again");
}

#[test]
fn a_host_without_a_file_keeps_nothing() {
    assert_eq!(Place::new().open().history().unwrap(), []);
}

#[test]
fn a_permit_ends_when_it_says() {
    let place =
        Place::with("@id(\"today\") @until(\"2026-01-02T00:00:00Z\") permit (principal, action, resource);");
    let rules = place.open();
    let (before, revision) = (write().stance(&rules), rules.revision());
    place.clock.0.store(NOW + 86_400_000 - 1, Ordering::SeqCst);
    assert_eq!((before, write().stance(&rules)), (Stance::Auto, Stance::Auto));
    place.clock.0.store(NOW + 86_400_000, Ordering::SeqCst);
    assert_eq!(write().stance(&rules), Stance::Ask);
    assert_ne!(rules.revision(), revision);
    assert!(!rules.list().iter().find(|rule| rule.id == "today").unwrap().holds);
    // It does not come back with the host.
    drop(rules);
    assert_eq!(write().stance(&place.open()), Stance::Ask);
}

#[test]
fn only_a_rule_that_replaces_it_takes_a_shipped_one_out_and_as_long_as_it_holds() {
    let wipe = || call("x", Effect::Destructive).saying(4, &["delete-everything"]);
    let text = "@id(\"mine\") @replaces(\"catastrophic-data-wipe\") @until(\"2026-01-02T00:00:00Z\")
        @ask permit (principal == Human::\"root\", action == Action::\"destructive\", resource);";
    let place = Place::with(text);
    let rules = place.open();
    assert_eq!(wipe().decided(&rules), (Stance::Ask, "m2-destructive-asks".to_owned()));
    let shown = rules.list();
    let holds = |id: &str| shown.iter().find(|rule| rule.id == id).unwrap().holds;
    assert!(holds("mine") && !holds("catastrophic-data-wipe") && holds("catastrophic-break-in"));
    place.clock.0.store(NOW + 86_400_000, Ordering::SeqCst);
    assert_eq!(wipe().stance(&rules), Stance::Catastrophic);
}
