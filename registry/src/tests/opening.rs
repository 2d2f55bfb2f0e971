//! Files that are not there, not ours, not sound or not writable.

use super::*;
use crate::migrate::{MIGRATIONS, SCHEMA_VERSION};
use crate::{ModuleFilter, RegistryError};

fn error(state: &State) -> RegistryError {
    Registry::open(&state.path(), state.options()).err().expect("it must not open")
}

#[test]
fn a_missing_database_is_made() {
    let state = State::new();
    let registry = state.open();
    assert_eq!(registry.modules(&ModuleFilter::default()).unwrap(), []);
    let schema = registry.schema().unwrap();
    assert_eq!(schema.version, SCHEMA_VERSION);
    assert!(schema.sql.contains("CREATE TABLE modules"), "{}", schema.sql);
    assert_eq!(registry.check().unwrap(), []);
}

#[test]
fn migrate_from_each_version() {
    let wanted = State::new().open().schema().unwrap();
    for version in 0..MIGRATIONS.len() {
        let state = State::new();
        let raw = state.raw();
        for sql in &MIGRATIONS[..version] {
            raw.execute_batch(sql).unwrap();
        }
        if version > 0 {
            raw.pragma_update(None, "application_id", 0x4152_4553).unwrap();
            raw.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
        }
        drop(raw);
        assert_eq!(state.open().schema().unwrap(), wanted, "from version {version}");
    }
}

#[test]
fn a_newer_database_is_refused_and_not_touched() {
    let state = State::new();
    drop(state.open());
    state.raw().pragma_update(None, "user_version", 99).unwrap();
    let error = error(&state);
    assert!(matches!(error, RegistryError::Newer { found: 99, known: SCHEMA_VERSION, .. }), "{error}");
    assert!(error.to_string().contains("registry.db") && error.to_string().contains("newer host"), "{error}");
}

#[test]
fn what_is_not_a_database_is_refused() {
    let state = State::new();
    fs_err::write(
        state.path(),
        "this is a text, and a longer one than SQLite's header of a hundred bytes".repeat(9),
    )
    .unwrap();
    assert!(matches!(error(&state), RegistryError::NotADatabase { .. }));
}

#[test]
fn a_database_of_another_program_is_refused_and_not_touched() {
    let state = State::new();
    state.raw().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = fs_err::read(state.path()).unwrap();
    assert!(matches!(error(&state), RegistryError::Foreign { .. }));
    assert_eq!(fs_err::read(state.path()).unwrap(), before);
}

#[test]
fn a_damaged_database_is_an_error_and_never_an_empty_list() {
    let state = State::new();
    let registry = state.open();
    for number in 0..20 {
        registry.register(plugin(&format!("p{number}"), "1.0.0", "", &[("x", "pure")]), &operator()).unwrap();
    }
    drop(registry);
    let mut bytes = fs_err::read(state.path()).unwrap();
    bytes[4096..].fill(0xa5);
    fs_err::write(state.path(), bytes).unwrap();
    let error = error(&state);
    assert!(matches!(error, RegistryError::Corrupt { .. }), "{error:?}");
}

#[test]
fn a_row_that_is_not_sound_is_an_error() {
    let state = State::new();
    state.open().register(notes(), &operator()).unwrap();
    state.raw().execute("UPDATE module_versions SET pinned = '{}'", ()).unwrap();
    let error = error(&state);
    assert!(matches!(error, RegistryError::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains("missing field `display_name`"), "{error}");
}

#[test]
fn a_place_that_cannot_be_written_says_so() {
    let state = State::new();
    fs_err::write(state.0.path().join("file"), "").unwrap();
    let path = state.0.path().join("file").join("registry.db");
    let error = Registry::open(&path, state.options()).err().unwrap();
    assert!(matches!(error, RegistryError::Unwritable { .. }), "{error:?}");
    let missing = Path::new("/proc/nothing/registry.db");
    assert!(matches!(
        Registry::open(missing, state.options()).err().unwrap(),
        RegistryError::Unwritable { .. }
    ));
}

#[test]
fn after_closing_nothing_works_and_nothing_hangs() {
    let state = State::new();
    let registry = state.open();
    registry.shutdown().unwrap();
    registry.shutdown().unwrap();
    assert!(matches!(registry.register(notes(), &operator()), Err(RegistryError::Closed)));
    assert!(registry.ready().is_err());
}
