//! Copies that are taken, changed around, and put back.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt, symlink};
use std::path::Path;

use ares_kernel::facts::{Access, Quota};
use fs_err as fs;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

struct Place {
    root: tempfile::TempDir,
    copies: FolderSnapshots,
    id: InvocationId,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("work")).unwrap();
        let copies = FolderSnapshots::new(SnapshotOptions::at(root.path().join("snapshots")));
        Self { root, copies, id: InvocationId::new() }
    }

    fn work(&self, path: &str) -> PathBuf {
        self.root.path().join("work").join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.work(path).parent().unwrap()).unwrap();
        fs::write(self.work(path), text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.work(path)).unwrap()
    }

    fn folder(&self) -> Folder {
        let (name, host) = ("work".parse().unwrap(), self.work("").components().collect());
        Folder { name, host, access: Access::Write, quota: Quota::default() }
    }

    fn take(&self) -> Taken {
        self.copies.take(self.id, &[self.folder()], later()).unwrap()
    }

    fn back(&self, act: bool) -> Result<PutBack, CopiesError> {
        put_back::put_back(&self.copies.place(self.id), &self.copies.read(self.id)?, act)
    }

    /// Looks first, then acts: both say the same, and looking changes nothing.
    fn put_back(&self) -> PutBack {
        let before = tree(&self.work(""));
        let seen = self.back(false).unwrap();
        assert_eq!(tree(&self.work("")), before, "looking changes nothing");
        let done = self.back(true).unwrap();
        assert_eq!(seen, done);
        done
    }
}

fn later() -> Instant {
    Instant::now() + std::time::Duration::from_secs(600)
}

/// Every path below a folder, with what it is.
fn tree(folder: &Path) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stat = fs::symlink_metadata(&path).unwrap();
            let held = if stat.is_file() {
                fs::read(&path).unwrap()
            } else if stat.is_symlink() {
                fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            } else {
                Vec::new()
            };
            if stat.is_dir() {
                waiting.push(path.clone());
            }
            found.push((path, stat.mode(), held));
        }
    }
    found.sort();
    found
}

#[test]
fn everything_is_as_it_was_and_what_did_not_change_is_not_touched() {
    let place = Place::new();
    for (path, text) in [("same", "s"), ("changed", "old"), ("gone", "g"), ("in/a", "a"), ("in/b/c", "c")] {
        place.write(path, text);
    }
    fs::create_dir(place.work("empty")).unwrap();
    symlink("same", place.work("link")).unwrap();
    symlink("../nowhere", place.work("dangling")).unwrap();
    fs::set_permissions(place.work("changed"), PermissionsExt::from_mode(0o640)).unwrap();
    fs::set_permissions(place.work("in/b"), PermissionsExt::from_mode(0o750)).unwrap();
    let before = tree(&place.work(""));
    let taken = place.take();
    assert_eq!((taken.objects, taken.left_out.len()), (10, 0));
    // Eleven with the folder itself, and the list.
    assert!((11 * 4096..12 * 4096).contains(&taken.bytes), "{taken:?}");
    let inode = |path| fs::metadata(place.work(path)).unwrap().ino();
    let (same, changed) = (inode("same"), inode("changed"));

    place.write("changed", "a longer text than before");
    fs::remove_file(place.work("gone")).unwrap();
    fs::remove_dir_all(place.work("in")).unwrap();
    place.write("in", "a file where a folder was");
    fs::remove_dir(place.work("empty")).unwrap();
    symlink("same", place.work("empty")).unwrap();
    fs::remove_file(place.work("link")).unwrap();
    symlink("changed", place.work("link")).unwrap();
    place.write("new", "n");
    place.write("made/below/it", "i");
    let done = place.put_back();
    assert_eq!(tree(&place.work("")), before);
    assert_eq!((done.put_back, done.removed, done.unchanged, done.failed), (8, 2, 2, 0), "{done:?}");
    assert_eq!((inode("same"), inode("changed")), (same, changed), "also their other names see it");
    let again = place.put_back();
    assert_eq!((again.put_back, again.removed, again.unchanged), (0, 0, 10));
}

#[test]
fn a_time_that_was_set_back_hides_no_change() {
    let place = Place::new();
    place.write("old", "one");
    let file = fs::File::options().write(true).open(place.work("old")).unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    file.file().set_modified(long_ago).unwrap();
    place.take();
    fs::write(place.work("old"), "two").unwrap();
    file.file().set_modified(long_ago).unwrap();
    assert_eq!((place.put_back().put_back, place.read("old").as_str()), (1, "one"));
}

#[test]
fn no_link_leads_out_of_the_folder() {
    let place = Place::new();
    place.write("in/a", "a");
    place.write("b", "b");
    place.take();
    let outside = place.root.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("a"), "theirs").unwrap();
    fs::write(outside.join("more"), "theirs").unwrap();
    fs::remove_dir_all(place.work("in")).unwrap();
    symlink(&outside, place.work("in")).unwrap();
    fs::remove_file(place.work("b")).unwrap();
    symlink(outside.join("a"), place.work("b")).unwrap();
    symlink(&outside, place.work("new")).unwrap();
    let before = tree(&outside);
    let done = place.put_back();
    assert_eq!((tree(&outside), done.failed), (before, 0));
    assert_eq!((place.read("in/a"), place.read("b")), ("a".to_owned(), "b".to_owned()));
    assert!(!place.work("new").is_symlink() && !place.work("in").is_symlink());
    // A folder that is a link now is another folder.
    let (work, away) = (place.work("").components().collect::<PathBuf>(), place.root.path().join("away"));
    fs::rename(&work, &away).unwrap();
    symlink(&outside, &work).unwrap();
    assert!(matches!(place.back(true), Err(CopiesError::Moved { .. })));
    fs::remove_file(&work).unwrap();
    fs::create_dir(&work).unwrap();
    assert!(matches!(place.back(true), Err(CopiesError::Moved { .. })));
}

#[test]
fn what_is_no_file_is_named_and_stays_and_what_is_deep_goes() {
    let place = Place::new();
    mknodat(CWD, place.work("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let taken = place.take();
    assert_eq!(taken.left_out.len(), 1);
    assert!(taken.left_out[0].contains("pipe") && taken.left_out[0].contains("is not in the snapshot"));
    let mut here = rustix::fs::open(place.work(""), crate::rehearsal::node::FOLDER, Mode::empty()).unwrap();
    for _ in 0..500 {
        rustix::fs::mkdirat(&here, "d", Mode::RWXU).unwrap();
        here = rustix::fs::openat(&here, "d", crate::rehearsal::node::FOLDER, Mode::empty()).unwrap();
    }
    let done = place.back(true).unwrap();
    assert_eq!((done.removed, done.failed), (1, 0));
    let left: Vec<_> =
        fs::read_dir(place.work("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["pipe"]);
}

fn pipe(path: PathBuf) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// Takes a file out of a snapshot, as if the host had not been allowed to read it.
fn leave_out(place: &Place, path: &str) {
    let at = place.copies.place(place.id);
    let mut list = place.copies.read(place.id).unwrap();
    let folder = rustix::fs::open(place.work(""), crate::rehearsal::node::FOLDER, Mode::empty()).unwrap();
    let name = std::ffi::CString::new(path).unwrap();
    let which = crate::rehearsal::node::Identity::of(&folder, &name).unwrap();
    list.folders[0].nodes.remove(Path::new(path)).unwrap();
    list.folders[0].left_out.insert(path.into(), Some(which));
    list.write(&at).unwrap();
    fs::remove_file(at.join("0").join(path)).unwrap();
}

#[test]
fn what_is_in_no_copy_is_never_removed_and_goes_back_to_its_name() {
    let place = Place::new();
    for (path, text) in [("a", "a"), ("only", "the only copy"), ("in/b", "b"), ("in/deep/c", "c")] {
        place.write(path, text);
    }
    for path in ["one", "other", "in/pipe", "in/deep/pipe"] {
        pipe(place.work(path));
    }
    assert_eq!(place.take().left_out.len(), 4);
    leave_out(&place, "only");
    let before = tree(&place.work(""));
    let moves: [&[(&str, &str)]; 5] = [
        &[("one", "new"), ("only", "in/new")],
        // Over a copied file, and a folder that holds some.
        &[("only", "a"), ("in", "in2")],
        &[("one", "x"), ("other", "one"), ("x", "other"), ("in/pipe", "only2"), ("only", "in/pipe")],
        &[("in/deep/pipe", "in/b"), ("in", "a2"), ("a2", "b2"), ("one", "b2/deep/one")],
        &[("in/deep", "deep"), ("deep/pipe", "deep/c"), ("in/pipe", "in/deep")],
    ];
    for moves in moves {
        for (from, to) in moves {
            fs::rename(place.work(from), place.work(to)).unwrap();
        }
        let done = place.put_back();
        assert_eq!((tree(&place.work("")), done.failed), (before.clone(), 0), "{moves:?} {done:?}");
    }
    // In a folder that was made, however deep; another name of it is none too many.
    let mut here = rustix::fs::open(place.work(""), crate::rehearsal::node::FOLDER, Mode::empty()).unwrap();
    for _ in 0..200 {
        rustix::fs::mkdirat(&here, "d", Mode::RWXU).unwrap();
        here = rustix::fs::openat(&here, "d", crate::rehearsal::node::FOLDER, Mode::empty()).unwrap();
    }
    rustix::fs::renameat(CWD, place.work("only"), &here, "only").unwrap();
    fs::hard_link(place.work("one"), place.work("more")).unwrap();
    fs::rename(place.work("one"), place.work("in/more")).unwrap();
    let done = place.back(true).unwrap();
    assert_eq!((tree(&place.work("")), done.failed), (before, 0), "{done:?}");
    assert_eq!(place.read("only"), "the only copy");
}

#[test]
fn what_is_in_no_copy_and_cannot_go_back_is_told_and_stays() {
    let place = Place::new();
    place.write("only", "the only copy");
    place.write("kept", "k");
    pipe(place.work("pipe"));
    pipe(place.work("gone"));
    pipe(place.work("replaced"));
    place.take();
    leave_out(&place, "only");
    fs::remove_file(place.work("gone")).unwrap();
    fs::remove_file(place.work("replaced")).unwrap();
    // It may well get the number of the pipe.
    place.write("replaced", "another");
    fs::create_dir(place.work("made")).unwrap();
    fs::rename(place.work("only"), place.work("made/it")).unwrap();
    fs::rename(place.work("pipe"), place.work("elsewhere")).unwrap();
    place.write("only", "another");
    place.write("pipe", "another");
    let seen = place.back(false).unwrap();
    let done = place.back(true).unwrap();
    let counts = |done: &PutBack| (done.put_back, done.removed, done.unchanged, done.failed);
    assert_eq!((counts(&seen), counts(&done)), ((0, 1, 1, 4), (0, 1, 1, 4)), "{done:?}");
    assert_eq!(done.failures[0], "`work:gone`: it is gone, and it was in no copy");
    let now = done.failures[1].strip_prefix("`work:only`: it is at `work:").unwrap();
    assert_eq!(place.read(now.split('`').next().unwrap()), "the only copy");
    assert_eq!(done.failures[2], "`work:pipe`: it is at `work:elsewhere` now, and its own name is not free");
    let replaced = "`work:replaced`: it is gone, and it was in no copy; what has its name now stays";
    assert_eq!((done.failures[3].as_str(), place.read("replaced").as_str()), (replaced, "another"));
    assert!(place.work("elsewhere").symlink_metadata().unwrap().mode() & 0o170_000 == 0o010_000);
    // Tried again when the names are free.
    fs::remove_file(place.work("only")).unwrap();
    fs::remove_file(place.work("pipe")).unwrap();
    let done = place.back(true).unwrap();
    assert_eq!((done.put_back, done.failed, place.read("only").as_str()), (2, 2, "the only copy"));
}

#[test]
fn what_is_in_no_copy_stays_also_where_folders_are_in_each_other() {
    for (moved, kept) in [("in/a", false), ("in/new", true), ("in/deep/new", false)] {
        let place = Place::new();
        place.write("in/a", "a");
        pipe(place.work("one"));
        let inner = Folder { name: "inner".parse().unwrap(), host: place.work("in"), ..place.folder() };
        place.copies.take(place.id, &[place.folder(), inner], later()).unwrap();
        fs::create_dir(place.work("in/deep")).unwrap();
        fs::rename(place.work("one"), place.work(moved)).unwrap();
        place.write("one", "its name is not free");
        let done = place.back(true).unwrap();
        assert_eq!((done.failed, place.read("in/a").as_str()), (1, "a"), "{done:?}");
        let pipes = tree(&place.work("")).into_iter().filter(|(_, mode, _)| mode & 0o170_000 == 0o010_000);
        let pipes: Vec<PathBuf> = pipes.map(|(path, ..)| path).collect();
        assert_eq!((pipes.len(), pipes.contains(&place.work(moved))), (1, kept), "{pipes:?}");
        fs::remove_file(place.work("one")).unwrap();
        assert_eq!(place.back(true).unwrap().failed, 0);
        assert!(place.work("one").exists());
    }
}

#[test]
fn too_much_leaves_nothing_behind() {
    let mut place = Place::new();
    let sparse = fs::File::create(place.work("sparse")).unwrap();
    sparse.set_len(3 << 20).unwrap();
    place.write("small", "x");
    for (bytes, entries, key) in [(1 << 20, 100, "gate.snapshot_mb"), (8 << 20, 1, "gate.snapshot_entries")] {
        (place.copies.0.bytes, place.copies.0.entries) = (bytes, entries);
        let error = place.copies.take(place.id, &[place.folder()], later()).unwrap_err();
        assert_eq!(error.limit().unwrap().key, key, "{error}");
        assert!(!place.copies.place(place.id).exists());
    }
    (place.copies.0.bytes, place.copies.0.entries) = (8 << 20, 100);
    let error = place.copies.take(place.id, &[place.folder()], Instant::now()).unwrap_err();
    assert!(error.to_string().starts_with("copying `work` was given up after "), "{error}");
    assert!(!place.copies.place(place.id).exists());
    let bytes = place.take().bytes;
    assert!((3 << 20..4 << 20).contains(&bytes), "{bytes}");
    sparse.set_len(1).unwrap();
    assert_eq!(place.put_back().put_back, 1);
    assert_eq!(fs::metadata(place.work("sparse")).unwrap().len(), 3 << 20);
}

#[test]
fn what_a_snapshot_takes_on_the_disk_is_counted_and_not_what_files_hold() {
    let place = Place::new();
    for number in 0..2000 {
        let name = format!("{number}{}", "x".repeat(200));
        if number % 2 == 0 { place.write(&name, "x") } else { symlink("a", place.work(&name)).unwrap() }
    }
    let taken = place.take();
    // What du(1) counts: whatever is there, with its allocated blocks.
    let root = place.copies.place(place.id);
    let inside = tree(&root).into_iter().map(|(path, ..)| fs::symlink_metadata(path).unwrap().blocks());
    let took: u64 = inside.sum::<u64>() * 512;
    assert!(taken.bytes >= took && taken.bytes >= 2000 * 4096, "{} of {took}", taken.bytes);
}

#[test]
fn what_cannot_be_put_back_is_named_and_the_rest_goes_on() {
    let place = Place::new();
    place.write("a", "a");
    place.write("b", "b");
    place.write("c", "c");
    place.take();
    for path in ["a", "b", "c"] {
        place.write(path, "other");
    }
    // A copy that somebody damaged.
    fs::remove_file(place.copies.place(place.id).join("0/b")).unwrap();
    fs::create_dir(place.copies.place(place.id).join("0/b")).unwrap();
    let done = place.back(true).unwrap();
    assert_eq!((done.put_back, done.failed, done.failures.len()), (2, 1, 1), "{done:?}");
    assert!(done.failures[0].starts_with("`work:b`: "), "{done:?}");
    assert_eq!((place.read("a"), place.read("c")), ("a".to_owned(), "c".to_owned()));
}

#[tokio::test]
async fn whole_copies_are_told_from_others_and_forgotten() {
    let place = Place::new();
    place.write("a", "a");
    assert_eq!(place.copies.all().await.unwrap(), []);
    place.copies.copy(place.id, vec![place.folder()], later()).await.unwrap();
    let twice = place.copies.copy(place.id, vec![place.folder()], later()).await;
    assert!(twice.is_err(), "an id is for one call");
    let (cut, all) = (InvocationId::new(), || place.copies.all());
    fs::create_dir_all(place.copies.place(cut).join("0")).unwrap();
    fs::create_dir(place.root.path().join("snapshots/other")).unwrap();
    let mut found = all().await.unwrap();
    found.sort_by_key(|(_, whole)| *whole);
    assert_eq!(found, [(cut, false), (place.id, true)]);
    assert!(matches!(place.copies.put_back(cut, true).await, Err(CopiesError::Missing(_))));
    fs::write(place.copies.place(cut).join("list"), "no list").unwrap();
    assert!(matches!(place.copies.put_back(cut, true).await, Err(CopiesError::Unreadable(_))));
    for id in [cut, place.id, place.id] {
        place.copies.remove(id).await.unwrap();
    }
    assert_eq!(all().await.unwrap(), []);
}
