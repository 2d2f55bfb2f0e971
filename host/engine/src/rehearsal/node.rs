//! What is remembered of one entry of a copy, and how entries are opened and listed.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{AtFlags, Dir, OFlags, Stat, StatxFlags, statx};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// A file system keeps times to some fraction of a second, some older ones to two seconds.
const FRESH_S: i64 = 2;

pub(crate) const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// Opening what looks like a file never waits, should it have become a pipe.
pub(crate) const READ: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// What was copied.
pub(crate) type Nodes = BTreeMap<PathBuf, Node>;

/// What is there and was not copied, and which thing it was where that can be known.
pub(crate) type LeftOut = BTreeMap<PathBuf, Option<Identity>>;

/// Which thing an entry is, under whatever name: a number that is given again to a new file is told by the time
/// of its making, where the file system keeps that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    device: (u32, u32),
    inode: u64,
    /// File, folder, link, pipe: the bits of its type.
    sort: u16,
    born: Option<(i64, u32)>,
}

impl Identity {
    /// Of an entry of a folder; a link is not followed.
    ///
    /// # Errors
    /// When there is none, or it cannot be looked at.
    pub(crate) fn of(folder: &OwnedFd, name: &CStr) -> Result<Self, Errno> {
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let found = statx(folder, name, flags, StatxFlags::BASIC_STATS | StatxFlags::BTIME)?;
        let has_born = StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::BTIME);
        Ok(Self {
            device: (found.stx_dev_major, found.stx_dev_minor),
            inode: found.stx_ino,
            sort: found.stx_mode & 0o170_000,
            born: has_born.then_some((found.stx_btime.tv_sec, found.stx_btime.tv_nsec)),
        })
    }

    /// Where it is kept, whatever sort of thing it is.
    pub(crate) fn number(&self) -> ((u32, u32), u64) {
        (self.device, self.inode)
    }

    /// Whether both are the same thing.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let born = self.born.zip(other.born).is_none_or(|(one, other)| one == other);
        self.number() == other.number() && self.sort == other.sort && born
    }
}

/// One entry of a copy as the guest first finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Node {
    pub(crate) sort: Sort,
    /// Its length.
    pub(crate) bytes: u64,
    /// What no write leaves as it was.
    pub(crate) stamp: Stamp,
    /// Whether the original was written so lately that times may not tell a later writing apart.
    pub(crate) fresh: bool,
    /// The same of the original.
    pub(crate) original: Stamp,
    /// The original's mode, without its type.
    pub(crate) mode: u32,
}

impl Node {
    /// Of a copy and its original.
    pub(crate) fn of(sort: Sort, (bytes, fresh): (u64, bool), (copy, original): (&Stat, &Stat)) -> Self {
        let (stamp, mode) = (Stamp::of(copy), original.st_mode & 0o7777);
        Self { sort, bytes, stamp, fresh, original: Stamp::of(original), mode }
    }
}

/// What sort of thing an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sort {
    File,
    Folder,
    Link,
}

/// Identity, and the times of the last writing and of the last change, as the file system keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) inode: u64,
    modified: (i64, u64),
    changed: (i64, u64),
}

impl Stamp {
    pub(crate) fn of(stat: &Stat) -> Self {
        Self {
            inode: stat.st_ino,
            modified: (stat.st_mtime, stat.st_mtime_nsec),
            changed: (stat.st_ctime, stat.st_ctime_nsec),
        }
    }

    /// Whether the last writing is so near to the copying that another may have the same time.
    pub(crate) fn is_fresh(self) -> bool {
        self.changed.0.saturating_sub(self.modified.0) <= FRESH_S
    }

    /// Whether its last change is so near to this copy of it that another may have the same time.
    pub(crate) fn is_near(self, copy: Self) -> bool {
        copy.changed.0.saturating_sub(self.changed.0) <= FRESH_S
    }
}

/// The names in a folder.
pub(crate) fn names(folder: &OwnedFd) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}
