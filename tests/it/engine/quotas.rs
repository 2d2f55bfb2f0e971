//! What a guest may put into folders: counted by the host however it is written, refused with the
//! name of the limit, and the call goes on.

use std::path::Path;
use std::time::Duration;

use ares_kernel::Usage;
use ares_kernel::facts::{Access, FileLimit, Folder, Grants, Limits, Quota};
use serde_json::{Value, json};

use super::house::{House, Registration};

/// A grant to change this folder.
pub(super) fn writable(name: &str, host: &Path, quota: Quota) -> Folder {
    Folder { name: name.parse().unwrap(), host: host.to_owned(), access: Access::Write, quota }
}

/// A house where `chaos` may change these folders.
pub(super) async fn chaos(folders: Vec<Folder>, limits: Limits) -> House {
    let house = House::new();
    let grants = Grants::new(false, Default::default(), folders);
    let limits = Limits { deadline: Duration::from_secs(60), ..limits };
    house.register(Registration { grants, limits, ..Registration::of("chaos") }).await;
    house
}

/// Has the guest do these steps, and makes sure that the next call is served.
pub(super) async fn script(house: &House, steps: Value) -> (Vec<String>, Usage) {
    let outcome = house.invoke("script", &json!({ "steps": steps })).await;
    let text = outcome.status().value().unwrap_or_else(|| panic!("{:?}", outcome.status()));
    let said = serde_json::from_str(text).unwrap();
    assert_eq!(house.answer("hoard", &json!({"amount": 1})).await, json!(1), "the call after it");
    (said, outcome.usage())
}

fn length(folder: &Path, name: &str) -> u64 {
    fs_err::metadata(folder.join(name)).unwrap().len()
}

const MUCH: u64 = 100_000;

#[tokio::test]
async fn a_call_writes_no_more_than_its_limit_however_it_writes() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("source"), vec![b'x'; 70_000]).unwrap();
    let limits = Limits { file_bytes: MUCH, ..Limits::default() };
    let house = chaos(vec![writable("target", folder.path(), Quota::default())], limits).await;
    for act in ["write", "stream", "append", "asked", "zeroes", "splice", "size"] {
        let step = |amount| match act {
            "splice" => json!({"act": act, "path": "source", "to": act, "amount": amount}),
            _ => json!({"act": act, "path": act, "amount": amount}),
        };
        let (said, usage) = script(&house, json!([step(MUCH)])).await;
        assert!(!said[0].starts_with("error"), "{act}: {said:?}");
        assert_eq!((usage.file_bytes_written, usage.file_limit), (MUCH, None), "{act}");
        assert_eq!(length(folder.path(), act), MUCH, "{act}");
        fs_err::remove_file(folder.path().join(act)).unwrap();

        let goes_on = json!({"act": "stat", "path": "source"});
        let (said, usage) = script(&house, json!([step(MUCH + 1), goes_on])).await;
        assert!(said[0].contains("quota"), "{act}: {said:?}");
        assert_eq!(said[1], "DescriptorType::RegularFile 70000");
        assert_eq!(usage.file_limit, Some(FileLimit::FileBytes), "{act}: {usage:?}");
        assert!(usage.file_bytes_written <= MUCH && length(folder.path(), act) <= MUCH, "{act}: {usage:?}");
    }
}

#[tokio::test]
async fn a_hole_counts_as_if_it_were_filled() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { file_bytes: MUCH, ..Limits::default() };
    let house = chaos(vec![writable("target", folder.path(), Quota::default())], limits).await;
    let steps = json!([
        {"act": "size", "path": "a", "amount": 1_u64 << 60},
        {"act": "size", "path": "a", "amount": u64::MAX},
        {"act": "write", "path": "a", "at": 1_u64 << 60, "amount": 1},
        {"act": "stream", "path": "a", "at": 1_u64 << 60, "amount": 1},
        {"act": "asked", "path": "a", "at": 1_u64 << 62, "amount": 1},
        {"act": "write", "path": "a", "at": MUCH - 1, "amount": 1},
    ]);
    let (said, usage) = script(&house, steps).await;
    assert!(said[..5].iter().all(|said| said.contains("quota")), "{said:?}");
    assert_eq!((said[5].as_str(), length(folder.path(), "a")), ("1 bytes", MUCH));
    assert_eq!(usage.file_bytes_written, MUCH);
}

#[tokio::test]
async fn what_was_cut_off_counts_again_when_it_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let house = chaos(vec![writable("target", folder.path(), Quota::default())], Limits::default()).await;
    // The stream was made while the file was long; it must not take that length for granted.
    let steps = json!([
        {"act": "write", "path": "a", "amount": MUCH},
        {"act": "hold_stream", "path": "a", "at": MUCH - 1},
        {"act": "size", "path": "a", "amount": 0},
        {"act": "write_held", "amount": 1},
    ]);
    let (said, usage) = script(&house, steps).await;
    assert_eq!((said[3].as_str(), usage.file_bytes_written), ("1 bytes", 2 * MUCH), "{said:?}");
    // What lies inside a file is written, but nothing grows by it.
    let steps = json!([{"act": "write", "path": "a", "amount": 10, "times": 5}]);
    assert_eq!(script(&house, steps).await.1.file_bytes_written, 50);
}

#[tokio::test]
async fn files_and_folders_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { files: 10, folders: 5, ..Limits::default() };
    let house = chaos(vec![writable("target", folder.path(), Quota::default())], limits).await;
    let steps = json!([
        {"act": "create", "path": "f{n}", "times": 100},
        {"act": "create", "path": "f0", "times": 100},
        {"act": "write", "path": "f0", "amount": 5},
    ]);
    let (said, usage) = script(&house, steps).await;
    assert_eq!(said, ["error (after 10 times): quota", "done", "5 bytes"]);
    assert_eq!((usage.files_made, usage.file_limit), (10, Some(FileLimit::Files)));
    for (steps, says) in [
        (json!([{"act": "folder", "path": "d{n}", "times": 100}]), "error (after 5 times): quota"),
        (
            json!([{"act": "deep", "path": "deep", "amount": 10_000}]),
            "error (after 0 times): quota after 5 levels",
        ),
        // What was there already, or could not be made, was not made.
        (json!([{"act": "folder", "path": "d0"}, {"act": "deep", "path": "e", "amount": 5}]), "5 levels"),
    ] {
        let (said, usage) = script(&house, steps).await;
        assert_eq!(said.last().unwrap(), says);
        assert_eq!(usage.files_made, 5);
        assert_eq!(usage.file_limit, says.contains("quota").then_some(FileLimit::Folders));
    }
}

#[tokio::test]
async fn a_folder_has_a_quota_that_counts_what_others_put_there() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir_all(folder.path().join("deep/er")).unwrap();
    fs_err::write(folder.path().join("deep/er/old"), vec![0; 150_000]).unwrap();
    let quota = Quota { bytes: 200_000, entries: 100 };
    for act in ["write", "stream", "append", "asked", "zeroes"] {
        let house = chaos(vec![writable("target", folder.path(), quota)], Limits::default()).await;
        let steps = json!([
            {"act": act, "path": act, "amount": 60_000},
            {"act": "write", "path": "deep/er/old", "amount": 1000},
            {"act": "unlink", "path": act},
            {"act": act, "path": act, "amount": 50_000},
            {"act": act, "path": "more", "amount": 1},
            {"act": "unlink", "path": act},
            {"act": "unlink", "path": "more"},
        ]);
        let (said, usage) = script(&house, steps).await;
        assert!(said[0].contains("quota"), "{act}: {said:?}");
        assert_eq!(said[1], "1000 bytes", "{act}: inside of a file there is room");
        assert_eq!((said[3].as_str(), usage.file_limit), ("50000 bytes", Some(FileLimit::QuotaMb)), "{act}");
        assert!(said[4].contains("quota"), "{act}: {said:?}");
    }
}

#[tokio::test]
async fn a_folder_has_so_many_entries_whoever_makes_them() {
    let folder = tempfile::tempdir().unwrap();
    let quota = Quota { entries: 50, ..Quota::default() };
    let limits = Limits { files: 20, ..Limits::default() };
    let house = chaos(vec![writable("target", folder.path(), quota)], limits).await;
    for (round, made) in [(0, 20), (1, 20), (2, 10), (3, 0)] {
        let steps = json!([{"act": "create", "path": format!("{round}-{{n}}"), "times": 30}]);
        let (said, usage) = script(&house, steps).await;
        assert_eq!(said, [format!("error (after {made} times): quota")]);
        let limit = if made == 20 { FileLimit::Files } else { FileLimit::Entries };
        assert_eq!((usage.files_made, usage.file_limit), (made, Some(limit)));
    }
    let steps = json!([{"act": "unlink", "path": "0-0"}, {"act": "folder", "path": "in its place"}]);
    assert_eq!(script(&house, steps).await.0, ["done", "done"]);
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 50);
}

#[tokio::test]
async fn a_file_that_lost_its_name_but_is_open_still_takes_its_room() {
    let folder = tempfile::tempdir().unwrap();
    let quota = Quota { bytes: 150_000, entries: 100 };
    let house = chaos(vec![writable("target", folder.path(), quota)], Limits::default()).await;
    let steps = json!([
        {"act": "write", "path": "a", "amount": MUCH},
        {"act": "hold", "path": "a"},
        {"act": "unlink", "path": "a"},
        {"act": "write", "path": "b", "amount": MUCH},
    ]);
    let (said, usage) = script(&house, steps).await;
    assert!(said[3].contains("quota after 50000 bytes"), "{said:?}");
    assert_eq!(usage.file_limit, Some(FileLimit::QuotaMb));
}

#[tokio::test]
async fn replacing_a_file_again_and_again_needs_no_more_room_than_two() {
    let folder = tempfile::tempdir().unwrap();
    let quota = Quota { bytes: 250_000, entries: 2 };
    let house = chaos(vec![writable("target", folder.path(), quota)], Limits::default()).await;
    let mut steps = Vec::new();
    for _ in 0..4 {
        steps.push(json!({"act": "write", "path": "new", "amount": MUCH}));
        steps.push(json!({"act": "rename", "path": "new", "to": "file"}));
    }
    let (said, usage) = script(&house, json!(steps)).await;
    assert!(said.iter().all(|said| !said.contains("error")), "{said:?}");
    assert_eq!((usage.file_limit, length(folder.path(), "file")), (None, MUCH));
}

#[tokio::test]
async fn calls_at_one_time_and_plugins_with_the_same_folder_share_its_quota() {
    let folder = tempfile::tempdir().unwrap();
    let quota = Quota { bytes: 150_000, entries: 100 };
    let house = chaos(vec![writable("target", folder.path(), quota)], Limits::default()).await;
    let write = |path: &str, act: &str| {
        let input = json!({"steps": [{"act": act, "path": path, "amount": MUCH}]});
        let (house, input) = (&house, input);
        async move { house.invoke("script", &input).await }
    };
    let outcomes =
        futures::join!(write("a", "write"), write("b", "stream"), write("c", "asked"), write("d", "append"));
    let written: u64 =
        fs_err::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!((100_000..=150_000).contains(&written), "{written}: {outcomes:?}");
}

/// The most memory this process had so far, in MiB.
fn most_memory() -> u64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
}

#[tokio::test]
async fn a_large_folder_listed_many_times_takes_no_memory_for_it() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..5000 {
        fs_err::File::create(folder.path().join(format!("{number}-{}", "x".repeat(200)))).unwrap();
    }
    let house = chaos(vec![writable("target", folder.path(), Quota::default())], Limits::default()).await;
    assert_eq!(script(&house, json!([{"act": "list"}])).await.0, ["5000 entries"]);
    let before = most_memory();
    let (said, _) = script(&house, json!([{"act": "hold_listing", "times": 500}, {"act": "list"}])).await;
    assert_eq!(said, ["held", "5000 entries"]);
    let after = most_memory();
    // All names five hundred times would be more than 500 MiB.
    assert!(after < before + 64, "{before} MiB became {after} MiB");
}

#[tokio::test]
async fn usual_limits_hold_where_a_plugin_asks_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let house = chaos(vec![writable("target", folder.path(), Quota::default())], Limits::default()).await;
    let steps = json!([
        {"act": "size", "path": "big", "amount": (64 << 20) + 1},
        {"act": "size", "path": "big", "amount": 64 << 20},
        {"act": "append", "path": "big", "amount": 1},
        {"act": "create", "path": "f{n}", "times": 2000},
        {"act": "deep", "path": "d", "amount": 2000},
    ]);
    let (said, usage) = script(&house, steps).await;
    assert_eq!(
        said,
        [
            "error (after 0 times): quota",
            "done",
            "error (after 0 times): quota after 0 bytes",
            // One of the 1,000 is the file above.
            "error (after 999 times): quota",
            "error (after 0 times): quota after 100 levels",
        ]
    );
    assert_eq!((usage.files_made, usage.file_bytes_written), (1100, 64 << 20));
}
