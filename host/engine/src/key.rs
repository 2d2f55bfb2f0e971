//! The key that authenticates compiled components.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use fs_err::os::unix::fs::OpenOptionsExt as _;
use rustix::fs::OFlags;

use crate::options::EngineError;

/// 32 random bytes.
pub(crate) type Key = [u8; 32];

fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> EngineError {
    let what = what.into();
    move |source| EngineError::Io { what, source }
}

/// Reads the key, or makes one where there is none. The artifact folder is made too, so that both
/// places can be compared.
pub(crate) fn open(path: &Path, artifacts: &Path) -> Result<Key, EngineError> {
    fs_err::create_dir_all(artifacts)
        .map_err(io(format!("making the artifact folder {}", artifacts.display())))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs_err::create_dir_all(folder).map_err(io(format!("making the key's folder {}", folder.display())))?;
    let real = |path: &Path| fs_err::canonicalize(path).map_err(io(format!("finding {}", path.display())));
    if real(folder)?.starts_with(real(artifacts)?) {
        return Err(EngineError::KeyInside { key: path.to_owned(), artifacts: artifacts.to_owned() });
    }
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    create(path, folder)?;
    // Another process may have been faster: what lies there now is the key.
    let missing = || EngineError::KeyUnfit { key: path.to_owned(), why: "it was removed again".to_owned() };
    read(path)?.ok_or_else(missing)
}

fn read(path: &Path) -> Result<Option<Key>, EngineError> {
    let unfit = |why: String| EngineError::KeyUnfit { key: path.to_owned(), why };
    // A named pipe would keep a blocking open waiting for ever.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = match fs_err::OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(format!("opening the key {}", path.display()))(error)),
    };
    let about = file.metadata().map_err(io(format!("looking at the key {}", path.display())))?;
    if !about.is_file() {
        return Err(unfit("it is not a file".to_owned()));
    }
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(unfit(format!("others can reach it (mode {mode:o}, it must be 600)")));
    }
    let mut bytes = Vec::with_capacity(33);
    file.take(33).read_to_end(&mut bytes).map_err(io(format!("reading the key {}", path.display())))?;
    let length = bytes.len();
    bytes.try_into().map(Some).map_err(|_| unfit(format!("it has {length} bytes or more instead of 32")))
}

fn create(path: &Path, folder: &Path) -> Result<(), EngineError> {
    let mut key = Key::default();
    let mut random = fs_err::File::open("/dev/urandom").map_err(io("opening /dev/urandom for a new key"))?;
    random.read_exact(&mut key).map_err(io("reading /dev/urandom for a new key"))?;
    let what = format!("writing the key {}", path.display());
    // tempfile makes files of mode 600; linking it into place whole never shows half a key.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io(what.clone()))?;
    file.write_all(&key).and_then(|()| file.as_file().sync_all()).map_err(io(what.clone()))?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(io(what)(error.error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let (path, artifacts) = (dir.path().join("keys/artifact.key"), dir.path().join("artifacts"));
        let key = open(&path, &artifacts).unwrap();
        assert_ne!(key, Key::default());
        assert_eq!(open(&path, &artifacts).unwrap(), key);
        assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_key_among_the_artifacts_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let artifacts = dir.path().join("artifacts");
        let refused = open(&artifacts.join("deep/key"), &artifacts);
        assert!(matches!(refused, Err(EngineError::KeyInside { .. })), "{refused:?}");
        std::os::unix::fs::symlink(&artifacts, dir.path().join("link")).unwrap();
        let refused = open(&dir.path().join("link/key"), &artifacts);
        assert!(matches!(refused, Err(EngineError::KeyInside { .. })), "{refused:?}");
    }

    #[test]
    fn something_else_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let set = |bytes: &[u8], mode| {
            fs_err::write(&path, bytes).unwrap();
            fs_err::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            open(&path, &dir.path().join("artifacts"))
        };
        assert!(matches!(set(&[1; 31], 0o600), Err(EngineError::KeyUnfit { .. })));
        assert!(matches!(set(&[1; 33], 0o600), Err(EngineError::KeyUnfit { .. })));
        assert!(matches!(set(&[1; 32], 0o644), Err(EngineError::KeyUnfit { .. })));
        assert!(set(&[1; 32], 0o600).is_ok());
        fs_err::remove_file(&path).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let refused = open(&path, &dir.path().join("artifacts"));
        assert!(matches!(refused, Err(EngineError::KeyUnfit { .. })), "{refused:?}");
    }
}
