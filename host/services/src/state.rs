//! The state directory: what lies where, and the lock that keeps it to one host.

use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ares_kernel::Blake3;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use rustix::fs::FlockOperation;

/// A state directory, made and found usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    root: PathBuf,
}

/// The right to use a state directory for as long as this value lives. The system gives it back
/// when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    state: State,
    _file: fs_err::File,
}

/// Why a state directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The path is not absolute.
    #[error("the state directory {0} must be an absolute path")]
    Relative(PathBuf),
    /// Something else is there.
    #[error("{0} is not a directory; name another state directory with `--state`")]
    NotADirectory(PathBuf),
    /// It is another user's.
    #[error(
        "the state directory {path} belongs to user {owner}; run as that user or name another with `--state`"
    )]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// It is open to other users and was not made by a host.
    #[error("{0} is open to other users and holds other things; name a directory of its own with `--state`")]
    Shared(PathBuf),
    /// It cannot be made or written.
    #[error("the state directory {path} cannot be written; make it writable or name another with `--state`")]
    Unwritable {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another host runs on it.
    #[error("{} uses the state directory {path} already; stop it, or name another with `--state`", holder(.pid))]
    Locked {
        /// The directory.
        path: PathBuf,
        /// The other host, if it has said who it is.
        pid: Option<u32>,
    },
}

fn holder(pid: &Option<u32>) -> String {
    pid.map_or_else(|| "another ares-host".to_owned(), |pid| format!("another ares-host (process {pid})"))
}

/// The file the lock is on; it marks a directory as a host's.
const LOCK: &str = "host.lock";

/// How long a host that starts waits for commands to end.
const COMMANDS_PATIENCE: Duration = Duration::from_secs(5);

/// The folders inside, all for this user alone.
const FOLDERS: [&str; 5] = ["components", "artifacts", "keys", "logs", "spool"];

impl State {
    /// Makes the directory and what belongs inside, unless it is there. The directory is for this
    /// user alone (0700): it holds keys and what plugins stored.
    ///
    /// # Errors
    /// [`StateError`], but for `Locked`.
    pub fn prepare(root: &Path) -> Result<Self, StateError> {
        let path = || root.to_owned();
        if !root.is_absolute() {
            return Err(StateError::Relative(path()));
        }
        let unwritable = |source| StateError::Unwritable { path: path(), source };
        private_folder(root).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => StateError::NotADirectory(path()),
            _ => unwritable(source),
        })?;
        let found = fs_err::metadata(root).map_err(unwritable)?;
        let own = rustix::process::geteuid().as_raw();
        if found.uid() != own {
            return Err(StateError::Foreign { path: path(), owner: found.uid() });
        }
        if found.permissions().mode() & 0o077 != 0 {
            if !root.join(LOCK).exists() && fs_err::read_dir(root).map_err(unwritable)?.next().is_some() {
                return Err(StateError::Shared(path()));
            }
            fs_err::set_permissions(root, PermissionsExt::from_mode(0o700)).map_err(unwritable)?;
        }
        let root = fs_err::canonicalize(root).map_err(unwritable)?;
        for folder in FOLDERS {
            let path = root.join(folder);
            private_folder(&path).map_err(|source| match source.kind() {
                io::ErrorKind::AlreadyExists => StateError::NotADirectory(path),
                _ => unwritable(source),
            })?;
        }
        rustix::fs::access(&root, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)
            .map_err(|error| unwritable(error.into()))?;
        Ok(Self { root })
    }

    /// The directory itself: absolute, links resolved.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database.
    #[must_use]
    pub fn registry(&self) -> PathBuf {
        self.root.join("registry.db")
    }

    /// The host's own copies of all registered components.
    #[must_use]
    pub fn components(&self) -> PathBuf {
        self.root.join("components")
    }

    /// The host's own copy of the component with this hash.
    #[must_use]
    pub fn component(&self, blake3: &Blake3) -> PathBuf {
        self.components().join(format!("{blake3}.wasm"))
    }

    /// Compiled components.
    #[must_use]
    pub fn artifacts(&self) -> PathBuf {
        self.root.join("artifacts")
    }

    /// Keys of the host.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// Logs of plugins.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// What was recorded and is not yet in the database.
    #[must_use]
    pub fn spool(&self) -> PathBuf {
        self.root.join("spool")
    }

    /// Copies of folders, each for as long as a rehearsal runs.
    #[must_use]
    pub fn rehearsals(&self) -> PathBuf {
        self.root.join("rehearsals")
    }

    /// Copies of folders, each from before a call that may have changed it.
    #[must_use]
    pub fn snapshots(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    /// The control socket of the host that runs.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.root.join("host.sock")
    }

    fn lock_file(&self) -> PathBuf {
        self.root.join(LOCK)
    }
}

impl Lock {
    /// Takes the directory for a host that goes on running. Waits a little for commands to end.
    ///
    /// # Errors
    /// [`StateError::Locked`] names the host that has it.
    pub fn host(state: &State) -> Result<Self, StateError> {
        let unwritable = |source| StateError::Unwritable { path: state.root.clone(), source };
        let (file, begun) = (open(state).map_err(unwritable)?, Instant::now());
        while !locked(&file, FlockOperation::NonBlockingLockExclusive).map_err(unwritable)? {
            // Whoever shares the lock with us is a command; a host would not.
            let shared = locked(&file, FlockOperation::NonBlockingLockShared).map_err(unwritable)?;
            if !shared || begun.elapsed() >= COMMANDS_PATIENCE {
                let pid = if shared { None } else { holder_of(&file) };
                return Err(StateError::Locked { path: state.root.clone(), pid });
            }
            locked(&file, FlockOperation::NonBlockingUnlock).map_err(unwritable)?;
            std::thread::sleep(Duration::from_millis(20));
        }
        let named = file.set_len(0).and_then(|()| writeln!(&file, "{}", std::process::id()));
        named.map_err(unwritable)?;
        Ok(Self { state: state.clone(), _file: file })
    }

    /// Takes a place in the directory for one command in a process of its own. Many commands may
    /// share it, none with a host: that one's socket is the way then.
    ///
    /// # Errors
    /// [`StateError::Locked`] when a host runs or is about to.
    pub fn command(state: &State) -> Result<Self, StateError> {
        let unwritable = |source| StateError::Unwritable { path: state.root.clone(), source };
        let file = open(state).map_err(unwritable)?;
        if locked(&file, FlockOperation::NonBlockingLockShared).map_err(unwritable)? {
            return Ok(Self { state: state.clone(), _file: file });
        }
        Err(StateError::Locked { path: state.root.clone(), pid: holder_of(&file) })
    }

    /// The directory it is for.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }
}

fn open(state: &State) -> io::Result<fs_err::File> {
    let mut options = fs_err::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(state.lock_file())
}

fn locked(file: &fs_err::File, how: FlockOperation) -> io::Result<bool> {
    match rustix::fs::flock(file, how) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The process the lock file names. Without it the message is poorer, not wrong.
fn holder_of(file: &fs_err::File) -> Option<u32> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Makes a folder for this user alone, unless there is one.
fn private_folder(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temporary() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().unwrap();
        let state = State::prepare(&folder.path().join("state")).unwrap();
        (folder, state)
    }

    #[test]
    fn a_state_directory_is_for_one_user() {
        let (folder, state) = temporary();
        for path in [state.root().to_owned(), state.components(), state.keys()] {
            let mode = fs_err::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", path.display());
        }
        let open = folder.path().join("open");
        fs_err::create_dir(&open).unwrap();
        fs_err::set_permissions(&open, PermissionsExt::from_mode(0o755)).unwrap();
        State::prepare(&open).unwrap();
        assert_eq!(fs_err::metadata(&open).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_folder_of_others_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        fs_err::write(folder.path().join("theirs"), "x").unwrap();
        assert!(matches!(State::prepare(folder.path()), Err(StateError::Shared(_))));
        assert_eq!(fs_err::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn what_is_no_directory_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs_err::write(&file, "x").unwrap();
        assert!(matches!(State::prepare(&file), Err(StateError::NotADirectory(path)) if path == file));
        assert!(matches!(State::prepare(&file.join("below")), Err(StateError::NotADirectory(_))));
        assert!(matches!(State::prepare(Path::new("here")), Err(StateError::Relative(_))));
        let state = folder.path().join("state");
        State::prepare(&state).unwrap();
        fs_err::remove_dir(state.join("spool")).unwrap();
        fs_err::write(state.join("spool"), "x").unwrap();
        let taken = State::prepare(&state).unwrap_err();
        assert!(
            matches!(&taken, StateError::NotADirectory(path) if path.ends_with("state/spool")),
            "{taken}"
        );
        let unwritable = State::prepare(Path::new("/proc/ares")).unwrap_err();
        assert!(matches!(unwritable, StateError::Unwritable { .. }), "{unwritable}");
    }

    #[test]
    fn the_second_host_is_told_who_the_first_is() {
        let (_folder, state) = temporary();
        let first = Lock::host(&state).unwrap();
        let second = Lock::host(&state).unwrap_err();
        assert!(second.to_string().contains(&format!("process {}", std::process::id())), "{second}");
        assert!(matches!(Lock::command(&state), Err(StateError::Locked { .. })));
        drop(first);
        let (one, two) = (Lock::command(&state).unwrap(), Lock::command(&state).unwrap());
        let commands = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            drop((one, two));
        });
        let host = Lock::host(&state).unwrap();
        assert!(commands.is_finished() || commands.join().is_ok());
        assert!(Lock::command(&state).is_err());
        drop(host);
    }
}
