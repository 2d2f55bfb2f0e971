//! From a file to a plugin that can be called, and everything that is no plugin.

use std::path::Path;
use std::sync::Arc;

use ares_engine::{Compiler, WasmEngine};
use ares_kernel::facts::{Limits, Plugin};
use ares_kernel::ports::{Component, LoadError, Runtime as _};
use ares_kernel::{Blake3, FaultKind};
use serde_json::json;

use super::house::{House, Registration, compiler, fault, guest};

fn component(path: &Path) -> Component {
    Component { path: path.to_owned(), blake3: Blake3::of(&fs_err::read(path).unwrap()) }
}

async fn refused(engine: &WasmEngine, path: &Path) -> LoadError {
    engine.describe(&component(path)).await.unwrap_err()
}

fn own_artifacts(folder: &Path, compiler: Compiler) -> House {
    House::with(|options| {
        options.artifacts = folder.join("artifacts");
        options.key = folder.join("key");
        options.compiler = compiler;
    })
}

fn no_compiler() -> Compiler {
    Compiler { program: "/bin/false".into(), args: Vec::new() }
}

#[tokio::test]
async fn a_component_says_what_it_can_do() {
    let house = House::new();
    let described = house.engine.describe(&component(&guest("echo"))).await.unwrap();
    let names: Vec<&str> = described.iter().map(|capability| capability.name.as_str()).collect();
    assert_eq!(names, ["echo", "show_config", "show_context"]);
    assert!(
        serde_json::from_str::<serde_json::Value>(&described[0].input_schema).unwrap()["properties"]["text"]
            .is_object()
    );
}

#[tokio::test]
async fn what_does_not_fit_names_what_is_missing() {
    let house = House::new();
    for (name, named) in [("other-world", "ares:host/capability"), ("sockets", "wasi:sockets/")] {
        let error = refused(&house.engine, &guest(name)).await;
        assert!(matches!(error, LoadError::Unfit { .. }) && error.to_string().contains(named), "{error}");
    }
}

#[tokio::test]
async fn other_bytes_are_refused_by_what_they_are() {
    let (house, dir) = (House::new(), tempfile::tempdir().unwrap());
    let whole = fs_err::read(guest("echo")).unwrap();
    let path = dir.path().join("x.wasm");
    for bytes in [&whole[..whole.len() / 2], b"\0asm\x01\0\0\0", b"(component)", b"", &[7; 5000]] {
        fs_err::write(&path, bytes).unwrap();
        let error = refused(&house.engine, &path).await;
        assert!(matches!(error, LoadError::NotAComponent { .. }), "{error}");
    }
    // A sound component with nothing in it.
    fs_err::write(&path, b"\0asm\x0d\0\x01\0").unwrap();
    assert!(matches!(refused(&house.engine, &path).await, LoadError::Unfit { .. }));
}

#[tokio::test]
async fn a_compiled_component_is_no_component() {
    let dir = tempfile::tempdir().unwrap();
    let house = own_artifacts(dir.path(), compiler());
    house.register(Registration::of("echo")).await;
    let artifact = fs_err::read_dir(dir.path().join("artifacts")).unwrap().next().unwrap().unwrap();
    let error = refused(&house.engine, &artifact.path()).await;
    assert!(error.to_string().contains("cwasm"), "{error}");
}

#[tokio::test]
async fn a_sound_artifact_is_used_and_a_forged_one_made_again() {
    let dir = tempfile::tempdir().unwrap();
    own_artifacts(dir.path(), compiler()).register(Registration::of("echo")).await;
    let artifact = fs_err::read_dir(dir.path().join("artifacts")).unwrap().next().unwrap().unwrap().path();
    let good = fs_err::read(&artifact).unwrap();
    // No compiler is needed now.
    let second = own_artifacts(dir.path(), no_compiler());
    second.register(Registration::of("echo")).await;
    assert_eq!(second.answer("echo", &json!({"text": "x"})).await["text"], "x");

    let mut forged = good.clone();
    let middle = forged.len() / 2;
    forged[middle] ^= 1;
    fs_err::write(&artifact, &forged).unwrap();
    let error = refused(&own_artifacts(dir.path(), no_compiler()).engine, &guest("echo")).await;
    assert!(matches!(error, LoadError::Io { .. }), "{error}");
    assert!(!artifact.exists(), "the forged artifact was left there");
    own_artifacts(dir.path(), compiler()).register(Registration::of("echo")).await;
    assert!(artifact.exists());
}

#[tokio::test]
async fn another_key_makes_all_artifacts_worthless() {
    let dir = tempfile::tempdir().unwrap();
    own_artifacts(dir.path(), compiler()).register(Registration::of("echo")).await;
    fs_err::remove_file(dir.path().join("key")).unwrap();
    let error = refused(&own_artifacts(dir.path(), no_compiler()).engine, &guest("echo")).await;
    assert!(matches!(error, LoadError::Io { .. }), "{error}");
}

/// A plugin whose component is a copy that the test may change.
async fn movable(house: &House, folder: &Path, limits: Limits) -> Arc<Plugin> {
    let plugin = house.register(Registration { limits, ..Registration::of("echo") }).await;
    let path = folder.join("echo.wasm");
    fs_err::copy(&plugin.component, &path).unwrap();
    let mut plugin = Arc::into_inner(house.forget(plugin)).unwrap();
    plugin.component = path;
    house.remember(plugin)
}

#[tokio::test]
async fn a_changed_or_missing_component_does_not_start() {
    let (house, dir) = (House::new(), tempfile::tempdir().unwrap());
    let plugin = movable(&house, dir.path(), Limits::default()).await;
    let mut bytes = fs_err::read(&plugin.component).unwrap();
    bytes[100] ^= 1;
    fs_err::write(&plugin.component, &bytes).unwrap();
    let error = house.engine.load(&plugin).await.unwrap_err();
    assert!(matches!(error, LoadError::Changed { .. }), "{error}");
    let (kind, message) = fault(&house.invoke("echo", &json!({"text": "x"})).await);
    assert_eq!((kind, message.contains("BLAKE3")), (FaultKind::NotStarted, true), "{message}");
    fs_err::remove_file(&plugin.component).unwrap();
    assert!(matches!(house.engine.load(&plugin).await.unwrap_err(), LoadError::Missing(_)));
}

#[tokio::test]
async fn a_loaded_plugin_runs_until_it_is_unloaded() {
    let (house, dir) = (House::new(), tempfile::tempdir().unwrap());
    let plugin = movable(&house, dir.path(), Limits::default()).await;
    house.engine.load(&plugin).await.unwrap();
    fs_err::remove_file(&plugin.component).unwrap();
    house.engine.load(&plugin).await.unwrap();
    assert_eq!(house.answer("echo", &json!({"text": "x"})).await["text"], "x");
    house.engine.unload(&plugin.blake3);
    assert!(house.engine.load(&plugin).await.is_err());
}

#[tokio::test]
async fn a_component_that_begins_with_more_than_its_limit_does_not_load() {
    let (house, dir) = (House::new(), tempfile::tempdir().unwrap());
    let limits = Limits { memory_bytes: 512 << 10, ..Limits::default() };
    let plugin = movable(&house, dir.path(), limits).await;
    let error = house.engine.load(&plugin).await.unwrap_err();
    assert!(
        matches!(error, LoadError::Exceeds { .. }) && error.to_string().contains("limit is 512 KiB"),
        "{error}"
    );
}
