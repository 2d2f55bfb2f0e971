//! WASI 0.2 as far as a plugin needs it: streams, clocks, randomness, an empty environment, and the
//! granted folders. Sockets are not linked, so a component that imports them does not fit.

use std::sync::Arc;
use std::time::Instant;

use ares_kernel::facts::{Access, Folder};
use ares_kernel::ports::Clock;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, io, random};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder, WasiView as _};

use super::files;
use crate::captured::Captured;
use crate::clocks::{Fineness, Monotonic, Wall};
use crate::state::{CallState, Wasi};

/// The most random bytes one call of `get-random-bytes` gives.
const RANDOM_BYTES_MAX: u64 = 1 << 20;

struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

/// Links each interface by name, so that a new one of a later version is a decision.
pub(super) fn link(l: &mut Linker<CallState>) -> wasmtime::Result<()> {
    type S = CallState;
    io::error::add_to_linker::<S, Io>(l, |state| state.ctx().table)?;
    io::poll::add_to_linker::<S, Io>(l, |state| state.ctx().table)?;
    io::streams::add_to_linker::<S, Io>(l, |state| state.ctx().table)?;
    clocks::wall_clock::add_to_linker::<S, WasiClocks>(l, S::clocks)?;
    clocks::monotonic_clock::add_to_linker::<S, WasiClocks>(l, S::clocks)?;
    random::random::add_to_linker::<S, WasiRandom>(l, S::random)?;
    random::insecure::add_to_linker::<S, WasiRandom>(l, S::random)?;
    random::insecure_seed::add_to_linker::<S, WasiRandom>(l, S::random)?;
    cli::environment::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::exit::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::stdin::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::stdout::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::stderr::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_input::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_output::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_stdin::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_stdout::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_stderr::add_to_linker::<S, WasiCli>(l, S::cli)?;
    filesystem::preopens::add_to_linker::<S, WasiFilesystem>(l, S::filesystem)?;
    filesystem::types::add_to_linker::<S, WasiFilesystem>(l, S::filesystem)?;
    files::link(l)
}

/// Surroundings without folders.
pub(crate) fn bare(clock: Arc<dyn Clock>, fineness: &Fineness) -> Wasi {
    let (mut wasi, stdout, stderr) = builder(clock, fineness);
    Wasi { ctx: wasi.build(), stdout, stderr }
}

/// Surroundings with these folders, each at `/<name>`. Opens them, so it may wait for a disk.
pub(crate) fn surround(
    folders: &[Folder],
    clock: Arc<dyn Clock>,
    fineness: &Fineness,
) -> wasmtime::Result<Wasi> {
    let (mut wasi, stdout, stderr) = builder(clock, fineness);
    for folder in folders {
        let access = match folder.access {
            Access::Read => FsPerms::ReadOnly,
            Access::Write => FsPerms::ReadWrite,
        };
        let opened = wasi.preopened_dir(&folder.host, files::guest_path(folder), access);
        opened.map_err(|error| {
            wasmtime::format_err!("its folder `{}` cannot be opened: {}", folder.name, error.root_cause())
        })?;
    }
    Ok(Wasi { ctx: wasi.build(), stdout, stderr })
}

/// What all have: nothing of the host's environment, and streams that end in the plugin's log.
fn builder(clock: Arc<dyn Clock>, fineness: &Fineness) -> (WasiCtxBuilder, Captured, Captured) {
    let (stdout, stderr) = (Captured::default(), Captured::default());
    let mut wasi = WasiCtxBuilder::new();
    wasi.stdout(stdout.clone())
        .stderr(stderr.clone())
        .max_random_size(RANDOM_BYTES_MAX)
        .wall_clock(Wall(clock, fineness.clone()))
        .monotonic_clock(Monotonic(Instant::now(), fineness.clone()))
        // Files are read and written on threads made for waiting, never on those that run guests.
        .allow_blocking_current_thread(false);
    (wasi, stdout, stderr)
}
