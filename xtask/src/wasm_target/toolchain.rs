//! One Rust toolchain on disk: its rustc, its release and where its libraries lie.

use super::TARGET;
use crate::command::Program;
use crate::failure::{Failure, Result};
use crate::tree::entries;
use std::path::{Path, PathBuf};

pub(super) struct Toolchain {
    /// Its folder, where one was named; the active one is found by name alone.
    folder: Option<PathBuf>,
    sysroot: PathBuf,
    release: String,
}

impl Toolchain {
    /// The one that a plain `rustc` belongs to.
    pub(super) fn active() -> Result<Self> {
        Self::of(None)
    }

    /// The one in this folder, which holds `bin/rustc` and `bin/cargo`.
    pub(super) fn at(folder: &Path) -> Result<Self> {
        for tool in ["bin/rustc", "bin/cargo"] {
            if !folder.join(tool).is_file() {
                return Err(Failure::new(format!("{} is no toolchain: it has no {tool}", folder.display())));
            }
        }
        let folder = std::path::absolute(folder).map_err(|error| Failure::file("find", folder, &error))?;
        Self::of(Some(folder))
    }

    fn of(folder: Option<PathBuf>) -> Result<Self> {
        let rustc = |argument: &[&str]| rustc_of(folder.as_deref()).args(argument).read();
        let sysroot = PathBuf::from(rustc(&["--print", "sysroot"])?.trim());
        let version = rustc(&["--version"])?;
        let release = version
            .split_whitespace()
            .nth(1)
            .ok_or_else(|| Failure::new(format!("`rustc --version` said `{}`", version.trim())))?
            .to_owned();
        Ok(Self { folder, sysroot, release })
    }

    #[cfg(test)]
    pub(super) fn for_test(sysroot: &Path) -> Self {
        Self { folder: None, sysroot: sysroot.to_path_buf(), release: "1.0.0".to_owned() }
    }

    /// The toolchain's cargo, which compiles with the toolchain's rustc.
    pub(super) fn cargo(&self) -> Program {
        match &self.folder {
            Some(folder) => away_from_rustup(Program::new(folder.join("bin/cargo")))
                .env("RUSTC", folder.join("bin/rustc")),
            None => Program::cargo(),
        }
    }

    pub(super) fn sysroot(&self) -> &Path {
        &self.sysroot
    }

    /// Such as `1.95.0`.
    pub(super) fn release(&self) -> &str {
        &self.release
    }

    /// The folder of the guests' target, whether it exists or not.
    pub(super) fn target_folder(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib").join(TARGET)
    }

    /// Where cargo looks for the standard library's source.
    pub(super) fn library_source(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib/src/rust/library")
    }

    /// Whether the standard library for the target lies there.
    pub(super) fn has_target(&self) -> bool {
        entries(&self.target_folder().join("lib")).is_ok_and(|files| {
            files
                .iter()
                .filter_map(|file| file.file_name()?.to_str())
                .any(|name| name.starts_with("libstd-") && name.ends_with(".rlib"))
        })
    }
}

fn rustc_of(folder: Option<&Path>) -> Program {
    match folder {
        Some(folder) => away_from_rustup(Program::new(folder.join("bin/rustc"))),
        None => Program::new("rustc"),
    }
}

/// rustup points the loader at the active toolchain's libraries, and rustc takes its sysroot from where they lie.
fn away_from_rustup(program: Program) -> Program {
    program.without_env("LD_LIBRARY_PATH")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::TemporaryFolder;

    #[test]
    fn the_target_is_there_when_its_std_is() {
        let folder = TemporaryFolder::new("toolchain-test").unwrap();
        let toolchain = Toolchain::for_test(folder.path());
        assert!(!toolchain.has_target());
        let lib = toolchain.target_folder().join("lib");
        std::fs::create_dir_all(&lib).unwrap();
        std::fs::write(lib.join("libcore-0.rlib"), "").unwrap();
        assert!(!toolchain.has_target());
        std::fs::write(lib.join("libstd-0.rlib"), "").unwrap();
        assert!(toolchain.has_target());
    }

    #[test]
    fn a_folder_without_rustc_is_refused() {
        assert!(Toolchain::at(Path::new("/")).is_err());
    }
}
