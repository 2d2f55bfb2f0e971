//! The operator's file: read whole, looked at for changes, written whole or not at all.

use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::{FILE_BYTES_MAX, PolicyError};

/// The file of an operator's rules.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// Whether the configuration names it, so that it must be there.
    pub(crate) named: bool,
}

/// What tells two states of a file apart without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: (i64, i64),
    size: u64,
    inode: u64,
}

impl File {
    /// How errors name it.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// How it looks now; nothing when it is not there.
    ///
    /// # Errors
    /// When nothing can be said of it.
    pub(crate) fn stamp(&self) -> Result<Option<Stamp>, PolicyError> {
        match fs_err::metadata(&self.path) {
            Ok(found) => Ok(Some(Stamp {
                modified: (found.mtime(), found.mtime_nsec()),
                size: found.size(),
                inode: found.ino(),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(PolicyError::Read(error)),
        }
    }

    /// Its text; none is as good as an empty one, unless the configuration names it.
    ///
    /// # Errors
    /// When it cannot be read, is too large, is not text, or is missing though it is named.
    pub(crate) fn read(&self) -> Result<String, PolicyError> {
        let file = match fs_err::File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return if self.named {
                    Err(PolicyError::Missing(self.path.clone()))
                } else {
                    Ok(String::new())
                };
            }
            Err(error) => return Err(PolicyError::Read(error)),
        };
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(PolicyError::Read)?;
        self.fits(&bytes)?;
        String::from_utf8(bytes).map_err(|_| PolicyError::NotText(self.name()))
    }

    /// Whether it may be so large.
    ///
    /// # Errors
    /// When it may not.
    pub(crate) fn fits(&self, bytes: &[u8]) -> Result<(), PolicyError> {
        let bytes = bytes.len() as u64;
        if bytes <= FILE_BYTES_MAX {
            Ok(())
        } else {
            Err(PolicyError::TooLarge { place: self.name(), bytes })
        }
    }

    /// Puts another text in its place, for this user alone (0600), on disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written; the old one stays then.
    pub(crate) fn write(&self, text: &str) -> Result<(), PolicyError> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let written = || -> io::Result<()> {
            // A temporary file is made with 0600.
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.path).map_err(|error| error.error)?;
            fs_err::File::open(folder)?.sync_all()
        };
        written().map_err(|error| PolicyError::Write(named(&self.path, error)))
    }
}

fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
