//! A folder that is gone when the task ends, however it ends.

use crate::failure::{Failure, Result};
use std::path::{Path, PathBuf};

/// Removed with all its content when dropped.
pub(crate) struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// A new folder under the system's temporary one.
    pub(crate) fn new(purpose: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("ares-{purpose}-{}", std::process::id()));
        std::fs::create_dir(&path).map_err(|error| Failure::file("create", &path, &error))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("warning: could not remove {}: {error}", self.0.display());
        }
    }
}
