//! Files nobody should register: each gets one clear error and an exit code, nothing is left
//! behind, and the host lives on.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Installation, guest};

/// A plugin folder with this component and a manifest changed by `edit`.
fn folder(
    installation: &Installation,
    name: &str,
    component: &[u8],
    edit: impl Fn(String) -> String,
) -> PathBuf {
    let folder = installation.place(name);
    let manifest = fs::read_to_string(guest("echo").join("plugin.toml")).unwrap();
    fs::write(folder.join("plugin.toml"), edit(manifest)).unwrap();
    fs::write(folder.join("echo.wasm"), component).unwrap();
    folder
}

fn component(name: &str) -> Vec<u8> {
    fs::read(guest(name).join(format!("{name}.wasm"))).unwrap()
}

/// Registers a folder that must be refused, and makes sure that nothing of it stays.
#[track_caller]
fn refused(installation: &Installation, folder: &Path, code: i32, names: &[&str]) {
    let ran = installation.ares(["register", folder.to_str().unwrap(), "--grant", "all"]).exits(code);
    for name in names {
        assert!(ran.stderr.contains(name), "`{name}` is missing: {ran:?}");
    }
    assert!(ran.stderr.starts_with("error"), "{ran:?}");
    assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains("RUST_BACKTRACE"), "{ran:?}");
    let plugins = installation.ares(["list", "--json"]).exits(0).json();
    assert_eq!(plugins.as_array().map(Vec::len), Some(0), "{plugins}");
    let left = fs::read_dir(installation.state().join("components")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "a component is left behind");
}

#[test]
fn components_that_are_none() {
    let installation = Installation::new();
    let mut host = installation.run();
    let good = component("echo");
    let core: &[u8] = b"\0asm\x01\0\0\0";
    let elf: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0not really";
    let random: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let headed = [b"\0asm\x0d\0\x01\0".as_slice(), &random].concat();
    for (name, bytes, says) in [
        ("empty", [].as_slice(), "empty"),
        ("core", core, "core WebAssembly module"),
        ("text", b"(component)", "text"),
        ("native", elf, "precompiled"),
        ("random", &random, "echo.wasm"),
        ("headed", &headed, "echo.wasm"),
        ("half", &good[..good.len() / 2], "echo.wasm"),
        ("less", &good[..good.len() - 1], "echo.wasm"),
    ] {
        let folder = folder(&installation, name, bytes, |manifest| manifest);
        refused(&installation, &folder, 2, &["echo.wasm", says]);
    }
    assert!(host.is_alive());
    installation.register("echo", &[]);
    assert_eq!(installation.invoke("echo", r#"{"text":"alive"}"#)["status"], "ok");
}

#[test]
fn components_that_do_not_fit() {
    let installation = Installation::new();
    let other = fs::read(guest("other-world").join("other-world.wasm")).unwrap();
    let folder_other = folder(&installation, "other", &other, |manifest| manifest);
    refused(&installation, &folder_other, 2, &["another world"]);
    let notes = component("notes");
    let folder_notes = folder(&installation, "undeclared", &notes, |manifest| manifest);
    refused(&installation, &folder_notes, 7, &["kv"]);
    // No manifest can ask for what the host offers nobody.
    refused(&installation, &guest("sockets"), 2, &["wasi:sockets"]);
}

/// Makes a mistake in a manifest.
type Edit = Box<dyn Fn(String) -> String>;

#[test]
fn manifests_with_mistakes() {
    let installation = Installation::new();
    let good = component("echo");
    let after = |line: &'static str| move |manifest: String| format!("{line}\n{manifest}");
    let cases: [(&str, Edit, &[&str]); 8] = [
        ("unknown", Box::new(after("colour = \"red\"")), &["plugin.toml:1", "colour"]),
        ("version", Box::new(|m| m.replacen("version = \"", "version = \"one.", 1)), &["version"]),
        ("name", Box::new(|m| m.replacen("id = \"echo\"", "id = \"Echo!\"", 1)), &["Echo!"]),
        ("kind", Box::new(|m| m.replacen("kind = \"", "kind = \"un", 1)), &["kind"]),
        (
            "twice",
            Box::new(|m| {
                let first = m.find("[[capability]]").unwrap();
                let block = &m[first..];
                let end = block[2..].find("\n[").map_or(block.len(), |at| at + 2);
                format!("{m}\n{}", &block[..end])
            }),
            &["echo"],
        ),
        (
            "extra",
            Box::new(|m| format!("{m}\n[[capability]]\nname = \"more\"\neffects = \"pure\"\n")),
            &["more"],
        ),
        (
            "schema",
            Box::new(|m| m.replacen("name = \"echo\"", "name = \"echo\"\ninput = { type = \"strnig\" }", 1)),
            &["plugin.toml:", "strnig"],
        ),
        (
            "outside",
            Box::new(|m| {
                m.replacen(
                    "name = \"echo\"",
                    "name = \"echo\"\ninput = { \"$ref\" = \"file:///etc/passwd\" }",
                    1,
                )
            }),
            &["plugin.toml:", "file:///etc/passwd"],
        ),
    ];
    for (name, edit, says) in &cases {
        let folder = folder(&installation, name, &good, edit);
        refused(&installation, &folder, 2, says);
    }
}

/// One of each kind of character that hides something, or shows as nothing.
const HIDDEN: &str = "\u{200b}\u{202e}\u{2066}\u{feff}\u{ad}\u{e0041}\u{e000}\u{3164}\u{fe0f}\u{1b}";

#[test]
fn words_that_hide_something() {
    let installation = Installation::new();
    let good = component("echo");
    let hidden = |name: &str, edit: &dyn Fn(String) -> String, says: &[&str]| {
        let folder = folder(&installation, name, &good, edit);
        refused(&installation, &folder, 2, says);
        let ran = installation.ares(["register", folder.to_str().unwrap()]);
        assert!(!ran.stderr.contains(|c| HIDDEN.contains(c)), "{ran:?}");
    };
    for (number, character) in HIDDEN.chars().enumerate() {
        let words = format!("description = \"Answers\\U{:08x} what it is told\"", u32::from(character));
        let edit = |manifest: String| replace_line(&manifest, "description = ", &words);
        let codepoint = format!("U+{:04X}", u32::from(character));
        hidden(&format!("hidden-{number}"), &edit, &["plugin.toml:", &codepoint]);
    }
    let long = format!("description = \"{}\"", "obey ".repeat(10_000));
    hidden("long", &|manifest| replace_line(&manifest, "description = ", &long), &["plugin.toml:"]);
    for (number, name) in ["\u{435}cho", "ech\u{3bf}", "e\u{441}ho", "\u{ff45}cho", "ECHO", "echo\u{200b}"]
        .into_iter()
        .enumerate()
    {
        let id = format!("id = \"{name}\"");
        hidden(
            &format!("name-{number}"),
            &|manifest| replace_line(&manifest, "id = ", &id),
            &["plugin.toml:"],
        );
    }
}

/// The first line that begins so, replaced by another.
fn replace_line(manifest: &str, begins: &str, line: &str) -> String {
    let old = manifest.lines().find(|old| old.starts_with(begins)).unwrap();
    manifest.replacen(old, line, 1)
}

#[test]
fn folders_that_are_not_there() {
    let installation = Installation::new();
    refused(&installation, &installation.folder.path().join("nowhere"), 3, &["nowhere"]);
    refused(&installation, &installation.place("bare"), 3, &["plugin.toml"]);
    let folder = folder(&installation, "hollow", b"", |manifest| manifest);
    fs::remove_file(folder.join("echo.wasm")).unwrap();
    refused(&installation, &folder, 3, &["echo.wasm"]);
    let out = installation.place("out");
    let leaves = |m: String| m.replacen("path = \"echo.wasm\"", "path = \"../echo.wasm\"", 1);
    fs::write(
        out.join("plugin.toml"),
        leaves(fs::read_to_string(guest("echo").join("plugin.toml")).unwrap()),
    )
    .unwrap();
    refused(&installation, &out, 2, &["../echo.wasm"]);
}

#[test]
fn databases_that_cannot_be_used() {
    let installation = Installation::new();
    installation.register("echo", &[]);
    let database = installation.state().join("registry.db");
    let good = fs::read(&database).unwrap();

    let newer = rusqlite::Connection::open(&database).unwrap();
    newer.pragma_update(None, "user_version", 9999).unwrap();
    drop(newer);
    let ran = installation.ares(["list"]);
    assert!(ran.code != 0 && ran.stderr.contains("newer") && ran.stdout.is_empty(), "{ran:?}");

    for bytes in [b"this is not a database at all, it is a sentence".repeat(100), vec![0; 100]] {
        for name in ["registry.db", "registry.db-wal", "registry.db-shm"] {
            let _ = fs::remove_file(installation.state().join(name));
        }
        fs::write(&database, &bytes).unwrap();
        let ran = installation.ares(["list"]);
        assert!(ran.code != 0 && ran.stderr.contains("registry.db") && ran.stdout.is_empty(), "{ran:?}");
    }
    fs::write(&database, good).unwrap();
    installation.ares(["list"]).exits(0);
}
