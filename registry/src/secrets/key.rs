//! The key of the stored secrets: 32 bytes in a file of their own, for its owner alone.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use chacha20poly1305::Key as Bytes;
use chacha20poly1305::aead::Generate as _;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::error::RegistryError;

/// Wiped from memory when dropped.
pub(super) type Key = Zeroizing<[u8; 32]>;

fn unfit(path: &Path, why: impl Into<String>) -> RegistryError {
    RegistryError::SecretsKey { path: path.to_owned(), why: why.into() }
}

/// The key, or nothing where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Key>, RegistryError> {
    let io = |source| RegistryError::io("reading the key of the stored secrets", source);
    // A named pipe would keep a blocking open waiting for ever.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = match fs_err::OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    let about = file.metadata().map_err(io)?;
    if !about.is_file() {
        return Err(unfit(path, "it is not a file"));
    }
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(unfit(path, format!("others can reach it (mode {mode:o}, it must be 600)")));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(33));
    file.take(33).read_to_end(&mut bytes).map_err(io)?;
    match <[u8; 32]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(Some(Zeroizing::new(key))),
        Err(_) => Err(unfit(path, format!("it has {} bytes or more instead of 32", bytes.len()))),
    }
}

/// The key; a new one where there is none.
pub(super) fn read_or_make(path: &Path) -> Result<Key, RegistryError> {
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    make(path)?;
    // Another process may have been faster: what lies there now is the key.
    read(path)?.ok_or_else(|| unfit(path, "it was removed again"))
}

fn make(path: &Path) -> Result<(), RegistryError> {
    let io = |source| RegistryError::io("making a key for the stored secrets", source);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs_err::create_dir_all(folder).map_err(io)?;
    let key = Bytes::try_generate().map_err(|error| io(std::io::Error::other(error)))?;
    let key: Key = Zeroizing::new(key.into());
    // tempfile makes files of mode 600; linking it into place whole never shows half a key.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    file.write_all(key.as_slice()).and_then(|()| file.as_file().sync_all()).map_err(io)?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(io(error.error)),
    }
    // Without the key nothing that is encrypted with it from here on could be opened again.
    fs_err::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/secrets.key");
        assert!(read(&path).unwrap().is_none());
        let key = read_or_make(&path).unwrap();
        assert_ne!(*key, [0; 32]);
        assert_eq!(read_or_make(&path).unwrap(), key);
        assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs_err::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn something_else_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let set = |bytes: &[u8], mode| {
            fs_err::write(&path, bytes).unwrap();
            fs_err::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            read_or_make(&path)
        };
        for (bytes, mode) in [(&[1; 31][..], 0o600), (&[1; 33], 0o600), (&[], 0o600), (&[1; 32], 0o640)] {
            let refused = set(bytes, mode);
            assert!(matches!(refused, Err(RegistryError::SecretsKey { .. })), "{refused:?}");
            assert_eq!(fs_err::read(&path).unwrap(), bytes);
        }
        assert_eq!(*set(&[1; 32], 0o600).unwrap(), [1; 32]);
        fs_err::remove_file(&path).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let refused = read_or_make(&path);
        assert!(matches!(refused, Err(RegistryError::SecretsKey { .. })), "{refused:?}");
    }
}
