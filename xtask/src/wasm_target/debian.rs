//! Debian's source of the standard library and its wasi-libc, without touching the system's package state.

use super::standard_library;
use super::toolchain::Toolchain;
use crate::command::{Program, is_installed};
use crate::failure::{Failure, Result};
use crate::temporary::TemporaryFolder;
use crate::tree::{entries, files};
use std::fs;
use std::path::{Path, PathBuf};

/// Newest Rust last: each holds one or two releases, so between them recent ones are found.
const SUITES: &[&str] = &["trixie-backports", "forky", "sid"];
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// Where no source list names a mirror.
const MIRROR: &str = "http://deb.debian.org/debian";

/// Fetches both packages, builds the standard library and lays it into the toolchain.
pub(super) fn install(toolchain: &Toolchain) -> Result<()> {
    for tool in ["apt-get", "apt-cache", "dpkg"] {
        if !is_installed(tool) {
            return Err(Failure::new(format!("{tool} is not on PATH: this is no Debian")));
        }
    }
    if !Path::new(KEYRING).is_file() {
        return Err(Failure::new(format!("{KEYRING} is not there: install debian-archive-keyring")));
    }
    let work = TemporaryFolder::new("wasm-target")?;
    let apt = PrivateApt::new(&work.path().join("apt"))?;
    println!("  reading the package lists of {}", SUITES.join(", "));
    apt.update()?;
    let version = apt.version_for(toolchain.release())?;
    println!("  fetching rust-src {version} and wasi-libc");
    let packages = work.path().join("packages");
    create(&packages)?;
    apt.program("apt-get")
        .args(["download", &format!("rust-src={version}"), "wasi-libc"])
        .folder(&packages)
        .read()?;
    let unpacked = work.path().join("unpacked");
    for package in entries(&packages)? {
        Program::new("dpkg").arg("-x").arg(&package).arg(&unpacked).read()?;
    }
    let library = unpacked.join(format!("usr/src/rustc-{}/library", toolchain.release()));
    let libc = unpacked.join("usr/lib").join(super::TARGET);
    standard_library::install(toolchain, &library, &libc, &work.path().join("build"))
}

/// apt with lists, cache and sources of its own.
struct PrivateApt {
    folder: PathBuf,
}

impl PrivateApt {
    fn new(folder: &Path) -> Result<Self> {
        create(&folder.join("lists/partial"))?;
        create(&folder.join("cache/archives/partial"))?;
        let mirror = mirror()?;
        let sources: String =
            SUITES.iter().map(|suite| format!("deb [signed-by={KEYRING}] {mirror} {suite} main\n")).collect();
        let list = folder.join("sources.list");
        fs::write(&list, sources).map_err(|error| Failure::file("write", &list, &error))?;
        Ok(Self { folder: folder.to_path_buf() })
    }

    fn program(&self, name: &str) -> Program {
        let below = |path: &str| self.folder.join(path).display().to_string();
        Program::new(name)
            .arg("-qq")
            // The folder is this user's alone, so apt's own unprivileged user could not read it.
            .args(["-o", "APT::Sandbox::User=root"])
            .args(["-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30"])
            .arg("-o")
            .arg(format!("Dir::Etc::sourcelist={}", below("sources.list")))
            .args(["-o", "Dir::Etc::sourceparts=/dev/null"])
            .arg("-o")
            .arg(format!("Dir::State::lists={}", below("lists")))
            .arg("-o")
            .arg(format!("Dir::Cache={}", below("cache")))
    }

    /// A mirror need not have every suite, so only having none of them is an error.
    fn update(&self) -> Result<()> {
        let said = self.program("apt-get").arg("update").output()?;
        // apt may keep a list compressed, so more can follow the name.
        if files(&self.folder.join("lists"))?
            .iter()
            .any(|file| file.display().to_string().contains("_Packages"))
        {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        let first = said.lines().next().unwrap_or("apt-get said nothing");
        Err(Failure::new(format!("no package list could be fetched: {first}")))
    }

    fn version_for(&self, release: &str) -> Result<String> {
        let listed = self.program("apt-cache").args(["madison", "rust-src"]).read()?;
        find_version(&listed, release).ok_or_else(|| {
            Failure::new(format!("Debian ({}) has no rust-src of release {release}", SUITES.join(", ")))
        })
    }
}

/// The version in `apt-cache madison`'s table that is built from this very release.
fn find_version(table: &str, release: &str) -> Option<String> {
    table.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim).find_map(|version| {
        let rest = version.strip_prefix(release)?;
        rest.starts_with(['+', '-', '~']).then(|| version.to_owned())
    })
}

/// The Debian mirror this machine is set up for.
fn mirror() -> Result<String> {
    let mut lists = vec![PathBuf::from("/etc/apt/sources.list")];
    lists.extend(entries(Path::new("/etc/apt/sources.list.d"))?);
    let found =
        lists.iter().filter_map(|list| fs::read_to_string(list).ok()).find_map(|text| mirror_in(&text));
    Ok(found.unwrap_or_else(|| MIRROR.to_owned()))
}

/// The first Debian archive that a source list names, in either of the two formats.
fn mirror_in(text: &str) -> Option<String> {
    text.lines().map(str::trim).filter(|line| !line.starts_with('#')).find_map(|line| {
        let known = line.strip_prefix("URIs:").or_else(|| line.strip_prefix("deb "))?;
        known
            .split_whitespace()
            .find(|word| word.trim_end_matches('/').ends_with("/debian"))
            .map(str::to_owned)
    })
}

fn create(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| Failure::file("create", folder, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_found_in_both_formats_and_others_are_not_taken() {
        let deb822 =
            "Types: deb\n# URIs: http://old/debian\nURIs: http://mirror.example/debian\nSuites: bookworm\n";
        assert_eq!(mirror_in(deb822).as_deref(), Some("http://mirror.example/debian"));
        let line = "deb [arch=amd64] https://mirror.example/debian/ bookworm main\n";
        assert_eq!(mirror_in(line).as_deref(), Some("https://mirror.example/debian/"));
        assert_eq!(mirror_in("URIs: http://mirror.example/debian-security\n"), None);
        assert_eq!(mirror_in("deb https://deb.example/node nodistro main\n"), None);
    }

    #[test]
    fn only_the_very_release_counts() {
        let table = " rust-src | 1.85.0+dfsg3-1 | http://m sid/main amd64\n rust-src | 1.95.0+dfsg1-1 | http://m sid/main amd64\n";
        assert_eq!(find_version(table, "1.95.0").as_deref(), Some("1.95.0+dfsg1-1"));
        assert_eq!(find_version(table, "1.95"), None);
        assert_eq!(find_version(table, "1.96.0"), None);
    }
}
