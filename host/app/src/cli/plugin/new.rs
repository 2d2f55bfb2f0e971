//! `plugin new`: a plugin that builds, as a start.

use std::path::{Path, PathBuf};

use ares_kernel::PluginName;
use serde_json::json;

use crate::cli::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::field;

/// Write a new plugin: a Cargo.toml, a plugin.toml, one function and a case to check it by
///
/// It builds outside of any other project. The SDK is taken by path.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  ares-host plugin new demo
  cd demo
  cargo build --release --target wasm32-wasip2
  ares-host register .
  ares-host invoke demo.hello --arg name=Ada")]
pub(super) struct New {
    /// Its name: a-z, 0-9 and -
    name: PluginName,
    /// The folder to make [default: the name, here]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The folder guest-sdk of the sources [default: the sources this program was built from]
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,
}

/// The template's files; `{{name}}`, `{{crate}}` and `{{sdk}}` are filled in.
const FILES: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("../../../../../guest-sdk/template/Cargo.toml")),
    ("plugin.toml", include_str!("../../../../../guest-sdk/template/plugin.toml")),
    ("README.md", include_str!("../../../../../guest-sdk/template/README.md")),
    ("src/lib.rs", include_str!("../../../../../guest-sdk/template/src/lib.rs")),
    ("cases/01-hello.json", include_str!("../../../../../guest-sdk/template/cases/01-hello.json")),
];

/// Where the SDK was when this program was built.
const SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../guest-sdk");

impl New {
    pub(super) fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let sdk = sdk(self.sdk.as_deref())?;
        let folder = self.folder.unwrap_or_else(|| self.name.as_str().into());
        write(&folder, self.name.as_str(), &sdk)?;
        let answer = json!({"plugin": self.name, "folder": folder.display().to_string(), "sdk": sdk});
        context.screen.show(&answer, |answer| {
            let folder = field::text(answer, "folder");
            format!(
                "made {folder}\nbuild it:    cd {folder} && cargo build --release --target wasm32-wasip2\n\
                 register it: ares-host register {folder}\n"
            )
        })?;
        Ok(ExitStatus::Done)
    }
}

fn sdk(named: Option<&Path>) -> Result<PathBuf, Failure> {
    let place = named.unwrap_or(Path::new(SDK));
    let found = fs_err::canonicalize(place).ok().filter(|place| place.join("Cargo.toml").is_file());
    found.ok_or_else(|| {
        let message = format!("the SDK is not at {}", place.display());
        Failure::new(ExitStatus::MissingFile, "no-sdk", message)
            .hint("name the folder guest-sdk of the sources with --sdk")
    })
}

fn write(folder: &Path, name: &str, sdk: &Path) -> Result<(), Failure> {
    let io = |error: std::io::Error| Failure::io("writing the plugin", &error);
    let taken = folder.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if taken {
        let message = format!("{} is there already and not empty", folder.display());
        return Err(Failure::input("folder-taken", message).hint("choose another place with --folder"));
    }
    let sdk = sdk.to_str().filter(|sdk| !sdk.contains(['"', '\\', '\n'])).ok_or_else(|| {
        Failure::input("sdk-path", format!("{} cannot be written into a Cargo.toml", sdk.display()))
    })?;
    for (file, text) in FILES {
        let path = folder.join(file);
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent).map_err(io)?;
        }
        let crate_name = name.replace('-', "_");
        let text = text.replace("{{name}}", name).replace("{{crate}}", &crate_name).replace("{{sdk}}", sdk);
        fs_err::write(&path, text).map_err(io)?;
    }
    fs_err::write(folder.join(".gitignore"), "/target\n").map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ares_registry::manifest::Manifest;

    #[test]
    fn a_new_plugin_has_a_good_manifest_and_no_gap_left() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("my-demo");
        write(&place, "my-demo", &sdk(None).unwrap()).unwrap();
        for (file, _) in FILES {
            let text = fs_err::read_to_string(place.join(file)).unwrap();
            assert!(
                !text.contains("{{") || file == "src/lib.rs" && !text.contains("{{name"),
                "{file}: {text}"
            );
        }
        let text = fs_err::read_to_string(place.join("plugin.toml")).unwrap();
        let manifest = Manifest::parse(&text, Path::new("plugin.toml")).unwrap();
        assert_eq!(manifest.id.as_str(), "my-demo");
        assert!(manifest.component.path.ends_with("my_demo.wasm"), "{}", manifest.component.path);
        assert!(write(&place, "my-demo", Path::new("/x")).is_err(), "nothing is overwritten");
    }

    #[test]
    fn a_new_plugin_builds_also_inside_another_project() {
        let (_, manifest) = FILES.iter().find(|(file, _)| *file == "Cargo.toml").unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        assert!(manifest["workspace"].as_table().unwrap().is_empty(), "a workspace of its own");
    }

    #[test]
    fn every_file_of_the_template_is_written() {
        let template = Path::new(SDK).join("template");
        let mut folders = vec![template.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs_err::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&template).unwrap().to_str().unwrap();
                    assert!(FILES.iter().any(|(file, _)| *file == name), "{name} is not written");
                }
            }
        }
    }
}
