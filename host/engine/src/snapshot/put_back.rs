//! Brings folders back to their copies, from handle to handle by single names: no link is followed, and
//! only what differs is touched. What cannot be brought back is told, and the rest goes on.

use std::collections::BTreeSet;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use ares_kernel::ports::CopiesError;
use ares_kernel::snapshot::PutBack;
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, Stat, fchmod, fstat, ftruncate, futimens, mkdirat, open, openat,
    readlinkat, renameat, statat, symlinkat, unlinkat,
};
use rustix::io::Errno;

use super::list::{List, Listed, identity};
use super::lost::{Lost, Met};
use super::remove::{fresh_name, remove};
use super::told::{Told, below};
use crate::rehearsal::compare::same_bytes;
use crate::rehearsal::copy::times;
use crate::rehearsal::node::{FOLDER, Node, READ, Sort, Stamp, names};

/// A folder and its copy, open.
struct Pair {
    now: OwnedFd,
    kept: OwnedFd,
}

/// One folder on its way back.
struct Back<'a, 'b> {
    act: bool,
    number: usize,
    listed: &'a Listed,
    lost: &'b mut Lost<'a>,
    told: &'b mut Told<'a>,
}

/// Puts all folders of a list back, or says what that would change.
///
/// # Errors
/// When nothing was changed: a folder is not where it was, or cannot be opened.
pub(super) fn put_back(place: &Path, list: &List, act: bool) -> Result<PutBack, CopiesError> {
    let mut pairs = Vec::with_capacity(list.folders.len());
    for (number, listed) in list.folders.iter().enumerate() {
        let moved = || CopiesError::Moved { folder: listed.name.clone(), path: listed.host.clone() };
        let what = || format!("opening the copy of `{}`", listed.name);
        let kept = open(place.join(number.to_string()), FOLDER, Mode::empty())
            .map_err(|error| CopiesError::Io { what: what(), source: error.into() })?;
        let now = open(&listed.host, FOLDER, Mode::empty()).map_err(|_| moved())?;
        if !identity(&now).is_ok_and(|found| found == listed.identity) {
            return Err(moved());
        }
        pairs.push(Pair { now, kept });
    }
    let mut told = Told::new(list);
    let mut lost = Lost::of(list, pairs.iter().map(|pair| &pair.now).collect(), act);
    for (number, (pair, listed)) in pairs.iter().zip(&list.folders).enumerate() {
        Back { act, number, listed, lost: &mut lost, told: &mut told }.level(pair, Path::new(""));
    }
    lost.finish(&mut told);
    told.done.changes.sort();
    Ok(told.done)
}

impl Back<'_, '_> {
    fn changed(&mut self, word: &str, path: &Path) {
        self.told.changed(word, (self.number, path));
    }

    fn failed(&mut self, path: &Path, error: &io::Error) {
        self.told.failed((self.number, path), error);
    }

    fn level(&mut self, pair: &Pair, at: &Path) {
        let listed = names(&pair.kept).and_then(|kept| Ok((kept, names(&pair.now)?)));
        let (mut kept, mut now): (BTreeSet<CString>, Vec<CString>) = match listed {
            Ok((kept, now)) => (kept.into_iter().collect(), now),
            Err(error) => return self.failed(at, &error),
        };
        let away = self.take_away(&pair.now, (&mut kept, &mut now), at);
        for name in now.iter().filter(|name| !kept.contains(*name)) {
            let path = below(at, name);
            if !self.listed.left_out.contains_key(&path) {
                self.surplus(&pair.now, name, &path);
            }
        }
        for name in &kept {
            let path = below(at, name);
            if let Some(node) = self.listed.nodes.get(&path)
                && let Err(error) = self.entry(pair, (name, away.contains(name)), (&path, node))
            {
                self.failed(&path, &error.into());
            }
        }
    }

    /// Takes what is in no copy out of the way before anything is removed or replaced, and answers where it was. What
    /// stays is taken from the names that are gone through.
    fn take_away(
        &mut self,
        folder: &OwnedFd,
        (kept, now): (&mut BTreeSet<CString>, &mut Vec<CString>),
        at: &Path,
    ) -> BTreeSet<CString> {
        let mut away = BTreeSet::new();
        if self.lost.is_empty() {
            return away;
        }
        now.retain(|name| {
            let path = below(at, name);
            match self.lost.meet((folder, name), (self.number, &path), kept.contains(name)) {
                Met::Other => return true,
                Met::Away => _ = away.insert(name.clone()),
                Met::Stays if kept.remove(name) => {
                    let error = "what has its name now is in no copy and cannot be moved";
                    self.told.failed((self.number, &path), &error);
                }
                Met::Stays => {}
            }
            false
        });
        away
    }

    /// What was not there: it goes, a folder with all that is in it.
    fn surplus(&mut self, now: &OwnedFd, name: &CStr, path: &Path) {
        match self.remove(now, name, path) {
            Ok(()) => {
                self.told.done.removed += 1;
                self.changed("remove", path);
            }
            Err(error) => self.failed(path, &error.into()),
        }
    }

    fn remove(&mut self, now: &OwnedFd, name: &CStr, path: &Path) -> Result<(), Errno> {
        let at = (self.number, path);
        if self.act {
            return remove(now, name, |folder, entry| self.lost.spare(folder, entry, at));
        }
        self.lost.look(now, name, at);
        Ok(())
    }

    /// What was there: it is left alone where it is as it was.
    fn entry(
        &mut self,
        pair: &Pair,
        (name, away): (&CStr, bool),
        (path, node): (&Path, &Node),
    ) -> Result<(), Errno> {
        let there = match statat(&pair.now, name, AtFlags::SYMLINK_NOFOLLOW) {
            // Where this only looks, it is still there.
            Ok(stat) => (!away || self.act).then_some(stat),
            Err(Errno::NOENT) => None,
            Err(error) => return Err(error),
        };
        let same_sort = there.as_ref().filter(|stat| sort(stat) == Some(node.sort));
        if there.is_some() && same_sort.is_none() {
            self.remove(&pair.now, name, path)?;
        }
        match (node.sort, same_sort) {
            (Sort::Folder, found) => return self.folder(pair, name, (path, node, found)),
            (Sort::File, Some(stat)) if as_it_was(pair, name, (node, stat))? => {
                self.told.done.unchanged += 1;
                return Ok(());
            }
            (Sort::Link, Some(_)) => {
                let target = |folder| readlinkat(folder, name, Vec::new());
                if target(&pair.now)? == target(&pair.kept)? {
                    self.told.done.unchanged += 1;
                    return Ok(());
                }
            }
            (Sort::File | Sort::Link, _) => {}
        }
        if self.act {
            match (node.sort, same_sort) {
                // The very file of before, written into: so also its other names are as they were.
                (Sort::File, Some(stat)) if stat.st_ino == node.original.inode => {
                    written_again(pair, name, node)?;
                }
                _ => placed(pair, name, node)?,
            }
        }
        self.told.done.put_back += 1;
        self.changed("put back", path);
        Ok(())
    }

    fn folder(
        &mut self,
        pair: &Pair,
        name: &CStr,
        (path, node, found): (&Path, &Node, Option<&Stat>),
    ) -> Result<(), Errno> {
        let kept = openat(&pair.kept, name, FOLDER, Mode::empty())?;
        if found.is_none() && !self.act {
            self.told.done.put_back += 1;
            self.changed("put back", path);
            self.all_of(&kept, path);
            return Ok(());
        }
        if found.is_none() {
            mkdirat(&pair.now, name, Mode::RWXU)?;
        }
        let now = openat(&pair.now, name, FOLDER, Mode::empty())?;
        let as_it_was = found.is_some_and(|stat| stat.st_mode & 0o7777 == node.mode);
        let pair = Pair { now, kept };
        self.level(&pair, path);
        if as_it_was {
            self.told.done.unchanged += 1;
            return Ok(());
        }
        if self.act {
            fchmod(&pair.now, Mode::from_raw_mode(node.mode))?;
        }
        self.told.done.put_back += 1;
        self.changed("put back", path);
        Ok(())
    }

    /// A folder that would be made again, with all that was in it.
    fn all_of(&mut self, kept: &OwnedFd, at: &Path) {
        let inside = match names(kept) {
            Ok(inside) => inside,
            Err(error) => return self.failed(at, &error),
        };
        for name in inside {
            let path = below(at, &name);
            self.told.done.put_back += 1;
            self.changed("put back", &path);
            if self.listed.nodes.get(&path).is_some_and(|node| node.sort == Sort::Folder) {
                match openat(kept, &name, FOLDER, Mode::empty()) {
                    Ok(below) => self.all_of(&below, &path),
                    Err(error) => self.failed(&path, &error.into()),
                }
            }
        }
    }
}

fn sort(stat: &Stat) -> Option<Sort> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Some(Sort::File),
        FileType::Directory => Some(Sort::Folder),
        FileType::Symlink => Some(Sort::Link),
        _ => None,
    }
}

/// Whether a file is as it was: by its times where they can tell, else byte for byte.
fn as_it_was(pair: &Pair, name: &CStr, (node, stat): (&Node, &Stat)) -> Result<bool, Errno> {
    if stat.st_mode & 0o7777 != node.mode || u64::try_from(stat.st_size) != Ok(node.bytes) {
        return Ok(false);
    }
    if Stamp::of(stat) == node.original && !node.fresh && !node.original.is_near(node.stamp) {
        return Ok(true);
    }
    let now = match openat(&pair.now, name, READ, Mode::empty()) {
        Ok(now) => File::from(now),
        // Whoever made it so that it cannot be read made it another.
        Err(Errno::ACCESS) => return Ok(false),
        Err(error) => return Err(error),
    };
    let kept = File::from(openat(&pair.kept, name, READ, Mode::empty())?);
    same_bytes(&now, &kept).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}

fn poured(kept: &OwnedFd, name: &CStr, to: &mut File) -> Result<(), Errno> {
    let mut from = File::from(openat(kept, name, READ, Mode::empty())?);
    let filled = io::copy(&mut from, to).and_then(|_| to.flush());
    filled.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    ftruncate(&*to, u64::try_from(fstat(&from)?.st_size).unwrap_or(0))?;
    futimens(&*to, &times(&fstat(&from)?))
}

/// Writes what a file held into the file itself.
fn written_again(pair: &Pair, name: &CStr, node: &Node) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let mut to = match openat(&pair.now, name, flags, Mode::empty()) {
        Ok(to) => File::from(to),
        Err(Errno::ACCESS) => return placed(pair, name, node),
        Err(error) => return Err(error),
    };
    let stat = fstat(&to)?;
    if stat.st_ino != node.original.inode || sort(&stat) != Some(Sort::File) {
        return placed(pair, name, node);
    }
    poured(&pair.kept, name, &mut to)?;
    if fstat(&to)?.st_mode & 0o7777 != node.mode {
        fchmod(&to, Mode::from_raw_mode(node.mode))?;
    }
    Ok(())
}

/// Puts a file or a link there under a name of its own first, so that it is whole when it has its own.
fn placed(pair: &Pair, name: &CStr, node: &Node) -> Result<(), Errno> {
    let first = fresh_name()?;
    let made = if node.sort == Sort::Link {
        readlinkat(&pair.kept, name, Vec::new()).and_then(|target| symlinkat(&target, &pair.now, &first))
    } else {
        file(pair, (name, &first), node)
    };
    let named = made.and_then(|()| renameat(&pair.now, &first, &pair.now, name));
    if named.is_err() {
        // What is left of it is told with the error of the whole.
        let _ = unlinkat(&pair.now, &first, AtFlags::empty());
    }
    named
}

fn file(pair: &Pair, (name, first): (&CStr, &CStr), node: &Node) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mut to = File::from(openat(&pair.now, first, flags, Mode::RUSR | Mode::WUSR)?);
    poured(&pair.kept, name, &mut to)?;
    // Another file than before: it gets no more than a file of this user may have.
    fchmod(&to, Mode::from_raw_mode(node.mode & 0o777))
}
