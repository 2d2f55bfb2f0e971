//! Goes through a folder in name order, without recursion, within bounds.
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use ares_sdk::Failure;

use crate::place::{failure, full, inside};

/// The most entries one call looks at.
const ENTRIES_MAX: usize = 50_000;

/// The way through what is left.
pub(crate) struct Walk {
    root: PathBuf,
    depth: usize,
    /// What is still to visit, the next one last.
    left: Vec<(PathBuf, usize)>,
    seen: usize,
    deadline: Instant,
    /// Folders that could not be listed.
    pub(crate) unreadable: u32,
    /// Why it ended early.
    pub(crate) cut: Option<String>,
}

/// One thing that lies there.
pub(crate) struct Found {
    /// Relative to the granted folder.
    pub(crate) path: String,
    pub(crate) about: fs::Metadata,
}

impl Walk {
    /// Begins at `path`, which may be a file, and goes so many folders deep. A fifth of the time is
    /// kept for the answer.
    pub(crate) fn new(root: &Path, path: &str, depth: usize, remaining_ms: u64) -> Result<Self, Failure> {
        let start = inside(path)?;
        let about = fs::metadata(full(root, &start)).map_err(|error| failure(path, &error))?;
        let mut walk = Self {
            root: root.to_owned(),
            depth,
            left: Vec::new(),
            seen: 0,
            deadline: Instant::now() + Duration::from_millis(remaining_ms.min(600_000) / 5 * 4),
            unreadable: 0,
            cut: None,
        };
        if about.is_dir() {
            walk.enter(&start, 0);
            if walk.unreadable > 0 {
                return Err(Failure::new("not-permitted", format!("the folder `{path}` cannot be listed")));
            }
        } else {
            walk.left.push((start, 1));
        }
        Ok(walk)
    }

    /// Ends it and says why.
    pub(crate) fn stop(&mut self, reason: String) {
        self.left.clear();
        self.cut.get_or_insert(reason);
    }

    fn enter(&mut self, folder: &Path, depth: usize) {
        if depth >= self.depth {
            return;
        }
        let Ok(entries) = fs::read_dir(full(&self.root, folder)) else {
            self.unreadable += 1;
            return;
        };
        let room = ENTRIES_MAX.saturating_sub(self.left.len() + self.seen);
        let mut names: Vec<_> =
            entries.filter_map(Result::ok).take(room + 1).map(|entry| entry.file_name()).collect();
        if names.len() > room {
            names.truncate(room);
            let reason = format!("more than {ENTRIES_MAX} entries; look at a smaller part");
            self.cut.get_or_insert(reason);
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        self.left.extend(names.into_iter().map(|name| (folder.join(name), depth + 1)));
    }
}

impl Iterator for Walk {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        while let Some((path, depth)) = self.left.pop() {
            self.seen += 1;
            if Instant::now() >= self.deadline {
                self.stop("the time of this call is nearly over; look at a smaller part".to_owned());
                return None;
            }
            // What is gone since it was listed, or has no name this plugin can say, is passed over.
            let (Ok(about), Some(text)) =
                (fs::symlink_metadata(full(&self.root, &path)), path.to_str().map(ToOwned::to_owned))
            else {
                self.unreadable += 1;
                continue;
            };
            if about.is_dir() {
                self.enter(&path, depth);
            }
            return Some(Found { path: text, about });
        }
        None
    }
}
