//! The capabilities on a real folder, without a sandbox.
use std::{fs, path::PathBuf};

use ares_sdk::{Context, serde_json::json};

use crate::{edit, glob::Glob, list, place, read, search, write};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ares-file-tools-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(&self.0)
            .unwrap()
            .map(|one| one.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

macro_rules! call {
    ($function:path, $folder:expr, $input:tt $(, $context:expr)?) => {{
        let input = ares_sdk::serde_json::from_value(json!($input)).unwrap();
        $function(&$folder.0, &input $(, $context)?)
    }};
}

#[test]
fn globs_are_for_names_or_for_whole_paths() {
    for (glob, path, fits) in [
        ("*.rs", "a/b/c.rs", true),
        ("*.rs", "a.rs/b", false),
        ("a?c", "abc", true),
        ("a?c", "a/c", false),
        ("src/*.rs", "src/a.rs", true),
        ("src/*.rs", "src/a/b.rs", false),
        ("src/**/*.rs", "src/a.rs", true),
        ("src/**/*.rs", "src/a/b/c.rs", true),
        ("**/b", "b", true),
        ("a/**", "a/b/c", true),
        ("[a]+", "[a]+", true),
        ("[a]+", "a", false),
    ] {
        assert_eq!(Glob::new(glob).unwrap().fits(path), fits, "{glob} {path}");
    }
}

#[test]
fn paths_stay_inside() {
    for bad in ["", "/", "/etc/passwd", "..", "a/../..", "../a", "a/.."] {
        assert_eq!(place::inside(bad).unwrap_err().code, "bad-path", "{bad}");
    }
    assert_eq!(place::inside("./a/./b").unwrap(), PathBuf::from("a/b"));
    assert_eq!(place::inside(".").unwrap(), PathBuf::new());
}

#[test]
fn a_long_text_is_read_in_parts_that_fit_together() {
    let folder = Folder::new("parts");
    let text = "zwölf Boxkämpfer jagen – 中文 👩\n".repeat(50);
    folder.write("a", &text);
    let (mut read, mut offset) = (String::new(), 0);
    loop {
        let part = call!(read::read_below, folder, {"path": "a", "offset": offset, "limit": 7}).unwrap();
        let part = ares_sdk::serde_json::to_value(part).unwrap();
        read.push_str(part["text"].as_str().unwrap());
        match part["next_offset"].as_u64() {
            Some(next) => offset = next,
            None => break,
        }
    }
    assert_eq!(read, text);
    let beyond = call!(read::read_below, folder, {"path": "a", "offset": text.len() + 1});
    assert_eq!(beyond.unwrap_err().code, "bad-offset");
    let inside_a_letter = call!(read::read_below, folder, {"path": "a", "offset": 3});
    assert_eq!(inside_a_letter.unwrap_err().code, "binary");
}

#[test]
fn a_write_is_whole_or_not_at_all_and_leaves_nothing_beside_it() {
    let folder = Folder::new("write");
    call!(write::write_below, folder, {"path": "a", "text": "one"}).unwrap();
    let exists = call!(write::write_below, folder, {"path": "a", "text": "two"});
    assert_eq!(exists.unwrap_err().code, "exists");
    call!(write::write_below, folder, {"path": "a", "text": "two", "overwrite": true}).unwrap();
    let no_folder = call!(write::write_below, folder, {"path": "b/c", "text": "x"});
    assert_eq!(no_folder.unwrap_err().code, "not-found");
    let large = call!(write::write_below, folder, {"path": "large", "text": "x".repeat((1 << 20) + 1)});
    assert_eq!(large.unwrap_err().code, "too-large");
    let gone =
        call!(write::write_below, folder, {"path": "c", "text": "x", "expected_sha256": "0".repeat(64)});
    assert_eq!(gone.unwrap_err().code, "changed");
    folder.write("folder/file", "");
    let folder_there = call!(write::write_below, folder, {"path": "folder", "text": "x", "overwrite": true});
    assert_eq!(folder_there.unwrap_err().code, "not-a-file");
    assert_eq!(folder.names(), ["a", "folder"]);
    assert_eq!(fs::read_to_string(folder.0.join("a")).unwrap(), "two");
}

#[test]
fn links_are_listed_and_neither_searched_nor_replaced() {
    let folder = Folder::new("links");
    folder.write("a", "needle");
    std::os::unix::fs::symlink("a", folder.0.join("link")).unwrap();
    let listed = call!(list::list_below, folder, {}, &Context::native()).unwrap();
    let listed = ares_sdk::serde_json::to_value(listed).unwrap();
    assert_eq!(listed["entries"][1], json!({"path": "link", "kind": "link", "bytes": 0}));
    let found = call!(search::search_below, folder, {"query": "needle"}, &Context::native()).unwrap();
    assert_eq!(ares_sdk::serde_json::to_value(found).unwrap()["files"], 1);
    for failed in [
        call!(write::write_below, folder, {"path": "link", "text": "x", "overwrite": true}).map(drop),
        call!(edit::edit_below, folder, {"path": "link", "old": "needle", "new": "x"}).map(drop),
    ] {
        assert_eq!(failed.unwrap_err().code, "not-a-file");
    }
    call!(write::remove_below, folder, {"path": "link"}).unwrap();
    assert_eq!(fs::read_to_string(folder.0.join("a")).unwrap(), "needle");
}

#[test]
fn a_search_stops_at_its_limit_and_shows_what_is_around() {
    let folder = Folder::new("search");
    folder.write("a", "1 x\n2\n3 X\n4 x\n5\n");
    folder.write("latin1", b"caf\xe9 x");
    let found = |input| {
        let input = ares_sdk::serde_json::from_value(input).unwrap();
        let found = search::search_below(&folder.0, &input, &Context::native()).unwrap();
        ares_sdk::serde_json::to_value(found).unwrap()
    };
    let all = found(json!({"query": "x", "context": 2}));
    assert_eq!(all["matches"][0]["after"], json!(["2", "3 X"]));
    assert_eq!(all["matches"][1]["before"], json!(["2", "3 X"]));
    assert_eq!((&all["skipped"], &all["cut"]), (&json!(1), &json!(null)));
    let some = found(json!({"query": "X", "ignore_case": true, "limit": 2}));
    assert_eq!(some["matches"].as_array().unwrap().len(), 2);
    assert!(some["cut"].as_str().unwrap().contains("more than 2 matches"));
}

#[test]
fn an_edit_is_exact_and_says_what_it_did() {
    let folder = Folder::new("edit");
    folder.write("a", "x = old(); y = old();\n");
    folder.write("binary", b"\xff\xfe");
    for (path, old, all, code) in [
        ("a", "none", true, "not-there"),
        ("a", "old()", false, "ambiguous"),
        ("binary", "x", false, "binary"),
        (".", "x", false, "not-a-file"),
        ("a/b", "x", false, "not-found"),
    ] {
        let failed = call!(edit::edit_below, folder, {"path": path, "old": old, "new": "y", "all": all});
        assert_eq!(failed.unwrap_err().code, code, "{path} {old}");
    }
    let done =
        call!(edit::edit_below, folder, {"path": "a", "old": "old()", "new": "", "all": true}).unwrap();
    assert_eq!(ares_sdk::serde_json::to_value(done).unwrap()["replaced"], 2);
    assert_eq!(fs::read_to_string(folder.0.join("a")).unwrap(), "x = ; y = ;\n");
}

#[test]
fn what_is_no_text_goes_as_base64_both_ways() {
    let folder = Folder::new("base64");
    call!(write::write_below, folder, {"path": "a", "text": "AP/+", "base64": true}).unwrap();
    assert_eq!(fs::read(folder.0.join("a")).unwrap(), [0, 255, 254]);
    assert_eq!(call!(read::read_below, folder, {"path": "a"}).unwrap_err().code, "binary");
    let read = call!(read::read_below, folder, {"path": "a", "base64": true}).unwrap();
    assert_eq!(ares_sdk::serde_json::to_value(read).unwrap()["text"], "AP/+");
    let bad = call!(write::write_below, folder, {"path": "b", "text": "*", "base64": true});
    assert_eq!(bad.unwrap_err().code, "bad-base64");
    let bad = call!(search::search_below, folder, {"query": "(", "regex": true}, &Context::native());
    assert_eq!(bad.unwrap_err().code, "bad-pattern");
}
