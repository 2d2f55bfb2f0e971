//! What a folder holds, found by walking it: from handle to handle by single names and never by a
//! path, in a loop that has as few handles open in a folder 10,000 deep as in a flat one.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::Errno;

/// What a folder holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Figure {
    /// Lengths of all files together.
    pub(super) bytes: u64,
    /// Everything in it, at any depth.
    pub(super) entries: u64,
}

/// A folder on the way down, and what of it is still to be looked at.
struct Level {
    itself: (u64, u64),
    folders: Vec<CString>,
}

/// Walks a folder. Stops when it has counted more than `most` entries: then nothing fits in anyway.
/// Links are counted, never followed; what comes and goes meanwhile may be counted or not.
///
/// # Errors
/// When a folder cannot be read, or is moved while the walk is in it.
pub(super) fn walk(root: &File, most: u64) -> io::Result<Figure> {
    let mut figure = Figure::default();
    let mut here = openat(root, ".", FOLDER, Mode::empty())?;
    let mut levels = Vec::new();
    'down: loop {
        let itself = identity(&fstat(&here)?);
        levels.push(Level { itself, folders: count(&here, most, &mut figure)? });
        if figure.entries > most {
            return Ok(figure);
        }
        while let Some(level) = levels.last_mut() {
            if let Some(name) = level.folders.pop() {
                match openat(&here, name, FOLDER, Mode::empty()) {
                    Ok(below) => {
                        here = below;
                        continue 'down;
                    }
                    Err(error) if is_out_of_reach(error) => continue,
                    Err(error) => return Err(error.into()),
                }
            }
            levels.pop();
            if let Some(above) = levels.last() {
                here = openat(&here, "..", FOLDER, Mode::empty())?;
                // A folder that was moved has another folder above it, perhaps outside of the grant.
                if identity(&fstat(&here)?) != above.itself {
                    return Err(io::Error::other("a folder in it was moved meanwhile"));
                }
            }
        }
        return Ok(figure);
    }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Counts what lies in one folder and answers the folders among it.
fn count(folder: &OwnedFd, most: u64, figure: &mut Figure) -> io::Result<Vec<CString>> {
    let mut folders = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        figure.entries += 1;
        if figure.entries > most {
            break;
        }
        match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => figure.bytes = figure.bytes.saturating_add(length(&stat)),
                FileType::Directory => folders.push(name.to_owned()),
                _ => {}
            },
            Err(error) if is_out_of_reach(error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(folders)
}

/// The length of a file that no folder names any more, but that is still open: its bytes are taken
/// all the same.
pub(super) fn nameless(file: &File) -> u64 {
    fstat(file).ok().filter(|stat| stat.st_nlink == 0).map_or(0, |stat| length(&stat))
}

fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

fn length(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

/// Whether there is nothing to look at: another program removed it or put something else in its
/// place since it was listed, or the host's user may not read it.
fn is_out_of_reach(error: Errno) -> bool {
    matches!(error, Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::ACCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(root: &std::path::Path, most: u64) -> Figure {
        walk(fs_err::File::open(root).unwrap().file(), most).unwrap()
    }

    #[test]
    fn lengths_and_entries_at_every_depth_but_nothing_behind_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("in"), folder.path().join("out"));
        fs_err::create_dir_all(inside.join("a/b")).unwrap();
        fs_err::create_dir_all(&outside).unwrap();
        fs_err::write(outside.join("large"), vec![0; 1000]).unwrap();
        fs_err::write(inside.join("five"), "12345").unwrap();
        fs_err::write(inside.join("a/b/three"), "123").unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("link")).unwrap();
        fs_err::File::create(inside.join("a/sparse")).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(measured(&inside, 100), Figure { bytes: (1 << 40) + 8, entries: 6 });
        assert_eq!(measured(&inside, 3).entries, 4);
    }

    #[test]
    fn a_folder_ten_thousand_deep_needs_no_stack_and_no_handles() {
        // In memory where there is such a place: removing folders takes milliseconds each on a disk.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let root = fs_err::File::open(folder.path()).unwrap();
        let mut here = openat(root.file(), ".", FOLDER, Mode::empty()).unwrap();
        for _ in 0..10_000 {
            rustix::fs::mkdirat(&here, "d", Mode::RWXU).unwrap();
            here = openat(&here, "d", FOLDER, Mode::empty()).unwrap();
        }
        assert_eq!(measured(folder.path(), 100_000), Figure { bytes: 0, entries: 10_000 });
        // The way back up, since the standard library would run out of handles on the way down.
        for _ in 0..10_000 {
            here = openat(&here, "..", FOLDER, Mode::empty()).unwrap();
            rustix::fs::unlinkat(&here, "d", AtFlags::REMOVEDIR).unwrap();
        }
    }
}
