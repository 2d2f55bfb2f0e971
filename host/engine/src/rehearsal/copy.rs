//! Copies a folder for a rehearsal, from handle to handle by single names: no link is followed, and
//! what is too much ends it before any guest runs.

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use ares_kernel::facts::Folder;
use ares_kernel::text::escaped;
use ares_kernel::{Fault, FaultKind, FolderName, LimitHit};
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, Stat, Timespec, Timestamps, fchmod, fstat, futimens, mkdirat, open,
    openat, readlinkat, statat, symlinkat,
};
use rustix::io::Errno;

use super::RehearsalOptions;
use super::node::{FOLDER, Node, Nodes, READ, Sort, Stamp, names};

/// How many folders deep is copied and compared: each level holds two handles.
pub(super) const DEPTH_MAX: usize = 64;
/// How many things that were not copied are named.
const SKIPPED_MAX: usize = 32;

/// A folder and its copy.
pub(super) struct Copied {
    pub(super) name: FolderName,
    pub(super) original: PathBuf,
    pub(super) copy: PathBuf,
    pub(super) nodes: Nodes,
}

/// Why a folder is not copied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    /// It holds too much.
    #[error("to be rehearsed its folders may hold {most} together, and `{folder}` takes them over that")]
    TooMuch { folder: FolderName, most: String, limit: LimitHit },
    /// It is too deep.
    #[error("to be rehearsed its folders may be {DEPTH_MAX} deep, and `{0}` is deeper")]
    TooDeep(FolderName),
    /// The machine failed.
    #[error("{what} for its rehearsal failed")]
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
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// The fault of the call that is not rehearsed for it.
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::TooMuch { limit, .. } => Fault::over(FaultKind::NotStarted, &self.to_string(), *limit),
            Self::TooDeep(_) => {
                let limit = LimitHit::fixed("depth", DEPTH_MAX as u64);
                Fault::over(FaultKind::NotStarted, &self.to_string(), limit)
            }
            Self::Io { source, .. } => Fault::new(FaultKind::NotStarted, &format!("{self}: {source}")),
            Self::Broken => Fault::new(FaultKind::NotStarted, &self.to_string()),
        }
    }
}

/// Copies folders until they are too much together.
pub(super) struct Copier {
    most: (u64, u64),
    bytes: u64,
    entries: u64,
    /// What was not copied, in words.
    pub(super) skipped: Vec<String>,
}

/// Where in a folder the copying is.
struct Place<'a> {
    folder: &'a FolderName,
    path: &'a Path,
    depth: usize,
}

impl Copier {
    pub(super) fn new(options: &RehearsalOptions) -> Self {
        Self { most: (options.bytes, options.entries), bytes: 0, entries: 0, skipped: Vec::new() }
    }

    /// Copies one folder to a place that is not there yet.
    ///
    /// # Errors
    /// When it is too much, or cannot be read.
    pub(super) fn copy(&mut self, folder: &Folder, copy: PathBuf) -> Result<Copied, CopyError> {
        let io = |error: io::Error| CopyError::io(format!("copying `{}`", folder.name))(error);
        std::fs::create_dir(&copy).map_err(io)?;
        // The granted path itself was resolved when it was granted.
        let from = open(&folder.host, FOLDER, Mode::empty()).map_err(|error| io(error.into()))?;
        let to = open(&copy, FOLDER, Mode::empty()).map_err(|error| io(error.into()))?;
        let mut nodes = Nodes::new();
        let place = Place { folder: &folder.name, path: Path::new(""), depth: 1 };
        self.level((&from, &to), &place, &mut nodes)?;
        Ok(Copied { name: folder.name.clone(), original: folder.host.clone(), copy, nodes })
    }

    fn level(
        &mut self,
        (from, to): (&OwnedFd, &OwnedFd),
        place: &Place<'_>,
        nodes: &mut Nodes,
    ) -> Result<(), CopyError> {
        let what = format!("copying `{}`", place.folder);
        let io = |error: Errno| CopyError::io(what.clone())(error.into());
        for name in names(from).map_err(CopyError::io(what.clone()))? {
            self.entries += 1;
            if self.entries > self.most.1 {
                return Err(self.too_much(place.folder, true));
            }
            let path = place.path.join(OsStr::from_bytes(name.to_bytes()));
            let stat = match statat(from, &name, AtFlags::SYMLINK_NOFOLLOW) {
                // It went since it was listed.
                Err(Errno::NOENT) => continue,
                stat => stat.map_err(io)?,
            };
            let sort = match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => match self.file((from, to), &name, place.folder)? {
                    Some(node) => {
                        nodes.insert(path, node);
                        continue;
                    }
                    None => Err("cannot be read by the host"),
                },
                FileType::Directory if place.depth >= DEPTH_MAX => {
                    return Err(CopyError::TooDeep(place.folder.clone()));
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
                    Err(Errno::ACCESS) => Err("cannot be read by the host"),
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
                    let stat = statat(to, &name, AtFlags::SYMLINK_NOFOLLOW).map_err(io)?;
                    nodes.insert(path, Node { sort, bytes: 0, stamp: Stamp::of(&stat), fresh: false });
                }
                Err(why) => self.skip(place.folder, &path, why),
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
        let what = format!("copying `{folder}`");
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
        if self.bytes > self.most.0 {
            return Err(self.too_much(folder, false));
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut to = File::from(openat(to, name, flags, Mode::RUSR | Mode::WUSR).map_err(io)?);
        // The standard library asks the system to copy, which shares blocks where it can.
        let bytes = io::copy(&mut (&from).take(bytes), &mut to).map_err(CopyError::io(what.clone()))?;
        fchmod(&to, Mode::from_raw_mode(stat.st_mode) & Mode::from_raw_mode(0o777)).map_err(io)?;
        futimens(&to, &times(&stat)).map_err(io)?;
        let stamp = Stamp::of(&fstat(&to).map_err(io)?);
        Ok(Some(Node { sort: Sort::File, bytes, stamp, fresh: stamp.is_fresh() }))
    }

    fn too_much(&self, folder: &FolderName, entries: bool) -> CopyError {
        let (bytes, most) = self.most;
        let (most, limit) = if entries {
            (format!("{most} entries"), LimitHit::of_host("rehearsal.entries", most))
        } else {
            (format!("{} MiB", bytes >> 20), LimitHit::of_host("rehearsal.mb", bytes >> 20))
        };
        CopyError::TooMuch { folder: folder.clone(), most, limit }
    }

    fn skip(&mut self, folder: &FolderName, path: &Path, why: &str) {
        if self.skipped.len() < SKIPPED_MAX {
            let path = escaped(&path.to_string_lossy(), 200);
            self.skipped.push(format!("`{folder}:{path}` {why}, and was not there"));
        }
    }
}

fn times(stat: &Stat) -> Timestamps {
    let time = |tv_sec, tv_nsec: u64| Timespec { tv_sec, tv_nsec: i64::try_from(tv_nsec).unwrap_or(0) };
    Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    }
}
