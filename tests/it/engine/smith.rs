//! Valid components nobody would write: each loads and runs, or says in one typed error why not, and
//! the engine that met it serves the next.

use std::ops::Range;
use std::time::Duration;

use arbitrary::{Arbitrary as _, Unstructured};
use ares_engine::PoolUse;
use ares_kernel::Blake3;
use ares_kernel::ports::{Component, LoadError, Runtime as _};
use ares_registry::inspect::inspect;
use serde_json::json;
use wasm_smith::{Config, Module};

use super::house::{House, Registration, guest};
use crate::bombs;

/// Which generated modules are compiled and set up in a plugin: one of these ends in a fault.
const PLUGINS: Range<u64> = 30..56;
/// How many generated components are looked at.
const COMPONENTS: u64 = 400;
/// No description may take longer: 60 s of compiling and 30 s of running end before.
const PATIENCE: Duration = Duration::from_secs(150);

/// Random bytes that are the same each time.
fn entropy(number: u64) -> Vec<u8> {
    let mut bytes = vec![0; 8 << 10];
    blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// What the engine knows, or with every fourth module all that WebAssembly knows.
fn config(number: u64) -> Config {
    let mut config = Config { max_imports: 0, max_memories: 2, max_tables: 2, ..Config::default() };
    if !number.is_multiple_of(4) {
        config.max_memory32_bytes = 64 << 20;
        config.reference_types_enabled = false;
        config.gc_enabled = false;
        config.exceptions_enabled = false;
        config.tail_call_enabled = false;
        config.threads_enabled = false;
        config.memory64_enabled = false;
        config.relaxed_simd_enabled = false;
    }
    config
}

/// A plugin of which one module is generated and set up with the others.
fn plugin(echo: &[u8], number: u64) -> Vec<u8> {
    let entropy = entropy(number);
    let module = Module::new(config(number), &mut Unstructured::new(&entropy)).unwrap();
    bombs::with_bytes(echo, &module.to_bytes(), 1)
}

#[track_caller]
fn is_plain(message: &str) {
    assert!(!message.is_empty() && !message.contains(char::is_control), "{message:?}");
}

#[tokio::test]
async fn generated_modules_in_a_plugin_run_or_say_why_not() {
    let echo = fs_err::read(guest("echo")).unwrap();
    let (house, dir) = (House::new(), tempfile::tempdir().unwrap());
    let mut ended = std::collections::BTreeMap::new();
    for number in PLUGINS {
        let bytes = plugin(&echo, number);
        let path = dir.path().join(format!("{number}.wasm"));
        fs_err::write(&path, &bytes).unwrap();
        let inspected = inspect(&bytes);
        let component = Component { path, blake3: Blake3::of(&bytes) };
        let described = tokio::time::timeout(PATIENCE, house.engine.describe(&component)).await;
        let described = described.unwrap_or_else(|_| panic!("number {number} does not end"));
        house.engine.unload(&component.blake3);
        assert_eq!(house.engine.pool_use(), PoolUse::default(), "number {number} leaves something");
        let word = match &described {
            Ok(all) => {
                assert_eq!(all.len(), 3, "number {number}");
                "runs"
            }
            Err(LoadError::NotAComponent { .. }) => "is not taken",
            Err(LoadError::Exceeds { .. }) => "needs too much",
            Err(LoadError::Undescribed { .. }) => "ends in a fault",
            Err(other) => panic!("number {number}: {other}"),
        };
        *ended.entry(word).or_insert(0) += 1;
        described.as_ref().err().into_iter().for_each(|error| is_plain(&error.to_string()));
        // Whoever looks before the engine takes nothing the engine does not know.
        if let Err(error) = &inspected {
            is_plain(&error.to_string());
            assert!(described.is_err(), "number {number}: {error}");
        }
    }
    let plugin = house.register(Registration::of("echo")).await;
    assert_eq!(house.answer("echo", &json!({"text": "alive"})).await["text"], "alive");
    house.forget(plugin);
    println!("{ended:?}");
    for word in ["runs", "is not taken", "ends in a fault"] {
        assert!(ended.contains_key(word), "none {word}: {ended:?}");
    }
}

#[test]
fn generated_components_are_told_what_they_lack() {
    for number in 0..COMPONENTS {
        let entropy = entropy(number);
        let component = wasm_smith::Component::arbitrary(&mut Unstructured::new(&entropy)).unwrap();
        is_plain(&inspect(&component.to_bytes()).unwrap_err().to_string());
    }
}
