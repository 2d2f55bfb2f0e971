//! The texts of a file, of a folder and all below it, or of standard input; links are not followed.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;

use crate::exit::ExitStatus;
use crate::failure::Failure;

/// The longest file that is looked at, in bytes.
const BYTES_MAX: u64 = 10 << 20;
/// How many files and folders are looked at.
const ENTRIES_MAX: usize = 100_000;
/// How deep folders are looked into.
const DEPTH_MAX: usize = 64;
/// How much of a file must be without a NUL to be taken for text, in bytes.
const HEAD: usize = 8192;

/// What came of one file.
pub(super) enum Looked {
    /// Its text.
    Text(String),
    /// Why there is none.
    Skipped(String),
}

/// Hands over every file of `path`, in order of their names.
///
/// # Errors
/// When `path` itself is not there or cannot be read. What lies below and cannot be read is skipped.
pub(super) fn look(path: &Path, found: &mut dyn FnMut(&Path, Looked)) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        let looked =
            read(io::stdin().lock()).map_err(|error| Failure::io("reading standard input", &error))?;
        found(path, looked);
        return Ok(());
    }
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            let why = format!(
                "there is no file or folder {}; a text is looked at with --text TEXT, or with - from standard input",
                path.display()
            );
            Failure::new(ExitStatus::MissingFile, "missing-file", why)
        }
        _ => Failure::io("scanning", &error),
    };
    // A person named this one; if it is a link, it is the target that was meant.
    if !fs_err::metadata(path).map_err(failed)?.is_dir() {
        found(path, open(path, false).map_err(failed)?);
        return Ok(());
    }
    let mut walk = Walk { found, entries: 0 };
    let names = names(path).map_err(failed)?;
    walk.all(names, 1);
    Ok(())
}

/// A walk through a folder.
struct Walk<'a> {
    found: &'a mut dyn FnMut(&Path, Looked),
    entries: usize,
}

impl Walk<'_> {
    fn all(&mut self, paths: Vec<PathBuf>, depth: usize) {
        for path in paths {
            if self.entries == ENTRIES_MAX {
                self.skip(
                    &path,
                    format!("is beyond the first {ENTRIES_MAX} files; the rest was not looked at"),
                );
            }
            self.entries += 1;
            if self.entries > ENTRIES_MAX {
                return;
            }
            match self.one(&path, depth) {
                Ok(below) => self.all(below, depth + 1),
                Err(error) => self.skip(&path, format!("cannot be read: {error}")),
            }
        }
    }

    /// Looks at a file; answers what is in a folder.
    fn one(&mut self, path: &Path, depth: usize) -> io::Result<Vec<PathBuf>> {
        let kind = fs_err::symlink_metadata(path)?.file_type();
        if kind.is_symlink() {
            self.skip(path, "is a link".to_owned());
        } else if kind.is_dir() && depth >= DEPTH_MAX {
            self.skip(path, format!("is more than {DEPTH_MAX} folders deep"));
        } else if kind.is_dir() {
            return names(path);
        } else if kind.is_file() {
            let looked = open(path, true)?;
            (self.found)(path, looked);
        } else {
            self.skip(path, "is not a regular file".to_owned());
        }
        Ok(Vec::new())
    }

    fn skip(&mut self, path: &Path, why: String) {
        (self.found)(path, Looked::Skipped(why));
    }
}

fn names(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs_err::read_dir(folder)?.take(ENTRIES_MAX + 1);
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    Ok(paths)
}

/// Reads a file; does not wait for a pipe, and with `last` follows no link that it became meanwhile.
fn open(path: &Path, last: bool) -> io::Result<Looked> {
    use rustix::fs::OFlags;
    let flags = if last { OFlags::NONBLOCK | OFlags::NOFOLLOW } else { OFlags::NONBLOCK };
    let file = fs_err::OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(Looked::Skipped("is not a regular file".to_owned()));
    }
    read(file)
}

fn read(from: impl Read) -> io::Result<Looked> {
    let mut bytes = Vec::new();
    if from.take(BYTES_MAX + 1).read_to_end(&mut bytes)? as u64 > BYTES_MAX {
        return Ok(Looked::Skipped(format!("has more than {} MiB", BYTES_MAX >> 20)));
    }
    if bytes.iter().take(HEAD).any(|byte| *byte == 0) {
        return Ok(Looked::Skipped("is binary".to_owned()));
    }
    Ok(String::from_utf8(bytes)
        .map_or_else(|_| Looked::Skipped("is not UTF-8 text".to_owned()), Looked::Text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(path: &Path) -> Vec<(String, String)> {
        let mut all = Vec::new();
        look(path, &mut |file, looked| {
            let name = file.strip_prefix(path).unwrap().display().to_string();
            let what = match looked {
                Looked::Text(text) => text,
                Looked::Skipped(why) => format!("skipped: {why}"),
            };
            all.push((name, what));
        })
        .unwrap();
        all
    }

    #[test]
    fn every_file_is_read_or_said_to_be_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs_err::create_dir(at("b")).unwrap();
        fs_err::write(at("b/inner.txt"), "inner").unwrap();
        fs_err::write(at("a.txt"), "hello").unwrap();
        fs_err::write(at("c.bin"), b"\x7fELF\0\0").unwrap();
        fs_err::write(at("d.txt"), b"\xff\xfe").unwrap();
        fs_err::File::create(at("e.txt")).unwrap().set_len(BYTES_MAX + 1).unwrap();
        fs_err::os::unix::fs::symlink("/etc", at("f")).unwrap();
        let expected = [
            ("a.txt", "hello"),
            ("b/inner.txt", "inner"),
            ("c.bin", "skipped: is binary"),
            ("d.txt", "skipped: is not UTF-8 text"),
            ("e.txt", "skipped: has more than 10 MiB"),
            ("f", "skipped: is a link"),
        ];
        assert_eq!(looked(folder.path()), expected.map(|(name, what)| (name.to_owned(), what.to_owned())));
    }

    #[test]
    fn what_is_not_there_is_a_missing_file() {
        let failure = look(Path::new("/nowhere/at/all"), &mut |_, _| {}).unwrap_err();
        assert_eq!(failure.exit, crate::exit::ExitStatus::MissingFile);
    }

    #[test]
    fn a_tree_that_is_too_deep_is_cut_off_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut deep = folder.path().to_path_buf();
        deep.extend(std::iter::repeat_n("d", DEPTH_MAX + 5));
        fs_err::create_dir_all(&deep).unwrap();
        let found = looked(folder.path());
        assert!(matches!(found.as_slice(), [(_, why)] if why.contains("64 folders deep")), "{found:?}");
    }
}
