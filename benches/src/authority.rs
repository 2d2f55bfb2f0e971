//! What grants and limits cost: the same component once with a manifest that asks for nothing, once
//! with all there is asked for, granted and limited.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ares_host::Host;
use ares_kernel::ports::Invoke;
use ares_kernel::{Caller, Request};
use ares_services::operation::{Hidden, Operation};

use crate::measure::{self, Latencies};
use crate::report::{Goal, Report};

const WARM_UP: usize = 2_000;
/// Calls between two turns; the two plugins take so many turns.
const CALLS: usize = 500;
const TURNS: usize = 40;
/// What grants and limits may add to a pure call, in microseconds.
const GOAL: f64 = 5.0;
/// Folders the plugin with everything is granted.
const FOLDERS: usize = 4;

/// How the request for a folder begins.
const FOLDER: &str = "[[permissions.fs]]\nname = \"";
/// A secret that is set while all is measured: answers and lines are searched for it.
const SECRET: &str = "BENCH_TOKEN";

/// Every limit, with another value than its default.
const LIMITS: &str = "
[limits]
memory_mb = 64
fuel = 5000000000
deadline_ms = 20000
input_bytes = 524288
output_bytes = 524288
table_elements = 5000
host_calls = 50000
log_lines = 500
kv_bytes = 524288
kv_total_bytes = 1048576
kv_keys = 1000
http_requests = 16
http_sent_bytes = 524288
http_received_bytes = 524288
file_bytes = 1048576
files = 100
folders = 10
concurrency = 16
";

/// Compares the pure path, and a call that reads with and without a folder.
pub(crate) async fn all(guest: &Path, report: &mut Report) -> anyhow::Result<()> {
    let state = tempfile::tempdir()?;
    let host = Host::open(state.path().join("state")).await?;
    let place = |name: &str| state.path().join(name);
    let everything = permissions((0..FOLDERS).map(|n| format!("f{n}")).collect());
    set_secret(&host).await?;
    register(&host, guest, &place("bare"), "").await?;
    register(&host, guest, &place("full"), &(everything + LIMITS)).await?;
    register(&host, guest, &place("one-folder"), &one_folder()).await?;
    let (bare, full) = compare(&host.requests(), ["bare", "full"], "echo", r#"{"text":"hello"}"#).await?;
    lines("pure call with every grant and limit", &bare, &full, true, report);
    let (bare, folder) = compare(&host.requests(), ["bare", "one-folder"], "show_context", "{}").await?;
    lines("read call with one folder", &bare, &folder, false, report);
    host.close().await;
    Ok(())
}

/// A store, clocks, calls, events, a host, a secret for it, and folders.
fn permissions(folders: Vec<String>) -> String {
    let mut text = format!(
        "\n[permissions]\nkv = true\nclock = true\ncall = [\"other_one\", \"other_two\"]\n\
         events.publish = [\"bench.done\"]\n\
         \n[[permissions.net]]\nname = \"api\"\nmethods = [\"GET\"]\norigins = [\"https://example.org\"]\n\
         \n[[permissions.secrets]]\nname = \"{SECRET}\"\nnet = [\"api\"]\n"
    );
    for folder in folders {
        text.push_str(&format!("\n{FOLDER}{folder}\"\naccess = \"write\"\n"));
    }
    text
}

fn one_folder() -> String {
    format!("\n{FOLDER}f0\"\naccess = \"read\"\n")
}

async fn set_secret(host: &Host) -> anyhow::Result<()> {
    let value = Hidden::new("a value that is in no answer".to_owned());
    let set = Operation::SecretSet { name: SECRET.to_owned(), value };
    host.operate().operate(Caller::Human("bench".to_owned()), set).await?;
    Ok(())
}

/// The guest under the name of its folder, with more in its manifest, all of it granted.
async fn register(host: &Host, guest: &Path, folder: &Path, more: &str) -> anyhow::Result<()> {
    fs_err::create_dir(folder)?;
    fs_err::copy(guest.join("echo.wasm"), folder.join("echo.wasm"))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let manifest = fs_err::read_to_string(guest.join("plugin.toml"))?;
    let manifest = manifest.replacen("id = \"echo\"", &format!("id = \"{name}\""), 1);
    fs_err::write(folder.join("plugin.toml"), manifest + more)?;
    let mut grants = BTreeMap::new();
    for at in more.match_indices(FOLDER).map(|(at, found)| at + found.len()) {
        let scope = more.get(at..).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let place = folder.with_file_name(format!("{name}-{scope}"));
        fs_err::create_dir(&place)?;
        grants.insert(format!("fs:{scope}"), Some(place.to_string_lossy().into_owned()));
    }
    let folder = folder.to_owned();
    let register = Operation::Register { folder, grants, grant_all: true, replace: false };
    host.operate().operate(Caller::Human("bench".to_owned()), register).await?;
    Ok(())
}

/// Two plugins with the same capability, in short turns, so that a noisy moment meets both.
async fn compare(
    host: &Arc<dyn Invoke>,
    plugins: [&'static str; 2],
    capability: &'static str,
    input: &'static str,
) -> anyhow::Result<(Latencies, Latencies)> {
    let call = |plugin: &'static str| {
        let host = Arc::clone(host);
        move || {
            let name = |text: &str| text.parse().unwrap_or_else(|error| unreachable!("{error}"));
            let mut request = Request::new(Caller::Human("bench".to_owned()), name(capability), input);
            request.provider = Some(plugin.parse().unwrap_or_else(|error| unreachable!("{error}")));
            let host = Arc::clone(&host);
            async move {
                let outcome = host.invoke(request).await;
                assert_eq!(outcome.status().as_str(), "ok", "{:?}", outcome.status());
            }
        }
    };
    let mut taken = [Vec::new(), Vec::new()];
    for turn in 0..=TURNS {
        for (plugin, nanos) in plugins.into_iter().zip(&mut taken) {
            let calls = if turn == 0 { WARM_UP } else { CALLS };
            let some = tokio::spawn(measure::nanos(calls, call(plugin))).await?;
            nanos.extend(if turn == 0 { Vec::new() } else { some });
        }
    }
    let [one, other] = taken;
    Ok((Latencies::new(one), Latencies::new(other)))
}

fn lines(what: &str, bare: &Latencies, more: &Latencies, has_goal: bool, report: &mut Report) {
    for percent in [50, 95, 99] {
        let (bare, more) = (bare.percentile(percent), more.percentile(percent));
        let goal = (percent == 50 && has_goal).then(|| Goal::at_most("5 µs more", more - bare, GOAL));
        let reached = format!("{:+.1} µs ({more:.1} µs / {bare:.1} µs without)", more - bare);
        report.line(&format!("{what}: p{percent}"), reached, goal.flatten());
    }
}
