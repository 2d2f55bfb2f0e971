//! `cargo xtask guests`: builds every plugin and test guest and lays each out as a folder to register.

use crate::Task;
use crate::command::Program;
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::steps::step;
use crate::tree::{Layout, entries};
use crate::wasm_target::{self, TARGET};
use crate::{manifest, workspaces};
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) const TASK: Task = Task {
    name: "guests",
    summary: "Build plugins/ and tests/guests/ into target/guests",
    help: "\
Usage: cargo xtask guests [NAME…]

Compiles each package to a component and lays it out in target/guests/NAME, beside its plugin.toml, README and
cases: a folder that `ares-host register` takes. A guest without a plugin.toml is laid out as NAME/NAME.wasm.
Only what changed is written. With NAMEs, only these packages are built.",
    run,
};

fn run(arguments: &[String]) -> Result<()> {
    let names = Options::new(arguments).names()?;
    wasm_target::ensure()?;
    step("guests", || build(&names))
}

/// Every guest there is.
pub(crate) fn build_all() -> Result<()> {
    step("guests", || build(&[]))
}

/// One package of a guest workspace.
struct Guest {
    name: String,
    folder: PathBuf,
}

fn build(names: &[String]) -> Result<()> {
    let mut unknown: Vec<&String> = names.iter().collect();
    for workspace in workspaces::GUEST_WORKSPACES {
        let folder = workspaces::root().join(workspace);
        if !folder.join("Cargo.toml").is_file() {
            return Err(Failure::new(format!("{} is not there", folder.join("Cargo.toml").display())));
        }
        let mut guests = members(&folder)?;
        guests.retain(|guest| names.is_empty() || names.contains(&guest.name));
        unknown.retain(|name| guests.iter().all(|guest| guest.name != **name));
        if guests.is_empty() {
            continue;
        }
        println!("   {workspace}: {} packages", guests.len());
        compile(&folder, &guests, names.is_empty())?;
        for (done, guest) in guests.iter().enumerate() {
            let changed = lay(guest)?;
            let state =
                if changed == 0 { "unchanged".to_owned() } else { format!("{changed} files changed") };
            println!("   [{}/{}] target/guests/{}: {state}", done + 1, guests.len(), guest.name);
        }
    }
    match unknown.first() {
        Some(name) => {
            Err(Failure::new(format!("no package in plugins/ or tests/guests/ is called `{name}`")))
        }
        None => Ok(()),
    }
}

/// The packages of a workspace: its folders that hold a Cargo.toml.
fn members(workspace: &Path) -> Result<Vec<Guest>> {
    let mut guests = Vec::new();
    for folder in entries(workspace)? {
        let path = folder.join("Cargo.toml");
        if path.is_file() {
            let text = fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))?;
            let name = manifest::string(&text, "package", "name")
                .ok_or_else(|| Failure::new(format!("{} has no `name` under [package]", path.display())))?;
            guests.push(Guest { name, folder });
        }
    }
    Ok(guests)
}

fn compile(workspace: &Path, guests: &[Guest], all: bool) -> Result<()> {
    let mut cargo = Program::cargo().args(["build", "--release", "--target", TARGET]).folder(workspace);
    if all {
        cargo = cargo.arg("--workspace");
    } else {
        for guest in guests {
            cargo = cargo.arg("--package").arg(&guest.name);
        }
    }
    cargo
        .env("CARGO_TARGET_DIR", workspaces::guests_build())
        // Flags meant for the host do not fit the guests' target.
        .without_env("RUSTFLAGS")
        .without_env("CARGO_ENCODED_RUSTFLAGS")
        .run()
}

fn lay(guest: &Guest) -> Result<usize> {
    let mut layout = Layout::new(workspaces::guests().join(&guest.name));
    layout.file(&artifact(guest)?, component_path(guest)?)?;
    for name in ["plugin.toml", "README.md"] {
        let file = guest.folder.join(name);
        if file.is_file() {
            layout.file(&file, name)?;
        }
    }
    layout.folder(&guest.folder.join("cases"), Path::new("cases"))?;
    layout.finish()
}

/// What cargo made of the package.
fn artifact(guest: &Guest) -> Result<PathBuf> {
    let file = format!("{}.wasm", guest.name.replace('-', "_"));
    let path = workspaces::guests_build().join(TARGET).join("release").join(&file);
    if path.is_file() {
        return Ok(path);
    }
    let name = &guest.name;
    Err(Failure::new(format!(
        "{name} built no {file}: its Cargo.toml needs `crate-type = [\"cdylib\"]` under [lib], and no name of its own there"
    )))
}

/// Where the component lies in the guest's folder: as its manifest says.
fn component_path(guest: &Guest) -> Result<PathBuf> {
    let path = guest.folder.join("plugin.toml");
    if !path.is_file() {
        return Ok(PathBuf::from(format!("{}.wasm", guest.name)));
    }
    let text = fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))?;
    let component = manifest::string(&text, "component", "path")
        .ok_or_else(|| Failure::new(format!("{} has no `path` under [component]", path.display())))?;
    let plain =
        Path::new(&component).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if !plain {
        return Err(Failure::new(format!(
            "{}: [component] path `{component}` leaves the plugin's folder",
            path.display()
        )));
    }
    Ok(PathBuf::from(component))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::TemporaryFolder;

    #[test]
    fn the_manifest_names_the_component_and_must_not_leave_its_folder() {
        let folder = TemporaryFolder::new("guests-test").unwrap();
        let guest = Guest { name: "notes".to_owned(), folder: folder.path().to_path_buf() };
        assert_eq!(component_path(&guest).unwrap(), Path::new("notes.wasm"));
        let manifest = folder.path().join("plugin.toml");
        fs::write(&manifest, "[component]\npath = \"component.wasm\"\n").unwrap();
        assert_eq!(component_path(&guest).unwrap(), Path::new("component.wasm"));
        fs::write(&manifest, "[component]\npath = \"../component.wasm\"\n").unwrap();
        assert!(component_path(&guest).unwrap_err().to_string().contains("leaves"));
        fs::write(&manifest, "name = \"notes\"\n").unwrap();
        assert!(component_path(&guest).unwrap_err().to_string().contains("[component]"));
    }

    #[test]
    fn members_are_the_folders_with_a_package() {
        let folder = TemporaryFolder::new("members-test").unwrap();
        for name in ["a", "target", "b"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("a/Cargo.toml"), "[package]\nname = \"first\"\n").unwrap();
        let names: Vec<String> =
            members(folder.path()).unwrap().into_iter().map(|guest| guest.name).collect();
        assert_eq!(names, ["first"]);
    }
}
