//! What became of a copy: entry by entry, against what was copied and, where a file was written, byte
//! by byte against the original.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use ares_kernel::FolderName;
use ares_kernel::rehearsal::{Change, Intent};
use rustix::fs::{AtFlags, FileType, Mode, Stat, open, openat, statat};

use super::copy::{Copied, DEPTH_MAX};
use super::node::{FOLDER, Nodes, READ, Sort, Stamp, names};

/// How much of two files is compared at a time, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// What a call would have done to one folder.
pub(super) struct Compared {
    pub(super) intents: Vec<Intent>,
    pub(super) left_out: Vec<String>,
}

/// A comparison under way.
struct Comparing<'a> {
    folder: &'a FolderName,
    nodes: &'a Nodes,
    seen: Vec<PathBuf>,
    found: Vec<(PathBuf, Intent)>,
    too_deep: bool,
}

/// Compares a copy with what was copied.
///
/// # Errors
/// When either cannot be read.
pub(super) fn compare(copied: &Copied) -> io::Result<Compared> {
    let Copied { name, original, copy, nodes, .. } = copied;
    let (seen, found) = (Vec::new(), Vec::new());
    let mut comparing = Comparing { folder: name, nodes, seen, found, too_deep: false };
    let now = open(copy, FOLDER, Mode::empty())?;
    let before = open(original, FOLDER, Mode::empty()).ok();
    comparing.level(&now, before.as_ref(), Path::new(""), 1)?;
    comparing.seen.sort_unstable();
    let Comparing { seen, mut found, too_deep, .. } = comparing;
    for (path, node) in nodes.iter().filter(|(path, _)| seen.binary_search(path).is_err()) {
        found.push((path.clone(), intent(name, path, (Change::Removed, node.sort, node.bytes))));
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let left_out = too_deep.then(|| {
        format!("what it would have made in `{name}` deeper than {DEPTH_MAX} folders is not listed")
    });
    let intents = found.into_iter().map(|(_, intent)| intent).collect();
    Ok(Compared { intents, left_out: left_out.into_iter().collect() })
}

impl Comparing<'_> {
    fn level(&mut self, now: &OwnedFd, before: Option<&OwnedFd>, at: &Path, depth: usize) -> io::Result<()> {
        for name in names(now)? {
            let path = at.join(OsStr::from_bytes(name.to_bytes()));
            let stat = statat(now, &name, AtFlags::SYMLINK_NOFOLLOW)?;
            let Some(sort) = sort(&stat) else { continue };
            let bytes = if sort == Sort::File { u64::try_from(stat.st_size).unwrap_or(0) } else { 0 };
            let known = self.nodes.get(&path).filter(|node| node.sort == sort);
            match known {
                None => self.found(&path, Change::Made, (sort, bytes)),
                Some(node) => {
                    self.seen.push(path.clone());
                    let written = sort == Sort::File && (node.fresh || node.stamp != Stamp::of(&stat));
                    if written && (node.bytes != bytes || !same(now, before, &name)?) {
                        self.found(&path, Change::Changed, (sort, bytes));
                    }
                }
            }
            if sort == Sort::Folder && depth < DEPTH_MAX {
                let below = openat(now, &name, FOLDER, Mode::empty())?;
                let before = before.and_then(|before| openat(before, &name, FOLDER, Mode::empty()).ok());
                self.level(&below, before.as_ref(), &path, depth + 1)?;
            }
            self.too_deep |= sort == Sort::Folder && depth >= DEPTH_MAX;
        }
        Ok(())
    }

    fn found(&mut self, path: &Path, change: Change, (sort, bytes): (Sort, u64)) {
        self.found.push((path.to_owned(), intent(self.folder, path, (change, sort, bytes))));
    }
}

fn intent(folder: &FolderName, path: &Path, (change, sort, bytes): (Change, Sort, u64)) -> Intent {
    let (folder, path) = (folder.clone(), path.to_string_lossy().into_owned());
    match sort {
        Sort::File | Sort::Link => Intent::File { change, folder, path, bytes },
        Sort::Folder => Intent::Folder { change, folder, path },
    }
}

fn sort(stat: &Stat) -> Option<Sort> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Some(Sort::File),
        FileType::Directory => Some(Sort::Folder),
        FileType::Symlink => Some(Sort::Link),
        // A guest can make nothing else.
        _ => None,
    }
}

/// Whether a written file holds what the original holds. An original that went meanwhile is another.
fn same(now: &OwnedFd, before: Option<&OwnedFd>, name: &std::ffi::CStr) -> io::Result<bool> {
    let Some(Ok(before)) = before.map(|before| openat(before, name, READ, Mode::empty())) else {
        return Ok(false);
    };
    same_bytes(&File::from(openat(now, name, READ, Mode::empty())?), &File::from(before))
}

/// Whether two files hold the same, from where they stand.
pub(crate) fn same_bytes(mut now: &File, mut before: &File) -> io::Result<bool> {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    loop {
        one.clear();
        other.clear();
        now.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut one)?;
        before.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut other)?;
        if one != other {
            return Ok(false);
        }
        if one.is_empty() {
            return Ok(true);
        }
    }
}
