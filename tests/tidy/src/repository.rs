//! The repository's files as the rules see them: tracked ones and new ones, never what is built.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Paths from the root, with `/`, and their bytes.
pub struct Repository {
    files: BTreeMap<String, Vec<u8>>,
}

impl Repository {
    /// The one this crate lies in.
    pub fn open() -> io::Result<Self> {
        let root = root();
        let mut files = BTreeMap::new();
        for path in listed_by_git(root).map_or_else(|| walked(root), Ok)? {
            // Git also lists a tracked file that was just deleted.
            if root.join(&path).is_file() {
                files.insert(path.clone(), fs_err::read(root.join(&path))?);
            }
        }
        Ok(Self { files })
    }

    /// One made up for a test of a rule.
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self {
            files: files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect(),
        }
    }

    /// Every file, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// Every file that is text.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter_map(|(path, bytes)| Some((path, std::str::from_utf8(bytes).ok()?)))
    }

    /// Every Rust file of the host's workspace: not the guests, and not the sources that must fail to compile.
    pub fn host_sources(&self) -> impl Iterator<Item = (&str, &str)> {
        const PLACES: &[&str] = &["host/", "registry/", "xtask/", "tests/", "benches/"];
        self.texts().filter(|(path, _)| {
            path.ends_with(".rs")
                && PLACES.iter().any(|place| path.starts_with(place))
                && !path.starts_with("tests/guests/")
                && !path.contains("/tests/seal/")
        })
    }

    /// One file's text.
    pub fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.files.get(path)?).ok()
    }

    /// Whether a file or a folder of this path is there.
    pub fn has(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.files.keys().any(|file| file == path || file.starts_with(&below))
    }

    /// The folders directly below `folder`.
    pub fn folders(&self, folder: &str) -> Vec<&str> {
        let prefix = format!("{folder}/");
        let mut found: Vec<&str> = self
            .files
            .keys()
            .filter_map(|path| Some(path.strip_prefix(&prefix)?.split_once('/')?.0))
            .collect();
        found.dedup();
        found
    }
}

/// The repository's root.
pub fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own)
}

#[expect(clippy::disallowed_methods, reason = "git knows best which files belong to the repository")]
fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success() && !output.stdout.is_empty())?;
    let paths = String::from_utf8(output.stdout).ok()?;
    Some(paths.split_terminator('\0').map(str::to_owned).collect())
}

/// For a source archive without git: everything but what is built.
fn walked(root: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs_err::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() && name != "target" && name != ".git" {
                open.push(path);
            } else if path.is_file() {
                found.extend(path.strip_prefix(root).ok().map(|path| path.display().to_string()));
            }
        }
    }
    Ok(found)
}
