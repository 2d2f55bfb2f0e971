//! Lays files into a folder: writes only what changed and takes away what no longer belongs.

use crate::failure::{Failure, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One folder as it shall be in the end.
pub(crate) struct Layout {
    folder: PathBuf,
    kept: BTreeSet<PathBuf>,
    written: usize,
}

impl Layout {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, kept: BTreeSet::new(), written: 0 }
    }

    /// Copies one file to `name`, unless the same bytes lie there already.
    pub(crate) fn file(&mut self, from: &Path, name: impl AsRef<Path>) -> Result<()> {
        let to = self.folder.join(name);
        let bytes = fs::read(from).map_err(|error| Failure::file("read", from, &error))?;
        if fs::read(&to).ok().as_deref() != Some(bytes.as_slice()) {
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent).map_err(|error| Failure::file("create", parent, &error))?;
            }
            fs::write(&to, bytes).map_err(|error| Failure::file("write", &to, &error))?;
            self.written += 1;
        }
        self.kept.insert(to);
        Ok(())
    }

    /// Copies a folder with all that is in it, to `name`.
    pub(crate) fn folder(&mut self, from: &Path, name: &Path) -> Result<()> {
        for path in files(from)? {
            let below = path.strip_prefix(from).unwrap_or(&path).to_path_buf();
            self.file(&path, name.join(below))?;
        }
        Ok(())
    }

    /// Removes every other file below the folder; returns how many files changed in all.
    pub(crate) fn finish(mut self) -> Result<usize> {
        for path in files(&self.folder)? {
            if !self.kept.contains(&path) {
                fs::remove_file(&path).map_err(|error| Failure::file("remove", &path, &error))?;
                self.written += 1;
            }
        }
        Ok(self.written)
    }
}

/// Every file below a folder, sorted. A folder that is not there has none.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in entries(folder)? {
        if entry.is_dir() {
            found.extend(files(&entry)?);
        } else {
            found.push(entry);
        }
    }
    Ok(found)
}

/// What lies directly in a folder, sorted.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let failed = |error: std::io::Error| Failure::file("read", folder, &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        found.push(entry.map_err(failed)?.path());
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::TemporaryFolder;

    #[test]
    fn only_changes_are_written_and_what_is_left_over_goes() {
        let folder = TemporaryFolder::new("tree-test").unwrap();
        let source = folder.path().join("source");
        fs::create_dir_all(source.join("cases")).unwrap();
        fs::write(source.join("cases/a.json"), "{}").unwrap();
        let lay = || {
            let mut layout = Layout::new(folder.path().join("laid"));
            layout.folder(&source.join("cases"), Path::new("cases")).unwrap();
            layout.finish().unwrap()
        };
        assert_eq!(lay(), 1);
        assert_eq!(lay(), 0);
        fs::rename(source.join("cases/a.json"), source.join("cases/b.json")).unwrap();
        assert_eq!(lay(), 2);
        assert_eq!(files(&folder.path().join("laid")).unwrap(), [folder.path().join("laid/cases/b.json")]);
    }
}
