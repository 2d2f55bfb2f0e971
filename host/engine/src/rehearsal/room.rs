//! A private folder for the copies of one rehearsal. A lock on it tells a living process from a dead
//! one, so that what was left behind can be removed and nothing else is.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use ares_kernel::InvocationId;
use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat, open};
use rustix::io::Errno;

/// How often a new room is tried for: whoever sweeps at that moment may take it for an old one.
const TRIES: usize = 5;

/// The folder, and the lock on it for as long as it is needed.
pub(super) struct Room {
    path: PathBuf,
    lock: Option<OwnedFd>,
}

impl Room {
    /// Makes one.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(super) fn make(parent: &Path, id: InvocationId) -> io::Result<Self> {
        let private = |path: &Path, with_parents| {
            std::fs::DirBuilder::new().recursive(with_parents).mode(0o700).create(path)
        };
        private(parent, true)?;
        let path = parent.join(id.to_string());
        for _ in 0..TRIES {
            private(&path, false)?;
            if let Some(lock) = locked(&path)? {
                return Ok(Self { path, lock: Some(lock) });
            }
        }
        Err(io::Error::other("the folder is removed as soon as it is made"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it now, waiting for the disk.
    pub(super) fn remove(mut self) {
        if self.lock.take().is_some() {
            removed(&self.path);
        }
    }
}

impl Drop for Room {
    /// For calls that were given up: on a thread made for waiting, where there is one.
    fn drop(&mut self) {
        let Some(lock) = self.lock.take() else { return };
        let path = std::mem::take(&mut self.path);
        let remove = move || {
            removed(&path);
            drop(lock);
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

/// The lock on a folder that is there, unless somebody else has it or it went meanwhile.
fn locked(path: &Path) -> io::Result<Option<OwnedFd>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = match open(path, flags, Mode::empty()) {
        Ok(folder) => folder,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok((fstat(&folder)?.st_nlink > 0).then_some(folder)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Removes the rooms of processes that are gone.
pub(crate) fn sweep(parent: &Path) {
    // Without a folder there was never a rehearsal.
    let Ok(rooms) = fs_err::read_dir(parent) else { return };
    for room in rooms.flatten() {
        let path = room.path();
        match locked(&path) {
            Ok(Some(lock)) => {
                removed(&path);
                drop(lock);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "no rehearsal of this host; left alone")
            }
        }
    }
}

fn removed(path: &Path) {
    if let Err(error) = flatten_and_remove(path) {
        tracing::warn!(path = %path.display(), %error, "the copies of a rehearsal stay until the next start");
    }
}

/// Removes a folder, however deep: what lies deeper is first moved up, so that every path stays short
/// and no handle is held for each level.
pub(crate) fn flatten_and_remove(root: &Path) -> io::Result<()> {
    let mut folders: Vec<PathBuf> = vec![root.to_owned()];
    let mut moved = 0_u64;
    let mut at = 0;
    while let Some(folder) = folders.get(at).cloned() {
        at += 1;
        for entry in fs_err::read_dir(&folder)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                fs_err::remove_file(entry.path())?;
            } else if folder == root {
                folders.push(entry.path());
            } else {
                moved += 1;
                let up = root.join(format!("moved-{moved}"));
                fs_err::rename(entry.path(), &up)?;
                folders.push(up);
            }
        }
        if folder != root {
            fs_err::remove_dir(&folder)?;
        }
    }
    fs_err::remove_dir(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_goes_with_its_owner_and_the_dead_leave_theirs_to_be_swept() {
        let folder = tempfile::tempdir().unwrap();
        let parent = folder.path().join("rehearsals");
        sweep(&parent);
        let alive = Room::make(&parent, InvocationId::new()).unwrap();
        let dead = parent.join(InvocationId::new().to_string());
        fs_err::create_dir_all(dead.join("0/a/b")).unwrap();
        fs_err::write(dead.join("0/a/b/c"), "x").unwrap();
        fs_err::write(parent.join("a file"), "x").unwrap();
        sweep(&parent);
        assert!(alive.path().is_dir() && !dead.exists() && parent.join("a file").exists());
        let (one, other) = (alive.path().to_owned(), Room::make(&parent, InvocationId::new()).unwrap());
        assert_ne!(one, other.path());
        drop(alive);
        other.remove();
        assert_eq!(fs_err::read_dir(&parent).unwrap().count(), 1);
    }

    #[test]
    fn what_is_deep_is_removed_too() {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let room = Room::make(folder.path(), InvocationId::new()).unwrap();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let mut here = open(room.path(), flags, Mode::empty()).unwrap();
        for _ in 0..3000 {
            rustix::fs::mkdirat(&here, "d", Mode::RWXU).unwrap();
            here = rustix::fs::openat(&here, "d", flags, Mode::empty()).unwrap();
        }
        drop(room);
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 0);
    }
}
