//! What is around a plugin, compared with what it last worked with.

use super::*;

const NEEDS_NOTES: &str = "[dependencies.modules]\nnotes = \">=1\"";

fn changes(registry: &Registry) -> Vec<String> {
    let snapshot = registry.snapshot();
    snapshot.drift(&name("report")).map(|drift| drift.changes().to_vec()).unwrap_or_default()
}

fn works(registry: &Registry) {
    let plugin = registry.snapshot().plugin(&name("report")).cloned().unwrap();
    registry.worked(&plugin);
    registry.flush().unwrap();
}

fn notes_of(version: &str) -> Registration {
    plugin("notes", version, "", &[("get_note", "read")])
}

#[test]
fn a_large_step_of_what_it_depends_on_is_told_until_it_works_again() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes_of("1.4.0"), &operator()).unwrap();
    registry.register(plugin("report", "0.1.0", NEEDS_NOTES, &[("tell", "read")]), &operator()).unwrap();
    assert_eq!(changes(&registry), Vec::<String>::new(), "it never worked, so nothing is otherwise");
    works(&registry);
    registry.register(notes_of("1.5.0"), &operator()).unwrap();
    assert_eq!(changes(&registry), Vec::<String>::new(), "a small step");
    registry.register(notes_of("2.0.0"), &operator()).unwrap();
    let told = "since it last worked, plugin `notes`, which it depends on, went from 1.4.0 to 2.0.0";
    assert_eq!(changes(&registry), [told]);
    drop(registry);
    let registry = state.open();
    assert_eq!(changes(&registry), [told], "across restarts");
    works(&registry);
    assert_eq!(changes(&registry), Vec::<String>::new());
    registry.set_enabled(&name("notes"), false, &operator()).unwrap();
    assert_eq!(changes(&registry), Vec::<String>::new(), "it was noted");
    registry.unregister(&name("notes"), &operator()).unwrap();
    assert!(changes(&registry)[0].contains("is gone"));
}

#[test]
fn another_host_and_another_contract_are_large_steps() {
    let state = State::new();
    let registry = state.open();
    registry.register(plugin("report", "0.1.0", "", &[("tell", "read")]), &operator()).unwrap();
    works(&registry);
    drop(registry);
    state.raw().execute("UPDATE surroundings SET host = '0.0.9', wit = '0.2'", ()).unwrap();
    let registry = state.open();
    let told = changes(&registry);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("this host went from 0.0.9"), "{told:?}");
    assert!(told[1].contains("from 0.2.0 to 0.1.0"), "{told:?}");
}
