//! Stored secrets: set, rotated, removed, damaged; who may spend them, and that they are nowhere else.

use ares_kernel::ports::{Secrets as _, SecretsError};
use ares_kernel::{SecretName, SecretValue};
use serde_json::json;

use super::*;
use crate::{EventQuery, RegistryError};

const VALUE: &str = "s3cr3t-value-of-the-test";

fn secret(text: &str) -> SecretName {
    text.parse().unwrap()
}

fn value(text: &str) -> SecretValue {
    SecretValue::new(text.to_owned()).unwrap()
}

fn set(registry: &Registry, name: &str, text: &str) {
    registry.secret_set(&secret(name), value(text), &operator()).unwrap();
}

fn spent(registry: &Registry, name: &str) -> Result<Option<String>, SecretsError> {
    let name = secret(name);
    wait(registry.value(&name)).map(|value| value.map(|value| value.expose().to_owned()))
}

/// Whether these bytes are in any file below the folder.
fn on_disk(folder: &Path, bytes: &[u8]) -> bool {
    fs_err::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return on_disk(&path, bytes);
        }
        path.is_file() && fs_err::read(path).unwrap().windows(bytes.len()).any(|window| window == bytes)
    })
}

#[test]
fn a_secret_is_set_once_rotated_and_removed_and_each_is_an_event_without_the_value() {
    let state = State::new();
    let registry = state.open();
    assert!(matches!(registry.scrub(VALUE), std::borrow::Cow::Borrowed(_)));
    assert!(registry.stream(&[secret("API_KEY")]).is_none() && !state.options().secrets_key.exists());
    let no_such = registry.secret_rotate(&secret("API_KEY"), value(VALUE), &operator());
    assert!(matches!(no_such, Err(RegistryError::NoSuchSecret { .. })), "{no_such:?}");

    let view = registry.secret_set(&secret("API_KEY"), value(VALUE), &operator()).unwrap();
    assert_eq!((view.revision, view.rotated_at_ms, view.created_at_ms), (1, None, Still.now_ms()));
    assert_eq!(spent(&registry, "API_KEY").unwrap().as_deref(), Some(VALUE));
    assert_eq!(spent(&registry, "OTHER").unwrap(), None);
    assert_eq!(registry.scrub(&format!("it is {VALUE}.")), "it is {{API_KEY}}.");
    let twice = registry.secret_set(&secret("API_KEY"), value("another value"), &operator());
    assert!(matches!(twice, Err(RegistryError::SecretExists { .. })), "{twice:?}");

    let view = registry.secret_rotate(&secret("API_KEY"), value("another value"), &operator()).unwrap();
    assert_eq!((view.revision, view.rotated_at_ms), (2, Some(Still.now_ms())));
    assert_eq!(registry.secrets().unwrap(), [view]);
    assert_eq!(registry.scrub("another value"), "{{API_KEY}}");
    registry.secret_remove(&secret("API_KEY"), &operator()).unwrap();
    assert_eq!((spent(&registry, "API_KEY").unwrap(), registry.secrets().unwrap()), (None, Vec::new()));
    assert_eq!(registry.scrub("another value"), "another value");
    let gone = registry.secret_remove(&secret("API_KEY"), &operator());
    assert!(matches!(gone, Err(RegistryError::NoSuchSecret { .. })), "{gone:?}");

    let types = ["secret_set", "secret_rotated", "secret_removed"].map(str::to_owned).to_vec();
    let events = registry.events(&EventQuery { types: types.clone(), plugin: None, limit: 9 }).unwrap();
    assert_eq!(events.iter().map(|event| event.kind.clone()).collect::<Vec<_>>(), types);
    for event in events {
        assert_eq!(
            (event.data, event.actor.as_deref()),
            (json!({"name": "API_KEY"}), Some("human:operator"))
        );
    }
    drop(registry);
    assert!(!on_disk(state.0.path(), VALUE.as_bytes()) && !on_disk(state.0.path(), b"another value"));
    assert!(on_disk(state.0.path(), b"API_KEY"), "this test finds what is there");
}

#[test]
fn what_another_process_sets_is_known_as_soon_as_it_is_seen() {
    let state = State::new();
    let (here, there) = (state.open(), state.open());
    set(&there, "API_KEY", VALUE);
    here.refresh().unwrap();
    assert_eq!(spent(&here, "API_KEY").unwrap().as_deref(), Some(VALUE));
    assert_eq!(here.scrub(VALUE), "{{API_KEY}}");
    here.secret_rotate(&secret("API_KEY"), value("another value"), &operator()).unwrap();
    there.refresh().unwrap();
    assert_eq!(spent(&there, "API_KEY").unwrap().as_deref(), Some("another value"));
    there.secret_remove(&secret("API_KEY"), &operator()).unwrap();
    here.refresh().unwrap();
    assert_eq!(spent(&here, "API_KEY").unwrap(), None);
}

#[test]
fn a_changed_or_moved_row_never_opens_as_another_value() {
    for (sql, broken) in [
        (
            "UPDATE secrets SET ciphertext = (SELECT ciphertext FROM secrets WHERE name = 'B'),
                             nonce = (SELECT nonce FROM secrets WHERE name = 'B') WHERE name = 'A'",
            "A",
        ),
        ("UPDATE secrets SET name = 'C' WHERE name = 'A'", "C"),
        ("UPDATE secrets SET created_at = created_at - 1 WHERE name = 'A'", "A"),
        ("UPDATE secrets SET rotated_at = 5 WHERE name = 'A'", "A"),
        ("UPDATE secrets SET revision = 7 WHERE name = 'A'", "A"),
        ("UPDATE secrets SET nonce = zeroblob(24) WHERE name = 'A'", "A"),
        ("UPDATE secrets SET ciphertext = zeroblob(40) WHERE name = 'A'", "A"),
    ] {
        let state = State::new();
        let registry = state.open();
        set(&registry, "A", VALUE);
        set(&registry, "B", "value of the other one");
        state.raw().execute(sql, ()).unwrap();
        registry.refresh().unwrap();
        let opened = spent(&registry, broken);
        assert!(
            matches!(&opened, Err(SecretsError::Changed(name)) if name.as_str() == broken),
            "{sql}: {opened:?}"
        );
        assert_eq!(spent(&registry, "B").unwrap().as_deref(), Some("value of the other one"));
        registry.secret_rotate(&secret(broken), value(VALUE), &operator()).unwrap();
        assert_eq!(spent(&registry, broken).unwrap().as_deref(), Some(VALUE), "set again, it is sound");
    }
}

#[test]
fn another_key_a_lost_one_and_one_that_others_can_read_open_nothing() {
    use std::os::unix::fs::PermissionsExt as _;

    let state = State::new();
    let key = state.options().secrets_key;
    set(&state.open(), "A", VALUE);
    let genuine = fs_err::read(&key).unwrap();
    fs_err::write(&key, [7; 32]).unwrap();
    assert!(matches!(spent(&state.open(), "A"), Err(SecretsError::Changed(_))));

    fs_err::write(&key, &genuine).unwrap();
    fs_err::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let registry = state.open();
    assert!(matches!(spent(&registry, "A"), Err(SecretsError::Key(_))));
    let loose = registry.secret_set(&secret("B"), value(VALUE), &operator());
    assert!(matches!(loose, Err(RegistryError::SecretsKey { .. })), "{loose:?}");
    fs_err::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    registry.refresh().unwrap();
    assert_eq!(spent(&registry, "A").unwrap().as_deref(), Some(VALUE), "put in order, it opens");

    fs_err::remove_file(&key).unwrap();
    let registry = state.open();
    assert!(matches!(spent(&registry, "A"), Err(SecretsError::Key(_))));
    let lost = registry.secret_set(&secret("B"), value(VALUE), &operator());
    assert!(matches!(lost, Err(RegistryError::SecretsKey { .. })), "{lost:?}");
    assert!(!key.exists(), "a new key would hide that the old one is lost");
    registry.secret_remove(&secret("A"), &operator()).unwrap();
    set(&registry, "A", VALUE);
    assert_eq!(spent(&registry, "A").unwrap().as_deref(), Some(VALUE));
}

fn spender(id: &str, version: &str, net: &str) -> Registration {
    let part = |name| format!("[[permissions.net]]\nname = \"{name}\"\nmethods = [\"GET\"]\n");
    let (api, elsewhere) = (part("api"), part("elsewhere"));
    let more = format!("{api}{elsewhere}[[permissions.secrets]]\nname = \"API_KEY\"\nnet = {net}");
    plugin(id, version, &more, &[("fetch", "network")])
}

#[test]
fn a_secret_is_granted_to_one_plugin_and_goes_where_it_was_granted_for() {
    let state = State::new();
    let registry = state.open();
    set(&registry, "API_KEY", VALUE);
    let mut first = spender("first", "1.0.0", "[\"api\"]");
    first.grants.insert(Scope::Secret(secret("API_KEY")), None);
    registry.register(first, &operator()).unwrap();
    registry.register(spender("second", "1.0.0", "[\"api\"]"), &operator()).unwrap();
    let spends = |plugin: &str| {
        let snapshot = registry.snapshot();
        let grant = snapshot.plugin(&name(plugin)).unwrap().grants.secret(&secret("API_KEY")).cloned();
        grant.map(|grant| grant.net.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!((spends("first"), spends("second")), (Some(vec!["api".to_owned()]), None));
    assert_eq!(registry.secrets().unwrap()[0].granted, [name("first")]);

    let later =
        registry.register(spender("first", "2.0.0", "[\"api\", \"elsewhere\"]"), &operator()).unwrap();
    assert_eq!(later.new_asks, ["secret:API_KEY"]);
    assert_eq!(spends("first"), Some(vec!["api".to_owned()]), "what is new waits for a grant");
    let grants = registry.grants(&name("first")).unwrap();
    let asks = grants.iter().find(|view| view.scope == "secret:API_KEY").unwrap();
    assert!(!asks.in_full() && asks.meaning.contains("`net:elsewhere`"), "{grants:?}");
    let all = BTreeMap::from([(Scope::Secret(secret("API_KEY")), None)]);
    registry.grants_allow(&name("first"), &all, &operator()).unwrap();
    assert_eq!(spends("first"), Some(vec!["api".to_owned(), "elsewhere".to_owned()]));
    assert_eq!(registry.secret_remove(&secret("API_KEY"), &operator()).unwrap(), [name("first")]);
}

#[test]
fn a_configuration_refers_to_secrets_and_holds_none() {
    let state = State::new();
    let registry = state.open();
    set(&registry, "OTHER", VALUE);
    let config = "[[permissions.net]]\nname = \"api\"\nmethods = [\"GET\"]\n[[permissions.secrets]]\nname = \"API_KEY\"\nnet = [\"api\"]\n[config]\nkey = \"secret://API_KEY\"\napi = { token = \"\" }";
    registry.register(plugin("notes", "1.0.0", config, &[("fetch", "network")]), &operator()).unwrap();
    let read = |key: &str| registry.snapshot().plugin(&name("notes")).unwrap().config.get(key).cloned();
    assert_eq!(read("key"), Some(json!("{{API_KEY}}")), "the guest reads a placeholder");
    assert_eq!(registry.config(&name("notes")).unwrap()[1].value, json!("secret://API_KEY"));
    let set = |value: serde_json::Value| registry.config_set(&name("notes"), "api", &value, &operator());
    set(json!({"token": "secret://API_KEY"})).unwrap();
    assert_eq!(read("api"), Some(json!({"token": "{{API_KEY}}"})));
    for (refused, says) in [
        (json!("ghp_0123456789abcdef0123"), "secret in plain text"),
        (json!({"password": "Tr0ub4dor&3-x9Q!zz"}), "secret in plain text"),
        (json!([VALUE]), "secret in plain text"),
        (json!("secret://OTHER"), "OTHER is not asked for"),
    ] {
        let error = set(refused.clone()).unwrap_err().to_string();
        assert!(error.contains(says) && !error.contains("Tr0u") && !error.contains(VALUE), "{error}");
    }
}

#[test]
fn there_is_room_for_so_much_and_no_more() {
    let state = State::new();
    let registry = state.open();
    let large = "x".repeat(ares_kernel::SECRET_VALUE_MAX);
    for name in ["A", "B", "C"] {
        set(&registry, name, &large);
    }
    let full = registry.secret_set(&secret("D"), value(&large), &operator());
    assert!(matches!(&full, Err(RegistryError::Invalid(why)) if why.contains("262144 bytes")), "{full:?}");
    registry.secret_rotate(&secret("C"), value(&large), &operator()).unwrap();
}
