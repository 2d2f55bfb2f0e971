//! Opens the control socket for a host that holds the lock of its state directory.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ares_services::state::Lock;
use tokio::net::UnixListener;

/// Why the socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Something else is there.
    #[error("{0} is in the way of the control socket and is not a socket; move it away")]
    Occupied(PathBuf),
    /// Sockets have short names.
    #[error(
        "{path} is too long for a Unix socket: {length} bytes of at most {max}; use a state directory with a shorter path"
    )]
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its length.
        length: usize,
        /// What the system takes.
        max: usize,
    },
    /// The machine failed.
    #[error("the control socket {path} cannot be opened")]
    Io {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The longest path of a socket on Linux, without the closing zero.
const PATH_MAX: usize = 107;

/// Listens on `<state>/host.sock`, for this user alone. A socket left by a host that died is
/// removed; the lock proves that no other host uses it.
///
/// # Errors
/// [`BindError`].
pub fn bind(lock: &Lock) -> Result<UnixListener, BindError> {
    let path = lock.state().socket();
    let failed = |source| BindError::Io { path: path.clone(), source };
    let length = path.as_os_str().len();
    if length > PATH_MAX {
        return Err(BindError::TooLong { path, length, max: PATH_MAX });
    }
    remove_stale(&path)?;
    let listener = UnixListener::bind(&path).map_err(failed)?;
    // Until here the state directory's own mode keeps others out.
    fs_err::set_permissions(&path, PermissionsExt::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

fn remove_stale(path: &Path) -> Result<(), BindError> {
    let failed = |source| BindError::Io { path: path.to_owned(), source };
    match fs_err::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
        Ok(found) if found.file_type().is_socket() => fs_err::remove_file(path).map_err(failed),
        Ok(_) => Err(BindError::Occupied(path.to_owned())),
    }
}
