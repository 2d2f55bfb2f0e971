//! `manifest`: manifests from elsewhere.

use std::path::PathBuf;

use ares_registry::manifest::import;
use clap::Subcommand;
use serde_json::json;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::field;
use crate::text_file;

/// Bring in manifests of another form
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host manifest import ./module.yaml\n  ares-host manifest import ./module.yaml --output -"
)]
pub(crate) struct Manifest {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Turn a module.yaml into a plugin.toml, and say what somebody has to look after
    Import {
        /// The module.yaml
        file: PathBuf,
        /// Where to write; - is standard output [default: plugin.toml beside the file]
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Overwrite a file that is there
        #[arg(long)]
        force: bool,
    },
}

impl Manifest {
    pub(crate) fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let Action::Import { file, output, force } = self.action;
        let yaml = text_file::read(&file).map_err(|error| Failure::io("reading the module", &error))?;
        let imported = import::import(&yaml, &file)
            .map_err(|error| Failure::chain(ExitStatus::BadInput, "bad-module", &error))?;
        let output = output.unwrap_or_else(|| file.with_file_name("plugin.toml"));
        if output.as_os_str() == "-" {
            context.screen.print(&imported.text)?;
        } else {
            if output.exists() && !force {
                let message = format!("{} is there already", output.display());
                return Err(Failure::input("file-taken", message)
                    .hint("--force overwrites it, --output names another"));
            }
            fs_err::write(&output, &imported.text)
                .map_err(|error| Failure::io("writing the manifest", &error))?;
            let answer = json!({"plugin": imported.manifest.id, "file": output.display().to_string(), "notes": imported.notes});
            context.screen.show(&answer, |answer| {
                let (plugin, file) = (field::text(answer, "plugin"), field::text(answer, "file"));
                format!("wrote the manifest of {plugin} to {file}")
            })?;
        }
        if !context.screen.json {
            for note in &imported.notes {
                context.screen.note(&format!("note: {}", field::plain(&note.as_str().into())));
            }
        }
        Ok(ExitStatus::Done)
    }
}
