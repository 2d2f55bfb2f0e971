//! What a process costs: one command, a start, a running host.

#![expect(clippy::disallowed_methods, reason = "what is measured here are processes")]

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::full;
use crate::measure::Latencies;
use crate::report::{Goal, Report};

const COMMANDS: usize = 40;
const STARTS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures all of it. The program is the one built beside this benchmark.
pub(crate) fn all(root: &Path, guest: &Path, plugins: usize, report: &mut Report) -> anyhow::Result<()> {
    let program = std::env::current_exe()?.with_file_name("ares-host");
    anyhow::ensure!(program.is_file(), "{} is missing: run `cargo xtask bench`", program.display());
    let runtime = tokio::runtime::Runtime::new()?;

    let state = tempfile::tempdir()?;
    runtime.block_on(async {
        full::open(state.path(), guest).await?.close().await;
        anyhow::Ok(())
    })?;
    one_shot(&program, state.path(), report)?;
    let running = Running::start(&program, state.path())?;
    let resident = running.resident_mib()?;
    let goal = Goal::at_most("60 MB", resident, 60_000_000.0 / 1_048_576.0);
    report.line("resident memory at start, 1 plugin", format!("{resident:.1} MiB"), goal);
    drop(running);

    let many = tempfile::tempdir()?;
    runtime.block_on(register_many(root, many.path(), guest, plugins))?;
    start(&program, many.path(), plugins, report)
}

/// A command that calls a capability against a process that only prints its version, in turns.
fn one_shot(program: &Path, state: &Path, report: &mut Report) -> anyhow::Result<()> {
    let (mut bare, mut invoke) = (Vec::new(), Vec::new());
    for _ in 0..COMMANDS {
        bare.push(timed(Command::new(program).arg("--version"))?);
        let mut command = Command::new(program);
        command.arg("--state").arg(state).args(["invoke", "echo", "--arg", "text=hello"]);
        invoke.push(timed(&mut command)?);
    }
    let (bare, invoke) = (Latencies::new(bare).percentile(50), Latencies::new(invoke).percentile(50));
    let more = (invoke - bare) / 1000.0;
    let reached = format!(
        "{more:.1} ms more than a bare process ({:.1} ms / {:.1} ms)",
        invoke / 1000.0,
        bare / 1000.0
    );
    report.line("one `ares-host invoke`, p50", reached, Goal::at_most("10 ms more", more, 10.0));
    Ok(())
}

fn timed(command: &mut Command) -> anyhow::Result<u64> {
    let start = Instant::now();
    let output = command.output()?;
    anyhow::ensure!(output.status.success(), "{command:?}: {output:?}");
    Ok(u64::try_from(start.elapsed().as_nanos())?)
}

/// The same component under so many names: each is a plugin of its own, with its own manifest.
async fn register_many(root: &Path, state: &Path, guest: &Path, plugins: usize) -> anyhow::Result<()> {
    let folders = tempfile::tempdir_in(root.join("target"))?;
    let manifest = fs_err::read_to_string(guest.join("plugin.toml"))?;
    let host = full::open(state, guest).await?;
    for n in 1..plugins {
        let folder = folders.path().join(n.to_string());
        fs_err::create_dir(&folder)?;
        fs_err::copy(guest.join("echo.wasm"), folder.join("echo.wasm"))?;
        fs_err::write(
            folder.join("plugin.toml"),
            manifest.replacen("\"echo\"", &format!("\"echo-n{n}\""), 1),
        )?;
        full::register(&host, &folder).await?;
    }
    host.close().await;
    Ok(())
}

fn start(program: &Path, state: &Path, plugins: usize, report: &mut Report) -> anyhow::Result<()> {
    let mut starts = Vec::new();
    let mut resident = 0.0;
    for _ in 0..STARTS {
        let running = Running::start(program, state)?;
        starts.push(u64::try_from(running.took.as_nanos())?);
        resident = running.resident_mib()?;
    }
    let took = Latencies::new(starts).percentile(50) / 1000.0;
    let goal = Goal::at_most("100 ms", took, 100.0);
    report.line(&format!("start with {plugins} plugins, p50"), format!("{took:.0} ms"), goal);
    report.line(&format!("resident memory at start, {plugins} plugins"), format!("{resident:.1} MiB"), None);
    Ok(())
}

/// A host in the background, from its start until it answers; ended when dropped.
struct Running {
    child: Child,
    took: Duration,
}

impl Running {
    fn start(program: &Path, state: &Path) -> anyhow::Result<Self> {
        let socket: PathBuf = state.join("host.sock");
        let start = Instant::now();
        let mut command = Command::new(program);
        command.arg("--state").arg(state).arg("run").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        while UnixStream::connect(&socket).is_err() {
            if start.elapsed() > PATIENCE || child.try_wait()?.is_some() {
                child.kill()?;
                let said = child.stderr.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
                anyhow::bail!(
                    "the host did not start: {}",
                    said.map_while(Result::ok).collect::<Vec<_>>().join("\n")
                );
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        Ok(Self { child, took: start.elapsed() })
    }

    fn resident_mib(&self) -> anyhow::Result<f64> {
        let status = fs_err::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGTERM would be kinder, but nothing here has anything to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
