//! What a call through the whole host costs, as ratios to raw Wasmtime in the same run; what a
//! command, a start and a running host cost, beside the goals they were built for.

mod authority;
mod full;
mod gate;
mod measure;
mod process;
mod raw;
mod report;

use std::path::Path;
use std::time::Duration;

use ares_kernel::{Caller, Request};
use report::Report;

const INPUT: &str = r#"{"text":"hello"}"#;
const WARM_UP: usize = 2_000;
const CALLS: usize = 20_000;
const ROUNDS: usize = 3;
const BURST: Duration = Duration::from_secs(3);
const FLOOD: Duration = Duration::from_secs(20);
const PLUGINS: usize = 1_000;

fn main() -> anyhow::Result<()> {
    // The host compiles components in a child process: this very program.
    ares_host::compile_child();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let guest = root.join("target/guests/echo");
    anyhow::ensure!(guest.is_dir(), "{} is missing: run `cargo xtask guests`", guest.display());
    let runtime = tokio::runtime::Runtime::new()?;
    let mut report = Report::default();
    runtime.block_on(calls(&guest, &mut report))?;
    process::all(root, &guest, PLUGINS, &mut report)?;
    report.print();
    Ok(())
}

/// Raw and full take turns, so that a noisy moment of the machine meets both.
async fn calls(guest: &Path, report: &mut Report) -> anyhow::Result<()> {
    let state = tempfile::tempdir()?;
    let host = full::open(state.path(), guest).await?;
    let component = fs_err::read(guest.join("echo.wasm"))?;
    let raw = raw::Raw::new(&component, INPUT).map_err(|e| anyhow::anyhow!("raw Wasmtime: {e:?}"))?;
    let raw = std::sync::Arc::new(raw);
    let full = host.requests();
    let through = move || {
        let (full, request) = (full.clone(), request());
        async move { assert_eq!(full.invoke(request).await.status().as_str(), "ok") }
    };
    let plain = move || {
        let raw = raw.clone();
        async move { assert!(raw.call("echo").await.is_ok(), "the raw call failed") }
    };
    for _ in 0..WARM_UP {
        plain().await;
        through().await;
    }
    for round in 1..=ROUNDS {
        let yardstick = tokio::spawn(measure::latencies(CALLS, plain.clone())).await?;
        let whole = tokio::spawn(measure::latencies(CALLS, through.clone())).await?;
        report.compare(round, &yardstick, &whole);
        let (per_second, whole) = (
            measure::throughput(BURST, plain.clone()).await,
            measure::throughput(BURST, through.clone()).await,
        );
        report.throughput(&format!("round {round}"), per_second, whole);
    }
    // Longer than the spool holds what comes in: calls and what brings them into the database share
    // the cores.
    let (per_second, whole) =
        (measure::throughput(FLOOD, plain.clone()).await, measure::throughput(FLOOD, through.clone()).await);
    report.throughput(&format!("{} s on end", FLOOD.as_secs()), per_second, whole);
    host.close().await;
    gate::all(CALLS, report).await?;
    authority::all(guest, report).await
}

fn request() -> Request {
    // Parsed once per call, as every door does.
    let capability = "echo".parse().unwrap_or_else(|e| unreachable!("{e}"));
    Request::new(Caller::Human("bench".to_owned()), capability, INPUT)
}
