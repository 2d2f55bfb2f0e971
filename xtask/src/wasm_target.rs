//! `cargo xtask wasm-target`: makes the guests' target available to the active rustc.

mod debian;
mod standard_library;
mod toolchain;

use crate::Task;
use crate::command::{Program, is_installed};
use crate::failure::{Failure, Result};
use crate::options::Options;
use std::path::PathBuf;
use std::time::Duration;
use toolchain::Toolchain;

/// What every guest is compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// rustup fetches about 25 MB; a server that takes longer than this counts as not there.
const RUSTUP_LIMIT: Duration = Duration::from_secs(240);

pub(crate) const TASK: Task = Task {
    name: "wasm-target",
    summary: "Make the wasm32-wasip2 target available to the active rustc",
    help: "\
Usage: cargo xtask wasm-target [--from rustup|debian] [--sysroot DIR]

Does nothing where the target is there already. Otherwise asks rustup; where rustup is not there or its server
does not answer, builds the standard library from Debian's rust-src of the very release of rustc and lays it,
with Debian's wasi-libc, into the toolchain (about half a minute).

  --from WAY      try this way only
  --sysroot DIR   the toolchain folder to install into, instead of the active one; rustup knows only its own,
                  so this takes the Debian way",
    run,
};

fn run(arguments: &[String]) -> Result<()> {
    let mut options = Options::new(arguments);
    let way = options.value("--from")?;
    let sysroot = options.value("--sysroot")?.map(PathBuf::from);
    options.end()?;
    let toolchain = match &sysroot {
        Some(folder) => Toolchain::at(folder)?,
        None => Toolchain::active()?,
    };
    match (way.as_deref(), sysroot) {
        (Some("rustup"), Some(_)) => {
            Err(Failure::new("--sysroot takes the Debian way: rustup installs into its own folder only"))
        }
        (None, Some(_)) | (Some("debian"), _) => install(&toolchain, &[DEBIAN]),
        (Some("rustup"), None) => install(&toolchain, &[RUSTUP]),
        (None, None) => install(&toolchain, &[RUSTUP, DEBIAN]),
        (Some(other), _) => Err(Failure::new(format!("--from is `rustup` or `debian`, not `{other}`"))),
    }
}

/// The target as every other task needs it: there, or an error that says what to do.
pub(crate) fn ensure() -> Result<()> {
    install(&Toolchain::active()?, &[RUSTUP, DEBIAN])
}

type Way = (&'static str, fn(&Toolchain) -> Result<()>);

const RUSTUP: Way = ("rustup", from_rustup);
const DEBIAN: Way = ("Debian's rust-src", debian::install);

fn install(toolchain: &Toolchain, ways: &[Way]) -> Result<()> {
    if toolchain.has_target() {
        println!("{TARGET}: there, in {}", toolchain.sysroot().display());
        return Ok(());
    }
    let mut tried = String::new();
    for (name, way) in ways {
        println!("{TARGET}: not there; trying {name}");
        match way(toolchain) {
            Ok(()) if toolchain.has_target() => {
                println!("{TARGET}: added by {name}");
                return Ok(());
            }
            Ok(()) => tried.push_str(&format!(
                "\n  {name}: it succeeded, but this rustc still does not have the target"
            )),
            Err(failure) => tried.push_str(&format!("\n  {name}: {failure}")),
        }
    }
    Err(Failure::new(format!(
        "rustc {} has no {TARGET} target, and it could not be added:{tried}\n\
         Install it by hand: `rustup target add {TARGET}` where rustup manages this rustc, else your \
         distribution's standard library for that target; then run this command again.",
        toolchain.release()
    )))
}

fn from_rustup(_: &Toolchain) -> Result<()> {
    if !is_installed("rustup") {
        return Err(Failure::new("rustup is not on PATH"));
    }
    // One quick try: the other way is waiting.
    Program::new("rustup")
        .args(["target", "add", TARGET])
        .env("RUSTUP_MAX_RETRIES", "1")
        .read_within(RUSTUP_LIMIT)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_that_is_not_known_is_refused_before_anything_is_tried() {
        let failure = run(&["--from=tarball".to_owned()]).unwrap_err().to_string();
        assert!(failure.contains("tarball"), "{failure}");
    }

    #[test]
    fn when_no_way_works_the_error_names_each_and_says_what_to_install() {
        let folder = crate::temporary::TemporaryFolder::new("no-target").unwrap();
        let toolchain = Toolchain::for_test(folder.path());
        let ways: &[Way] = &[("first", |_| Err(Failure::new("no answer"))), ("second", |_| Ok(()))];
        let failure = install(&toolchain, ways).unwrap_err().to_string();
        for part in ["first: no answer", "second: it succeeded, but", "rustup target add wasm32-wasip2"] {
            assert!(failure.contains(part), "{part} in {failure}");
        }
    }
}
