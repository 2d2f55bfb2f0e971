//! Plugin folders, sound and otherwise.

use std::os::unix::fs::symlink;

use super::*;

const MANIFEST: &str =
    "id = \"x\"\nversion = \"1.0.0\"\nkind = \"tool\"\n[component]\npath = \"x.wasm\"\nworld = \"plugin\"\n";

fn folder(manifest: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join(MANIFEST_NAME), manifest).unwrap();
    fs_err::write(folder.path().join("x.wasm"), b"bytes").unwrap();
    folder
}

#[test]
fn a_folder_is_read_whole() {
    let folder = folder(MANIFEST);
    let bundle = Bundle::open(folder.path()).unwrap();
    assert_eq!((bundle.manifest_text.as_str(), bundle.component.as_slice()), (MANIFEST, b"bytes".as_slice()));
    assert_eq!(bundle.blake3, Blake3::of(b"bytes"));
    assert!(bundle.folder.is_absolute());
}

#[test]
fn links_inside_are_followed_and_links_outside_are_not() {
    let outside = folder(MANIFEST);
    let inside = folder(MANIFEST);
    let link = |target: &Path, name: &str| {
        let _ = fs_err::remove_file(inside.path().join(name));
        symlink(target, inside.path().join(name)).unwrap();
    };
    fs_err::write(inside.path().join("real.wasm"), b"real").unwrap();
    link(Path::new("real.wasm"), "x.wasm");
    assert_eq!(Bundle::open(inside.path()).unwrap().component, b"real");
    for target in [outside.path().join("x.wasm"), "/etc/passwd".into(), "../x.wasm".into()] {
        link(&target, "x.wasm");
        assert!(
            matches!(Bundle::open(inside.path()), Err(BundleError::Outside(path)) if path.ends_with("x.wasm"))
        );
    }
    link(&outside.path().join(MANIFEST_NAME), MANIFEST_NAME);
    assert!(
        matches!(Bundle::open(inside.path()), Err(BundleError::Outside(path)) if path.ends_with(MANIFEST_NAME))
    );
}

#[test]
fn each_missing_thing_is_another_error() {
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Bundle::open(&empty.path().join("none")), Err(BundleError::NoFolder(_))));
    assert!(matches!(Bundle::open(empty.path()), Err(BundleError::NoManifest(_))));
    let file = folder(MANIFEST);
    assert!(matches!(Bundle::open(&file.path().join("x.wasm")), Err(BundleError::NotAFolder(_))));
    fs_err::remove_file(file.path().join("x.wasm")).unwrap();
    assert!(
        matches!(Bundle::open(file.path()), Err(BundleError::NoComponent(path)) if path.ends_with("x.wasm"))
    );
    let wrong = folder("id = 1");
    assert!(matches!(Bundle::open(wrong.path()), Err(BundleError::Manifest(_))));
    fs_err::write(wrong.path().join(MANIFEST_NAME), b"\xff\xfe").unwrap();
    assert!(matches!(Bundle::open(wrong.path()), Err(BundleError::NotText(_))));
    let newer = folder(&format!("{MANIFEST}[dependencies]\nhost = \">=99\"\n"));
    assert!(matches!(Bundle::open(newer.path()), Err(BundleError::OtherHost { .. })));
    let hashed = folder(&MANIFEST.replace("world", &format!("hash = \"{}\"\nworld", Blake3::of(b"other"))));
    assert!(matches!(Bundle::open(hashed.path()), Err(BundleError::OtherHash { .. })));
    let right = folder(&MANIFEST.replace("world", &format!("hash = \"{}\"\nworld", Blake3::of(b"bytes"))));
    assert!(Bundle::open(right.path()).is_ok());
}

#[test]
fn only_regular_files_of_bounded_size_are_read() {
    let odd = folder(MANIFEST);
    let component = odd.path().join("x.wasm");
    fs_err::remove_file(&component).unwrap();
    fs_err::create_dir(&component).unwrap();
    assert!(matches!(Bundle::open(odd.path()), Err(BundleError::NotAFile(_))));
    fs_err::remove_dir(&component).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &component, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
        .unwrap();
    assert!(matches!(Bundle::open(odd.path()), Err(BundleError::NotAFile(_))), "a pipe nobody writes to");
    fs_err::remove_file(&component).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(&component).unwrap();
    assert!(matches!(Bundle::open(odd.path()), Err(BundleError::NotAFile(_))));
    drop(socket);
    fs_err::remove_file(&component).unwrap();
    // Sparse: it takes no room on the disk.
    let file = fs_err::File::create(&component).unwrap();
    file.set_len(u64::try_from(COMPONENT_BYTES_MAX).unwrap() + 1).unwrap();
    assert!(matches!(Bundle::open(odd.path()), Err(BundleError::TooLarge { .. })));
    fs_err::write(odd.path().join(MANIFEST_NAME), "x".repeat(MANIFEST_BYTES_MAX + 1)).unwrap();
    assert!(matches!(Bundle::open(odd.path()), Err(BundleError::TooLarge { .. })));
}

#[test]
fn discovery_lists_the_good_beside_the_bad() {
    let root = tempfile::tempdir().unwrap();
    let add = |place: &str, manifest: &str| {
        let folder = root.path().join(place);
        fs_err::create_dir_all(&folder).unwrap();
        fs_err::write(folder.join(MANIFEST_NAME), manifest).unwrap();
    };
    add("tools/b", &MANIFEST.replace("\"x\"", "\"b\""));
    add("tools/a", &MANIFEST.replace("\"x\"", "\"a\""));
    add("tools/a/inner", MANIFEST);
    add("analyzers/deep/c", &MANIFEST.replace("tool", "analyzer"));
    add("broken", "id = 1");
    add("target/debug/x", MANIFEST);
    add(".hidden/x", MANIFEST);
    symlink(root.path(), root.path().join("loop")).unwrap();
    let found = discover(root.path()).unwrap();
    let names = |kind| {
        found
            .plugins
            .get(&kind)
            .map(|all| all.iter().map(|one| one.manifest.id.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(names(Kind::Tool), Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(names(Kind::Analyzer), Some(vec!["x".to_owned()]));
    assert_eq!(found.plugins.len(), 2);
    assert!(matches!(found.bad.as_slice(), [(path, BundleError::Manifest(_))] if path.ends_with("broken")));
    assert!(!found.incomplete);
    assert!(matches!(discover(&root.path().join("none")), Err(BundleError::NoFolder(_))));
    add(&"d/".repeat(12), MANIFEST);
    assert!(discover(root.path()).unwrap().incomplete);
}
