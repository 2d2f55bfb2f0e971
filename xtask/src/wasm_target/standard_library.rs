//! Builds the standard library for the guests' target from source and lays it into a toolchain.

use super::TARGET;
use super::toolchain::Toolchain;
use crate::failure::{Failure, Result};
use crate::tree::entries;
use std::fs;
use std::path::Path;

/// The package whose only purpose is that cargo builds std for it.
const CARRIER: &str = "standard-library-carrier";

/// What wasi-libc gives to the linker.
const LIBC_FILES: &[&str] = &["libc.a", "crt1-command.o", "crt1-reactor.o"];

/// `library` is the source, `libc` holds wasi-libc's files, `build` is a folder to work in.
pub(super) fn install(toolchain: &Toolchain, library: &Path, libc: &Path, build: &Path) -> Result<()> {
    for needed in LIBC_FILES {
        if !libc.join(needed).is_file() {
            return Err(Failure::new(format!("the wasi-libc package has no {needed} for {TARGET}")));
        }
    }
    println!("  building the standard library of {}", toolchain.release());
    let source = Source::lay(toolchain, library)?;
    let built = compile(toolchain, build);
    drop(source);
    built?;
    lay(toolchain, &build.join("target").join(TARGET).join("release/deps"), libc)
}

fn compile(toolchain: &Toolchain, build: &Path) -> Result<()> {
    let manifest =
        format!("[package]\nname = \"{CARRIER}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n");
    create(&build.join("src"))?;
    write(&build.join("Cargo.toml"), &manifest)?;
    write(&build.join("src/lib.rs"), "")?;
    toolchain
        .cargo()
        .args([
            "build",
            "--quiet",
            "--release",
            "-Zbuild-std=std,panic_abort,panic_unwind",
            "--target",
            TARGET,
        ])
        .folder(build)
        .env("CARGO_TARGET_DIR", build.join("target"))
        // The flag above is for cargo's own developers; std itself needs it too.
        .env("RUSTC_BOOTSTRAP", "1")
        // Without bitcode in the rlibs a guest could not be linked with LTO.
        .env("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", "-Cembed-bitcode=yes")
        .without_env("RUSTFLAGS")
        .without_env("CARGO_ENCODED_RUSTFLAGS")
        .run()
}

/// Fills a folder beside the real one and renames it, so that a half-laid target is never taken for a whole one.
fn lay(toolchain: &Toolchain, built: &Path, libc: &Path) -> Result<()> {
    let folder = toolchain.target_folder();
    let partial = folder.with_extension(format!("partial-{}", std::process::id()));
    let lib = partial.join("lib");
    create(&lib.join("self-contained"))?;
    let carrier = format!("lib{}-", CARRIER.replace('-', "_"));
    for file in entries(built)? {
        let Some(name) = file.file_name().and_then(|name| name.to_str()) else { continue };
        if name.ends_with(".rlib") && !name.starts_with(&carrier) {
            copy(&file, &lib.join(name))?;
        }
    }
    for name in LIBC_FILES {
        copy(&libc.join(name), &lib.join("self-contained").join(name))?;
    }
    if folder.is_dir() {
        fs::remove_dir_all(&folder).map_err(|error| Failure::file("remove", &folder, &error))?;
    }
    fs::rename(&partial, &folder).map_err(|error| Failure::file("rename", &partial, &error))
}

/// The library's source at the one place where cargo looks for it; taken away again if it was not there before.
struct Source<'a> {
    laid: Option<&'a Toolchain>,
}

impl<'a> Source<'a> {
    fn lay(toolchain: &'a Toolchain, library: &Path) -> Result<Self> {
        let place = toolchain.library_source();
        if place.join("Cargo.lock").is_file() {
            return Ok(Self { laid: None });
        }
        let laid = Self { laid: Some(toolchain) };
        copy_tree(library, &place)?;
        Ok(laid)
    }
}

impl Drop for Source<'_> {
    fn drop(&mut self) {
        let Some(toolchain) = self.laid else { return };
        let place = toolchain.library_source();
        if let Err(error) = fs::remove_dir_all(&place) {
            eprintln!("warning: could not remove {}: {error}", place.display());
        }
        // Its parents, `src/rust`, where nothing else is in them.
        for parent in place.ancestors().skip(1).take(2) {
            if fs::remove_dir(parent).is_err() {
                break;
            }
        }
    }
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    create(to)?;
    for entry in entries(from)? {
        let Some(name) = entry.file_name() else { continue };
        if entry.is_dir() {
            copy_tree(&entry, &to.join(name))?;
        } else {
            copy(&entry, &to.join(name))?;
        }
    }
    Ok(())
}

fn create(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| Failure::file("create", folder, &error))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).map_err(|error| Failure::file("write", file, &error))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(drop).map_err(|error| Failure::file("copy", from, &error))
}
