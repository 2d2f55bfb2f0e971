//! Copies a folder for a rehearsal or a snapshot, from handle to handle by single names: no link is followed, and
//! what is too much ends it before any guest runs.

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ares_kernel::facts::Folder;
use ares_kernel::text::escaped;
use ares_kernel::{Fault, FaultKind, FolderName, LimitHit};
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, Stat, Timespec, Timestamps, fchmod, fstat, futimens, mkdirat, open,
    openat, readlinkat, statat, symlinkat,
};
use rustix::io::Errno;

use super::node::{FOLDER, Identity, LeftOut, Node, Nodes, READ, Sort, Stamp, names};

/// How many folders deep is copied and compared: each level holds two handles.
pub(crate) const DEPTH_MAX: usize = 64;
/// How many things that were not copied are named.
const SKIPPED_MAX: usize = 32;
/// The least a copied file, folder or link takes on the disk, in bytes: a block, or its inode and its name.
pub(crate) const OBJECT_BYTES_MIN: u64 = 4096;
/// So many bytes of a file are copied between two looks at the clock.
const PART: u64 = 16 << 20;
const UNREADABLE: &str = "cannot be read by the host";

/// What folders are copied for, and how much of them.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    /// The most bytes they may hold together.
    pub(crate) bytes: u64,
    /// The most files, folders and links in them.
    pub(crate) entries: u64,
    /// When it is given up.
    pub(crate) until: Option<Instant>,
    pub(crate) purpose: &'static Purpose,
}

/// What folders are copied for, in words.
#[derive(Debug)]
pub(crate) struct Purpose {
    /// What becomes of the call or of its folders.
    pub(crate) done: &'static str,
    /// What it is.
    pub(crate) noun: &'static str,
    /// What becomes of a thing that is not copied.
    pub(crate) left_out: &'static str,
    /// The keys of the bounds: for bytes, in MiB, and for entries.
    pub(crate) keys: (&'static str, &'static str),
}

/// A folder and its copy.
pub(crate) struct Copied {
    pub(crate) name: FolderName,
    pub(crate) original: PathBuf,
    pub(crate) copy: PathBuf,
    pub(crate) nodes: Nodes,
    pub(crate) left_out: LeftOut,
}

/// Why a folder is not copied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    /// It holds too much.
    #[error("to be {done} its folders may hold {most} together, and `{folder}` takes them over that")]
    TooMuch { folder: FolderName, most: String, limit: LimitHit, done: &'static str },
    /// It is too deep.
    #[error("to be {done} its folders may be {DEPTH_MAX} deep, and `{folder}` is deeper")]
    TooDeep { folder: FolderName, done: &'static str },
    /// It takes too long.
    #[error("copying `{folder}` was given up after {ms} ms")]
    TooSlow { folder: FolderName, ms: u128 },
    /// The machine failed.
    #[error("{what} failed")]
    Io {
        what: String,
        #[source]
        source: io::Error,
    },
    /// The copying broke off.
    #[error("copying its folders broke off; see the host's log")]
    Broken,
}

impl CopyError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// The fault of the call that is not rehearsed for it.
    pub(crate) fn fault(&self) -> Fault {
        match self.limit() {
            Some(limit) => Fault::over(FaultKind::NotStarted, &self.to_string(), limit),
            None => Fault::new(FaultKind::NotStarted, &self.text()),
        }
    }

    /// The limit the folders exceed, if that is why.
    pub(crate) fn limit(&self) -> Option<LimitHit> {
        match self {
            Self::TooMuch { limit, .. } => Some(*limit),
            Self::TooDeep { .. } => Some(LimitHit::fixed("depth", DEPTH_MAX as u64)),
            Self::TooSlow { .. } | Self::Io { .. } | Self::Broken => None,
        }
    }

    /// It and its cause.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Io { source, .. } => format!("{self}: {source}"),
            Self::TooMuch { .. } | Self::TooDeep { .. } | Self::TooSlow { .. } | Self::Broken => {
                self.to_string()
            }
        }
    }
}

/// Copies folders until they are too much together.
pub(crate) struct Copier {
    bounds: Bounds,
    begun: Instant,
    /// How many bytes so far.
    pub(crate) bytes: u64,
    /// How many bytes the copies take on the disk so far, were none of them shared or left unwritten.
    pub(crate) taken: u64,
    /// How many files, folders and links so far.
    pub(crate) entries: u64,
    /// What was not copied, in words.
    pub(crate) skipped: Vec<String>,
    left_out: LeftOut,
}

/// Where in a folder the copying is.
struct Place<'a> {
    folder: &'a FolderName,
    path: &'a Path,
    depth: usize,
}

impl Copier {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            begun: Instant::now(),
            bytes: 0,
            taken: 0,
            entries: 0,
            skipped: Vec::new(),
            left_out: LeftOut::new(),
        }
    }

    fn doing(&self, folder: &FolderName) -> String {
        format!("copying `{folder}` for its {}", self.bounds.purpose.noun)
    }

    /// Copies one folder to a place that is not there yet.
    ///
    /// # Errors
    /// When it is too much, or cannot be read.
    pub(crate) fn copy(&mut self, folder: &Folder, copy: PathBuf) -> Result<Copied, CopyError> {
        let what = self.doing(&folder.name);
        let io = |error: io::Error| CopyError::io(what.clone())(error);
        std::fs::create_dir(&copy).map_err(io)?;
        // The granted path itself was resolved when it was granted.
        let from = open(&folder.host, FOLDER, Mode::empty()).map_err(|error| io(error.into()))?;
        let to = open(&copy, FOLDER, Mode::empty()).map_err(|error| io(error.into()))?;
        let mut nodes = Nodes::new();
        let place = Place { folder: &folder.name, path: Path::new(""), depth: 1 };
        self.level((&from, &to), &place, &mut nodes)?;
        self.takes(&fstat(&to).map_err(|error| io(error.into()))?);
        Ok(Copied {
            name: folder.name.clone(),
            original: folder.host.clone(),
            copy,
            nodes,
            left_out: std::mem::take(&mut self.left_out),
        })
    }

    fn level(
        &mut self,
        (from, to): (&OwnedFd, &OwnedFd),
        place: &Place<'_>,
        nodes: &mut Nodes,
    ) -> Result<(), CopyError> {
        let what = self.doing(place.folder);
        let io = |error: Errno| CopyError::io(what.clone())(error.into());
        for name in names(from).map_err(CopyError::io(what.clone()))? {
            self.in_time(place.folder)?;
            self.entries += 1;
            if self.entries > self.bounds.entries {
                return Err(self.too_much(place.folder, true));
            }
            let path = place.path.join(OsStr::from_bytes(name.to_bytes()));
            let stat = match statat(from, &name, AtFlags::SYMLINK_NOFOLLOW) {
                // It went since it was listed.
                Err(Errno::NOENT) => continue,
                Err(Errno::ACCESS) => {
                    self.skip(place.folder, (&path, None), UNREADABLE);
                    continue;
                }
                stat => stat.map_err(io)?,
            };
            let sort = match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => match self.file((from, to), &name, place.folder)? {
                    Some(node) => {
                        nodes.insert(path, node);
                        continue;
                    }
                    None => Err(UNREADABLE),
                },
                FileType::Directory if place.depth >= DEPTH_MAX => {
                    let (folder, done) = (place.folder.clone(), self.bounds.purpose.done);
                    return Err(CopyError::TooDeep { folder, done });
                }
                FileType::Directory => match openat(from, &name, FOLDER, Mode::empty()) {
                    Ok(below) => {
                        mkdirat(to, &name, Mode::RWXU).map_err(io)?;
                        let copy = openat(to, &name, FOLDER, Mode::empty()).map_err(io)?;
                        let here = Place { path: &path, depth: place.depth + 1, ..*place };
                        self.level((&below, &copy), &here, nodes)?;
                        Ok(Sort::Folder)
                    }
                    Err(Errno::NOENT) => continue,
                    Err(Errno::ACCESS) => Err(UNREADABLE),
                    Err(error) => return Err(io(error)),
                },
                FileType::Symlink => {
                    let target = readlinkat(from, &name, Vec::new()).map_err(io)?;
                    symlinkat(&target, to, &name).map_err(io)?;
                    Ok(Sort::Link)
                }
                _ => Err("is neither file nor folder nor link"),
            };
            match sort {
                Ok(sort) => {
                    let copy = statat(to, &name, AtFlags::SYMLINK_NOFOLLOW).map_err(io)?;
                    self.takes(&copy);
                    let node = Node::of(sort, (0, false), (&copy, &stat));
                    nodes.insert(path, node);
                }
                Err(why) => match Identity::of(from, &name) {
                    Err(Errno::NOENT) => {}
                    which => self.skip(place.folder, (&path, Some(which.map_err(io)?)), why),
                },
            }
        }
        Ok(())
    }

    /// One file with its mode and its time. Nothing where it may not be read.
    fn file(
        &mut self,
        (from, to): (&OwnedFd, &OwnedFd),
        name: &CString,
        folder: &FolderName,
    ) -> Result<Option<Node>, CopyError> {
        let what = self.doing(folder);
        let io = |error: Errno| CopyError::io(what.clone())(error.into());
        let from = match openat(from, name, READ, Mode::empty()) {
            Ok(file) => File::from(file),
            // Another thing took its place, or it went, since it was looked at.
            Err(Errno::ACCESS | Errno::LOOP | Errno::NOENT | Errno::NXIO) => return Ok(None),
            Err(error) => return Err(io(error)),
        };
        let stat = fstat(&from).map_err(io)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok(None);
        }
        let bytes = u64::try_from(stat.st_size).unwrap_or(0);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.bounds.bytes {
            return Err(self.too_much(folder, false));
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut to = File::from(openat(to, name, flags, Mode::RUSR | Mode::WUSR).map_err(io)?);
        let mut copied = 0;
        while copied < bytes {
            self.in_time(folder)?;
            let part = (bytes - copied).min(PART);
            // The standard library asks the system to copy, which shares blocks where it can.
            match io::copy(&mut (&from).take(part), &mut to).map_err(CopyError::io(what.clone()))? {
                // It became shorter.
                0 => break,
                more => copied += more,
            }
        }
        let bytes = copied;
        fchmod(&to, Mode::from_raw_mode(stat.st_mode) & Mode::from_raw_mode(0o777)).map_err(io)?;
        futimens(&to, &times(&stat)).map_err(io)?;
        let copy = fstat(&to).map_err(io)?;
        self.takes(&copy);
        Ok(Some(Node::of(Sort::File, (bytes, Stamp::of(&copy).is_fresh()), (&copy, &stat))))
    }

    fn in_time(&self, folder: &FolderName) -> Result<(), CopyError> {
        if self.bounds.until.is_some_and(|until| until <= Instant::now()) {
            return Err(CopyError::TooSlow { folder: folder.clone(), ms: self.begun.elapsed().as_millis() });
        }
        Ok(())
    }

    /// Counts a whole copy.
    fn takes(&mut self, copy: &Stat) {
        let [length, blocks] = [copy.st_size, copy.st_blocks].map(|count| u64::try_from(count).unwrap_or(0));
        // Some file systems know only later what they allocate, so it is no less than the length. Blocks are of 512
        // bytes by stat(2).
        let taken = length.max(blocks.saturating_mul(512)).max(OBJECT_BYTES_MIN);
        self.taken = self.taken.saturating_add(taken);
    }

    fn too_much(&self, folder: &FolderName, entries: bool) -> CopyError {
        let Bounds { bytes, entries: most, purpose: Purpose { done, keys, .. }, .. } = self.bounds;
        let (most, limit) = if entries {
            (format!("{most} entries"), LimitHit::of_host(keys.1, most))
        } else {
            (format!("{} MiB", bytes >> 20), LimitHit::of_host(keys.0, bytes >> 20))
        };
        CopyError::TooMuch { folder: folder.clone(), most, limit, done }
    }

    fn skip(&mut self, folder: &FolderName, (path, which): (&Path, Option<Identity>), why: &str) {
        self.left_out.insert(path.to_owned(), which);
        if self.skipped.len() < SKIPPED_MAX {
            let path = escaped(&path.to_string_lossy(), 200);
            let left_out = self.bounds.purpose.left_out;
            self.skipped.push(format!("`{folder}:{path}` {why}, and {left_out}"));
        }
    }
}

/// When a file was read and written last.
pub(crate) fn times(stat: &Stat) -> Timestamps {
    let time = |tv_sec, tv_nsec: u64| Timespec { tv_sec, tv_nsec: i64::try_from(tv_nsec).unwrap_or(0) };
    Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    }
}
