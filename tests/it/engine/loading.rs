//! Plugins that attack while they are compiled or set up: each meets the limit that is meant for
//! it, and the engine that refused one serves the next.

use std::sync::Arc;

use ares_engine::{Compiler, PoolUse};
use ares_kernel::facts::Limits;
use ares_kernel::ports::{Component, LoadError, Runtime as _};
use ares_kernel::{Blake3, FaultKind};
use serde_json::json;
use wasm_encoder::Module;

use super::house::{House, Registration, compiler, fault, guest};
use crate::bombs;

fn echo_with(module: &Module, instances: u32) -> Vec<u8> {
    bombs::with(&fs_err::read(guest("echo")).unwrap(), module, instances)
}

/// Asks a component what it can do, and makes sure that `echo` is served after it.
async fn described(house: &House, bytes: &[u8]) -> Result<usize, LoadError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bomb.wasm");
    fs_err::write(&path, bytes).unwrap();
    let described = house.engine.describe(&Component { path, blake3: Blake3::of(bytes) }).await;
    serves(house).await;
    described.map(|all| all.len())
}

async fn serves(house: &House) {
    assert_eq!(house.engine.pool_use(), PoolUse::default(), "something is left");
    let plugin = house.register(Registration::of("echo")).await;
    assert_eq!(house.answer("echo", &json!({"text": "alive"})).await["text"], "alive");
    house.forget(plugin);
}

/// Insists that a component is refused because it needs too much of this.
#[track_caller]
fn exceeds(refused: Result<usize, LoadError>, what: &str) {
    let error = refused.unwrap_err();
    assert!(matches!(error, LoadError::Exceeds { .. }) && error.to_string().contains(what), "{error}");
}

/// Calls `echo`, whose component has become this one since it was registered.
async fn called(house: &House, limits: Limits, bytes: &[u8]) -> (FaultKind, String) {
    let dir = tempfile::tempdir().unwrap();
    let plugin = house.register(Registration { limits, ..Registration::of("echo") }).await;
    let mut plugin = Arc::into_inner(house.forget(plugin)).unwrap();
    (plugin.component, plugin.blake3) = (dir.path().join("echo.wasm"), Blake3::of(bytes));
    fs_err::write(&plugin.component, bytes).unwrap();
    let plugin = house.remember(plugin);
    let ended = fault(&house.invoke("echo", &json!({"text": "x"})).await);
    house.forget(plugin);
    serves(house).await;
    ended
}

#[tokio::test]
async fn instances_are_counted() {
    let house = House::new();
    assert_eq!(described(&house, &echo_with(&Module::new(), 50)).await.unwrap(), 3);
    exceeds(described(&house, &echo_with(&Module::new(), 65)).await, "core module instances");
    let error = described(&house, &echo_with(&Module::new(), 10_000)).await.unwrap_err();
    assert!(matches!(error, LoadError::NotAComponent { .. }), "{error}");
}

#[tokio::test]
async fn memories_and_tables_to_begin_with_are_counted() {
    let house = House::new();
    exceeds(described(&house, &echo_with(&bombs::memories(&[4 << 30]), 1)).await, "memory");
    exceeds(described(&house, &echo_with(&bombs::memories(&[1 << 16]), 16)).await, "memories");
    exceeds(described(&house, &echo_with(&bombs::memories(&[1 << 16, 1 << 16]), 1)).await, "memories");
    exceeds(described(&house, &echo_with(&bombs::tables(&[10_000_000]), 1)).await, "table");
    exceeds(described(&house, &echo_with(&bombs::tables(&[1]), 33)).await, "tables");
}

#[tokio::test]
async fn memories_and_tables_are_summed() {
    let house = House::new();
    for (module, instances, limit) in [
        (bombs::memories(&[50 << 20]), 2, "100 MiB of memory"),
        (bombs::tables(&[9000]), 2, "10000 table elements"),
        (bombs::grows_tables(8000), 1, "10000 table elements"),
    ] {
        let (kind, message) = called(&house, Limits::default(), &echo_with(&module, instances)).await;
        assert_eq!((kind, message.contains(limit)), (FaultKind::OutOfMemory, true), "{message}");
    }
    assert_eq!(described(&house, &echo_with(&bombs::grows_tables(4000), 1)).await.unwrap(), 3);
}

#[tokio::test]
async fn an_attack_at_the_start_of_a_module_is_one_of_the_call() {
    let house = House::new();
    let breaks = echo_with(&bombs::breaks(), 1);
    let error = described(&house, &breaks).await.unwrap_err();
    assert!(
        matches!(&error, LoadError::Undescribed { fault, .. } if fault.contains("unreachable")),
        "{error}"
    );
    let (kind, message) = called(&house, Limits::default(), &breaks).await;
    assert_eq!((kind, message.contains("unreachable")), (FaultKind::Trap, true), "{message}");
    let little = Limits { fuel: 1_000_000, ..Limits::default() };
    let (kind, message) = called(&house, little, &echo_with(&bombs::spins(), 1)).await;
    assert_eq!((kind, message.contains("1000000")), (FaultKind::OutOfFuel, true), "{message}");
}

#[tokio::test]
async fn what_is_not_compiled_in_cannot_be_used() {
    let house = House::new();
    for (module, feature) in bombs::beyond_the_engine() {
        let error = described(&house, &echo_with(&module, 1)).await.unwrap_err();
        let LoadError::NotAComponent { why, .. } = &error else { panic!("{feature}: {error}") };
        assert!(why.contains(feature), "{feature}: {why}");
    }
}

/// The compiler with one second of processor time instead of its minute.
fn hurried() -> Compiler {
    let mut args = vec!["-c".into(), "ulimit -t 1; exec \"$0\" \"$@\"".into()];
    args.push(std::env::current_exe().unwrap().into());
    args.extend(compiler().args);
    Compiler { program: "/bin/sh".into(), args }
}

#[tokio::test]
async fn compiling_without_end_is_ended_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    // Compiled by the usual compiler and kept, so that it can be served.
    House::new().register(Registration::of("echo")).await;
    let house = House::with(|options| options.compiler = hurried());
    let bomb = dir.path().join("bomb.wasm");
    let bytes = echo_with(&bombs::functions(100_000), 1);
    fs_err::write(&bomb, &bytes).unwrap();
    let error = house.engine.describe(&Component { path: bomb, blake3: Blake3::of(&bytes) }).await;
    let error = error.unwrap_err();
    assert!(matches!(error, LoadError::CompileLimit { .. }), "{error}");
    serves(&house).await;
}
