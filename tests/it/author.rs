//! A plugin author with the documents, this binary and nothing of the repository but the SDK.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{Installation, root};

/// The code blocks of `docs/plugins.md` that say which file they are.
fn blocks() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("docs/plugins.md")).unwrap();
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((_, file)) = line.strip_prefix("```").and_then(|info| info.split_once(" file=")) else {
            continue;
        };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push((file.to_owned(), body.join("\n") + "\n"));
    }
    blocks
}

fn build(folder: &Path) {
    let built = Command::new("cargo")
        .args(["build", "--release", "--target", "wasm32-wasip2"])
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

#[test]
fn the_documents_example_is_the_tested_guest() {
    let blocks = blocks();
    assert!(blocks.len() >= 3, "{blocks:?}");
    for (file, text) in blocks.iter().filter(|(file, _)| file != "Cargo.toml") {
        let tested = fs::read_to_string(root().join("tests/guests/greeter").join(file)).unwrap();
        assert_eq!(&tested, text, "{file}");
    }
}

#[test]
fn a_plugin_written_from_the_documents_answers() {
    let installation = Installation::new();
    let folder = installation.place("greeter");
    let sdk = root().join("guest-sdk");
    for (file, text) in blocks() {
        let path = folder.join(&file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace("../ares-host/guest-sdk", sdk.to_str().unwrap())).unwrap();
    }
    build(&folder);
    installation.register_folder(&folder, &[]);
    let outcome = installation.invoke("greet", r#"{"name":"Ada"}"#);
    assert_eq!(outcome["value"]["text"], "Hello, Ada!", "{outcome}");
}

#[test]
fn a_new_plugin_builds_registers_and_answers() {
    let installation = Installation::new();
    let folder = installation.folder.path().join("demo");
    installation
        .ares(["plugin", "new", "demo", "--sdk", root().join("guest-sdk").to_str().unwrap()])
        .exits(0);
    build(&folder);
    installation.ares(["plugin", "lint", folder.to_str().unwrap()]).exits(0);
    installation.register_folder(&folder, &[]);
    let listed = installation.ares(["capabilities", "demo.hello", "--json"]).exits(0).json();
    assert_eq!(listed[0]["plugin"], "demo", "{listed}");
    let ran = installation.ares(["self-test", folder.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    installation.ares(["plugin", "new", "demo"]).exits(2);
}
