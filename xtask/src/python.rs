//! A Python environment with the official MCP client, which the MCP tests drive the host with.

use crate::command::{Program, is_installed};
use crate::failure::Result;
use crate::workspaces;
use std::path::PathBuf;

/// The client's exact version, so that a test run means the same everywhere.
const CLIENT: &str = "mcp";
const CLIENT_VERSION: &str = "2.3.0";

/// The environment's interpreter, or why there is none.
pub(crate) fn environment() -> std::result::Result<PathBuf, String> {
    let folder = workspaces::root().join("target/python");
    let python = folder.join("bin/python");
    if installed_version(&python).is_ok_and(|version| version == CLIENT_VERSION) {
        return Ok(python);
    }
    if !is_installed("python3") {
        return Err("there is no python3 on PATH".to_owned());
    }
    println!("   installing {CLIENT} {CLIENT_VERSION} from PyPI into target/python");
    let said = |failure: crate::failure::Failure| failure.to_string();
    Program::new("python3").args(["-m", "venv", "--clear"]).arg(&folder).read().map_err(said)?;
    let pinned = format!("{CLIENT}=={CLIENT_VERSION}");
    Program::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &pinned])
        .read()
        .map_err(said)?;
    Ok(python)
}

fn installed_version(python: &PathBuf) -> Result<String> {
    let script = format!("import importlib.metadata as m; print(m.version('{CLIENT}'))");
    Program::new(python).args(["-c", &script]).read().map(|version| version.trim().to_owned())
}
