//! The host's own copies of components: `<state>/components/<blake3>.wasm`, written whole or not at
//! all, read-only, kept as long as a registered version is made of them.

use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ares_kernel::Blake3;

use crate::integrity::hash;
use crate::state::State;

/// What files on their way into the folder are called first.
const NEW: &str = ".new-";

/// The only process that may change which copies there are, for as long as this value lives.
pub(super) struct Exclusive {
    _folder: fs_err::File,
}

impl Exclusive {
    /// Waits for it.
    pub(super) fn take(state: &State) -> io::Result<Self> {
        let folder = fs_err::File::open(state.components())?;
        rustix::fs::flock(&folder, rustix::fs::FlockOperation::LockExclusive)?;
        Ok(Self { _folder: folder })
    }
}

/// Puts the bytes there unless they are. Answers whether they were not.
pub(super) fn keep(state: &State, blake3: &Blake3, bytes: &[u8]) -> io::Result<bool> {
    let path = state.component(blake3);
    if hash(&path).is_ok_and(|found| found == *blake3) {
        return Ok(false);
    }
    let existed = path.exists();
    let mut file = tempfile::Builder::new().prefix(NEW).tempfile_in(state.components())?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o444))?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    fs_err::File::open(state.components())?.sync_all()?;
    Ok(!existed)
}

/// Takes one copy away, and what engines compiled of it. That it is gone already is as good.
pub(super) fn remove(state: &State, blake3: &Blake3) -> io::Result<()> {
    gone(&state.component(blake3))?;
    for entry in fs_err::read_dir(state.artifacts())? {
        let entry = entry?;
        // `<blake3>-<engine>.cwasm`
        if entry.file_name().to_string_lossy().split('-').next() == Some(blake3.to_string().as_str()) {
            gone(&entry.path())?;
        }
    }
    Ok(())
}

fn gone(path: &Path) -> io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Copies no registered version is made of, and files that never became copies.
pub(super) fn orphans(state: &State, used: &[Blake3]) -> io::Result<Vec<std::path::PathBuf>> {
    let mut orphans = Vec::new();
    for entry in fs_err::read_dir(state.components())? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let copy = name.strip_suffix(".wasm").and_then(|hex| hex.parse::<Blake3>().ok());
        match copy {
            Some(blake3) if used.contains(&blake3) => {}
            Some(_) => orphans.push(entry.path()),
            None if name.starts_with(NEW) => orphans.push(entry.path()),
            None => {}
        }
    }
    Ok(orphans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_whole_read_only_and_mended() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::prepare(&folder.path().join("s")).unwrap();
        let blake3 = Blake3::of(b"bytes");
        assert!(keep(&state, &blake3, b"bytes").unwrap());
        assert!(!keep(&state, &blake3, b"bytes").unwrap());
        let path = state.component(&blake3);
        assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, 0o444);
        fs_err::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        fs_err::write(&path, "other").unwrap();
        assert!(!keep(&state, &blake3, b"bytes").unwrap(), "mended, not new");
        assert_eq!(fs_err::read(&path).unwrap(), b"bytes");
        fs_err::write(state.components().join(".new-x"), "").unwrap();
        fs_err::write(state.components().join("README"), "").unwrap();
        assert_eq!(orphans(&state, &[blake3]).unwrap(), [state.components().join(".new-x")]);
        assert_eq!(orphans(&state, &[]).unwrap().len(), 2);
        let other = state.artifacts().join(format!("{}-01.cwasm", Blake3::of(b"other")));
        for artifact in [state.artifacts().join(format!("{blake3}-01.cwasm")), other.clone()] {
            fs_err::write(artifact, "code").unwrap();
        }
        remove(&state, &blake3).unwrap();
        remove(&state, &blake3).unwrap();
        assert!(!path.exists());
        let left: Vec<_> = fs_err::read_dir(state.artifacts()).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!(left, [other], "code of another component stays");
    }
}
