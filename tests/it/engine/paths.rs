//! Every way a path could lead out of its folder: links, dots, slashes, long names, renames, and a
//! folder that becomes a link while it is looked at.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use ares_kernel::facts::{Limits, Quota};
use rustix::fs::{CWD, FileType, RenameFlags, mknodat, renameat_with};
use serde_json::json;

use super::quotas::{chaos, script, writable};

/// A folder with something in it, beside a folder with a secret.
struct Neighbours(tempfile::TempDir);

impl Neighbours {
    fn new() -> Self {
        let both = tempfile::tempdir().unwrap();
        for (path, text) in
            [("mine/dir/file", "mine"), ("mine/other/file", "other"), ("secret/file", "SECRET")]
        {
            let path = both.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        Self(both)
    }

    fn mine(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join("mine").join(path)
    }

    fn secret(&self) -> std::path::PathBuf {
        self.0.path().join("secret")
    }

    /// The secret folder is as it was.
    #[track_caller]
    fn assert_untouched(&self) {
        let names: Vec<_> =
            fs_err::read_dir(self.secret()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["file"]);
        assert_eq!(fs_err::read_to_string(self.secret().join("file")).unwrap(), "SECRET");
    }
}

async fn house(folder: &Path) -> super::house::House {
    chaos(vec![writable("target", folder, Quota::default())], Limits::default()).await
}

#[tokio::test]
async fn paths_stay_inside_however_they_are_spelled() {
    let both = Neighbours::new();
    let house = house(&both.mine("")).await;
    for (link, to) in [
        ("absolute", both.secret().join("file")),
        ("absolute-inside", both.mine("dir/file")),
        ("relative", "../secret/file".into()),
        ("winding", "dir/../../secret/file".into()),
        ("folder", "../secret".into()),
        ("inside", "dir/file".into()),
        ("loop", "loop".into()),
        ("proc", "/proc/self/root".into()),
    ] {
        symlink(to, both.mine(link)).unwrap();
    }
    for (path, gives) in [
        ("dir/file", "mine"),
        ("./dir/.//file", "mine"),
        ("dir/../dir/file", "mine"),
        ("dir//file", "mine"),
        ("inside", "mine"),
        ("absolute", "not-permitted"),
        ("absolute-inside", "not-permitted"),
        ("relative", "not-permitted"),
        ("winding", "not-permitted"),
        ("folder/file", "not-permitted"),
        ("folder/", "not-permitted"),
        ("proc/etc/passwd", "not-permitted"),
        ("loop", "loop"),
        ("..", "not-permitted"),
        ("../secret/file", "not-permitted"),
        ("dir/../../secret/file", "not-permitted"),
        ("/", "not-permitted"),
        ("/etc/passwd", "not-permitted"),
        ("dir/file/", "not-directory"),
        ("dir/file/.", "not-directory"),
        ("dir/file/..", "not-directory"),
        ("", "no-entry"),
        ("dir\\..\\..\\secret\\file", "no-entry"),
        ("dir/file\0", "invalid"),
        ("dir\0/../../secret/file", "invalid"),
        (&"x".repeat(256), "name-too-long"),
        (&"dir/../".repeat(2000), "name-too-long"),
    ] {
        let (said, _) = script(&house, json!([{"act": "read", "path": path}])).await;
        assert!(said[0].ends_with(gives), "{}: {said:?}", path.get(..30).unwrap_or(path).escape_debug());
        // Nothing is made through it either.
        script(&house, json!([{"act": "create", "path": format!("{path}/made")}])).await;
        script(&house, json!([{"act": "folder", "path": format!("{path}/made")}])).await;
        both.assert_untouched();
    }
}

#[tokio::test]
async fn a_guest_makes_no_links() {
    let both = Neighbours::new();
    let folders = ["dir", "other"].map(|name| writable(name, &both.mine(name), Quota::default()));
    let house = chaos(folders.to_vec(), Limits::default()).await;
    let steps = json!([
        {"act": "symlink", "path": "link", "to": "file"},
        {"act": "symlink", "path": "link", "to": "../../secret"},
        {"act": "link", "path": "file", "to": "link"},
        {"act": "link", "path": "file", "to": "../link"},
        {"act": "link", "path": "file", "to": "link", "to_folder": 1},
        {"act": "link", "path": "../../secret/file", "to": "link"},
    ]);
    let (said, usage) = script(&house, steps).await;
    assert!(said.iter().all(|said| said.ends_with("not-permitted")), "{said:?}");
    assert_eq!(usage.files_made, 0);
    both.assert_untouched();
}

#[tokio::test]
async fn a_rename_stays_in_its_folder() {
    let both = Neighbours::new();
    symlink(both.secret(), both.mine("dir/out")).unwrap();
    fs_err::create_dir(both.mine("dir/full")).unwrap();
    fs_err::write(both.mine("dir/full/file"), "").unwrap();
    fs_err::create_dir(both.mine("dir/empty")).unwrap();
    let folders = ["dir", "other"].map(|name| writable(name, &both.mine(name), Quota::default()));
    let house = chaos(folders.to_vec(), Limits::default()).await;
    let steps = json!([
        {"act": "rename", "path": "file", "to": "moved", "to_folder": 1},
        {"act": "rename", "path": "full", "to": "moved", "to_folder": 1},
        {"act": "rename", "path": "file", "to": "../../secret/moved"},
        {"act": "rename", "path": "file", "to": "out/moved"},
        {"act": "rename", "path": "out/file", "to": "stolen"},
        {"act": "rename", "path": "file", "to": "full"},
        {"act": "rename", "path": "empty", "to": "full"},
        {"act": "rename", "path": "full", "to": "full/inside"},
        {"act": "rename", "path": "full", "to": "empty"},
    ]);
    let (said, _) = script(&house, steps).await;
    let ends = [
        "cross-device",
        "cross-device",
        "not-permitted",
        "not-permitted",
        "not-permitted",
        "is-directory",
        "not-empty",
        "invalid",
        "done",
    ];
    for (said, end) in said.iter().zip(ends) {
        assert!(said.ends_with(end), "{said} is not {end}");
    }
    assert_eq!(fs_err::read_dir(both.mine("other")).unwrap().count(), 1);
    both.assert_untouched();
}

#[tokio::test]
async fn special_files_are_seen_and_never_opened() {
    let both = Neighbours::new();
    mknodat(CWD, both.mine("pipe"), FileType::Fifo, 0o600.into(), 0).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(both.mine("socket")).unwrap();
    let house = house(&both.mine("")).await;
    let steps = json!([
        {"act": "read", "path": "pipe"},
        {"act": "write", "path": "pipe", "amount": 1},
        {"act": "read", "path": "socket"},
        {"act": "stat", "path": "pipe"},
        {"act": "list"},
    ]);
    let (said, _) = script(&house, steps).await;
    assert!(said[..3].iter().all(|said| said.ends_with("not-permitted")), "{said:?}");
    assert_eq!(said[4], "4 entries");
    drop(socket);
}

#[tokio::test]
async fn a_second_name_that_others_gave_a_file_is_a_file_of_the_folder() {
    let both = Neighbours::new();
    fs_err::hard_link(both.secret().join("file"), both.mine("shared")).unwrap();
    let house = house(&both.mine("")).await;
    // Nobody can tell the names of one file apart: whoever puts it into the folder grants it.
    assert_eq!(script(&house, json!([{"act": "read", "path": "shared"}])).await.0, ["SECRET"]);
    assert_eq!(script(&house, json!([{"act": "unlink", "path": "shared"}])).await.0, ["done"]);
    both.assert_untouched();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_becomes_a_link_while_it_is_looked_at_shows_nothing_outside() {
    let both = Neighbours::new();
    symlink(both.secret(), both.mine("link")).unwrap();
    let house = house(&both.mine("")).await;
    let stop = AtomicBool::new(false);
    let (dir, link) = (both.mine("dir"), both.mine("link"));
    let (said, swaps) = std::thread::scope(|scope| {
        let swapping = scope.spawn(|| {
            let mut swaps = 0_u64;
            while !stop.load(Ordering::Relaxed) && swaps < 50_000_000 {
                renameat_with(CWD, &dir, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                swaps += 1;
            }
            swaps
        });
        let steps = json!([{"act": "look", "path": "dir/file", "amount": 3000}]);
        let said = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(script(&house, steps)).0
        });
        stop.store(true, Ordering::Relaxed);
        (said, swapping.join().unwrap())
    });
    assert!(swaps > 1000, "{swaps} swaps are no race");
    assert!(said[0].contains("mine"), "it never met the folder: {said:?}");
    assert!(said[0].contains("error"), "it never met the link: {said:?}");
    assert!(!said[0].contains("SECRET"), "{said:?}");
    both.assert_untouched();
}
