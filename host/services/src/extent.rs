//! Counts what lies at and below a place in a granted folder: bounded in depth, steps and time, and never through
//! a link.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use ares_kernel::facts::{Extent, Spot};
use cap_std::ambient_authority;
use cap_std::fs::Dir;

/// How many folders deep it looks.
const DEPTH_MAX: u32 = 5;
/// How many objects it looks at.
const STEPS_MAX: u64 = 100_000;
/// How long it looks.
const LONGEST: Duration = Duration::from_millis(500);
/// How many steps it makes between two looks at the clock.
const STEPS_A_LOOK: u64 = 256;

/// What was counted so far, and until when it goes on.
struct Count {
    extent: Extent,
    until: Instant,
}

/// What lies at these places. A place that is not there holds nothing.
pub(crate) fn extent(places: &[Spot]) -> Extent {
    let extent = Extent { whole: true, ..Extent::default() };
    let mut count = Count { extent, until: Instant::now() + LONGEST };
    for Spot { folder, path } in places {
        if count.extent.objects >= STEPS_MAX || Instant::now() >= count.until {
            count.extent.whole = false;
            break;
        }
        let Ok(dir) = Dir::open_ambient_dir(folder, ambient_authority()) else { continue };
        let path = if path.is_empty() { "." } else { path };
        let Ok(found) = dir.symlink_metadata(path) else { continue };
        if !count.step(if found.is_file() { found.len() } else { 0 }) {
            break;
        }
        if found.is_dir() {
            match dir.open_dir(path) {
                Ok(dir) => count.below(&dir, 1),
                Err(_) => count.extent.whole = false,
            }
        }
    }
    count.extent
}

/// Whether anything is there, of each place: a link counts for itself. Of what cannot be looked at, or not before
/// time is up, nobody knows.
pub(crate) fn there(places: &[Spot]) -> Vec<Option<bool>> {
    let until = Instant::now() + LONGEST;
    // Many places are in few folders.
    let mut opened: HashMap<&Path, Option<Dir>> = HashMap::new();
    let look = places.iter().map(|Spot { folder, path }| {
        if Instant::now() >= until {
            return None;
        }
        let open = || Dir::open_ambient_dir(folder, ambient_authority()).ok();
        let dir = opened.entry(folder).or_insert_with(open).as_ref()?;
        match dir.symlink_metadata(if path.is_empty() { "." } else { path }) {
            Ok(_) => Some(true),
            // A file in the place of a folder above it (`ENOTDIR`) leaves nothing there, either.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Some(false)
            }
            Err(_) => None,
        }
    });
    look.collect()
}

impl Count {
    /// Counts one more; answers whether there may be further ones.
    fn step(&mut self, bytes: u64) -> bool {
        let extent = &mut self.extent;
        extent.objects += 1;
        extent.bytes = extent.bytes.saturating_add(bytes);
        let late = extent.objects.is_multiple_of(STEPS_A_LOOK) && Instant::now() >= self.until;
        let more = extent.objects < STEPS_MAX && !late;
        extent.whole &= more;
        more
    }

    fn below(&mut self, dir: &Dir, depth: u32) {
        let Ok(entries) = dir.entries() else {
            self.extent.whole = false;
            return;
        };
        for entry in entries {
            let Ok(entry) = entry else {
                self.extent.whole = false;
                continue;
            };
            // Of the entry itself: what a link leads to is not below it.
            let Ok(found) = entry.metadata() else {
                self.extent.whole = false;
                continue;
            };
            if !self.step(if found.is_file() { found.len() } else { 0 }) {
                return;
            }
            if !found.is_dir() {
                continue;
            }
            match entry.open_dir() {
                Ok(dir) if depth < DEPTH_MAX => self.below(&dir, depth + 1),
                _ => self.extent.whole = false,
            }
            if self.extent.objects >= STEPS_MAX || Instant::now() >= self.until {
                self.extent.whole = false;
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(folder: &std::path::Path, path: &str) -> Extent {
        extent(&[Spot { folder: folder.to_owned(), path: path.to_owned() }])
    }

    #[test]
    fn files_are_counted_links_are_not_followed_and_depth_ends() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        for n in 0..20 {
            fs_err::write(outside.path().join(n.to_string()), "x").unwrap();
        }
        let deep = root.path().join("a/b/c/d/e/f/g");
        fs_err::create_dir_all(&deep).unwrap();
        fs_err::write(root.path().join("a/one"), "123").unwrap();
        fs_err::write(root.path().join("two"), "4567").unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("out")).unwrap();
        assert_eq!(at(root.path(), "two"), Extent { objects: 1, bytes: 4, whole: true });
        assert_eq!(at(root.path(), "out"), Extent { objects: 1, bytes: 0, whole: true });
        assert_eq!(at(root.path(), "nothing"), Extent { objects: 0, bytes: 0, whole: true });
        assert_eq!(at(root.path(), "../"), Extent { objects: 0, bytes: 0, whole: true });
        // a, one, b to e below the place itself, which is the first; f is too deep.
        let all = at(root.path(), "");
        assert_eq!((all.objects, all.bytes, all.whole), (9, 7, false), "{all:?}");
        assert_eq!(at(root.path(), "a/b/c"), Extent { objects: 5, bytes: 0, whole: true });
    }

    #[test]
    fn what_is_there_is_told_from_what_is_not_and_from_what_nobody_can_say() {
        let root = tempfile::tempdir().unwrap();
        fs_err::write(root.path().join("file"), "x").unwrap();
        std::os::unix::fs::symlink("nowhere", root.path().join("link")).unwrap();
        let at =
            |folder: &std::path::Path, path: &str| Spot { folder: folder.to_owned(), path: path.to_owned() };
        let places =
            ["file", "", "link", "nothing", "file/below", "../file"].map(|path| at(root.path(), path));
        let known = [Some(true), Some(true), Some(true), Some(false), Some(false), None];
        assert_eq!(there(&places), known);
        assert_eq!(there(&[at(&root.path().join("gone"), "file")]), [None]);
    }

    #[test]
    fn a_huge_folder_is_a_lower_bound_in_bounded_time() {
        let root = tempfile::tempdir().unwrap();
        for n in 0..2_000 {
            fs_err::write(root.path().join(n.to_string()), "").unwrap();
        }
        let spots = vec![Spot { folder: root.path().to_owned(), path: ".".to_owned() }; 60];
        let begun = Instant::now();
        let found = extent(&spots);
        assert!(!found.whole && found.objects <= STEPS_MAX, "{found:?}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
