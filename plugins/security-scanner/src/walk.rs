//! Reads the text files below a folder, in name order and within bounds, and keeps count of what
//! it passed over.
use std::{
    fs,
    path::{Component, Path, PathBuf},
    time::{Duration, Instant},
};

use ares_sdk::{Failure, OrFail};

use crate::Skipped;

const MAX_FILES: u32 = 10_000;
const MAX_FILE_BYTES: u64 = 1024 * 1024;
const MAX_BYTES: u64 = 64 * 1024 * 1024;
const MAX_DEPTH: usize = 32;
const MAX_ENTRIES: usize = 20_000;
/// Folders somebody else wrote or a tool builds anew.
const FOLDERS: [&str; 8] = [".git", ".hg", ".svn", "target", "node_modules", ".venv", "__pycache__", ".tox"];
/// How many passed-over folders, and how many reasons, the answer names.
const NAMED: usize = 50;
/// A file with a zero byte this early is no text.
const SNIFFED: usize = 8 * 1024;

/// The way through the files that are left.
pub(crate) struct Walk {
    root: PathBuf,
    /// What is still to visit, the next one last.
    left: Vec<(PathBuf, usize)>,
    deadline: Instant,
    pub(crate) files: u32,
    pub(crate) bytes: u64,
    pub(crate) skipped: Skipped,
    pub(crate) cut: Vec<String>,
}

impl Walk {
    /// Begins at `path` below `root`. A fifth of the time is kept for the answer.
    pub(crate) fn new(root: &Path, path: &str, remaining_ms: u64) -> Result<Self, Failure> {
        let relative = Path::new(path);
        let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if !relative.components().all(inside) {
            return Err(Failure::new(
                "invalid-path",
                format!("`{path}` must stay inside the granted folder"),
            ));
        }
        let start: PathBuf = relative.components().filter(|part| *part != Component::CurDir).collect();
        fs::symlink_metadata(root.join(&start))
            .or_fail("not-found", format!("`{path}` in the granted folder"))?;
        Ok(Self {
            root: root.to_owned(),
            left: vec![(start, 0)],
            deadline: Instant::now() + Duration::from_millis(remaining_ms.min(600_000) / 5 * 4),
            files: 0,
            bytes: 0,
            skipped: Skipped::default(),
            cut: Vec::new(),
        })
    }

    /// Ends the walk and says why.
    pub(crate) fn stop(&mut self, reason: impl Into<String>) {
        self.left.clear();
        self.cut.push(reason.into());
    }

    /// The next text file: its path relative to the root, and what it says.
    pub(crate) fn next_text(&mut self) -> Option<(String, String)> {
        while let Some((path, depth)) = self.left.pop() {
            if let Some(reason) = self.bound() {
                self.stop(reason);
                return None;
            }
            let Ok(found) = fs::symlink_metadata(self.full(&path)) else {
                self.skipped.unreadable += 1;
                continue;
            };
            if found.is_symlink() {
                self.skipped.links += 1;
            } else if found.is_dir() {
                self.enter(&path, depth);
            } else if !found.is_file() {
                self.skipped.unreadable += 1;
            } else if found.len() > MAX_FILE_BYTES {
                self.skipped.too_large += 1;
            } else if let Some(text) = self.read(&path) {
                return Some((path.to_string_lossy().into_owned(), text));
            }
        }
        None
    }

    fn note(&mut self, reason: String) {
        if self.cut.len() < NAMED {
            self.cut.push(reason);
        }
    }

    fn bound(&self) -> Option<String> {
        if self.files >= MAX_FILES {
            Some(format!("more than {MAX_FILES} files; scan a smaller part"))
        } else if self.bytes >= MAX_BYTES {
            Some(format!("more than {} MiB; scan a smaller part", MAX_BYTES / (1024 * 1024)))
        } else if Instant::now() >= self.deadline {
            Some("the time of this call is nearly over; scan a smaller part".to_owned())
        } else {
            None
        }
    }

    /// The root itself has no name to join: `/target/` and `/target` differ in the sandbox.
    fn full(&self, path: &Path) -> PathBuf {
        if path.as_os_str().is_empty() { self.root.clone() } else { self.root.join(path) }
    }

    fn enter(&mut self, folder: &Path, depth: usize) {
        let name = folder.file_name().unwrap_or_default();
        // The folder the caller named is entered whatever it is called.
        if depth > 0 && FOLDERS.iter().any(|skipped| name == *skipped) {
            self.skipped.folders_in_all += 1;
            if self.skipped.folders.len() < NAMED {
                self.skipped.folders.push(folder.to_string_lossy().into_owned());
            }
            return;
        }
        if depth >= MAX_DEPTH {
            self.note(format!("`{}` is more than {MAX_DEPTH} folders deep", folder.display()));
            return;
        }
        let Ok(entries) = fs::read_dir(self.full(folder)) else {
            self.skipped.unreadable += 1;
            return;
        };
        let mut names: Vec<_> =
            entries.filter_map(Result::ok).take(MAX_ENTRIES + 1).map(|one| one.file_name()).collect();
        if names.len() > MAX_ENTRIES {
            self.note(format!("`{}` holds more than {MAX_ENTRIES} entries", folder.display()));
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        self.left.extend(names.into_iter().map(|name| (folder.join(name), depth + 1)));
    }

    fn read(&mut self, path: &Path) -> Option<String> {
        let Ok(bytes) = fs::read(self.full(path)) else {
            self.skipped.unreadable += 1;
            return None;
        };
        if bytes.iter().take(SNIFFED).any(|byte| *byte == 0) {
            self.skipped.binary += 1;
            return None;
        }
        self.files += 1;
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        // Latin-1 and the like stay readable where it counts: secrets and shell are ASCII.
        Some(
            String::from_utf8(bytes)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        )
    }
}
