//! `ares.toml`.

use std::path::Path;

use arbitrary::Unstructured;
use tempfile::TempDir;

use super::{Examine, Target, plain};
use crate::finding::Finding;
use crate::generate::Texts;

pub(super) const TARGET: Target = Target { name: "configuration", open };

struct Configurations {
    texts: Texts,
    folder: TempDir,
}

fn open(_: &Path) -> anyhow::Result<Box<dyn Examine>> {
    let template = ares_host::files::configuration_template();
    let every_key: Vec<&str> = template
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|key| key.contains(" = ")).unwrap_or(line))
        .collect();
    let texts = Texts::new(vec![every_key.join("\n"), template.clone()]);
    Ok(Box::new(Configurations { texts, folder: tempfile::tempdir()? }))
}

impl Examine for Configurations {
    fn generate(&self, u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
        self.texts.mutated(u)
    }

    fn examine(&self, input: &[u8]) -> Result<(), Finding> {
        let file = self.folder.path().join("ares.toml");
        fs_err::write(&file, input).map_err(|error| Finding(format!("the input cannot be kept: {error}")))?;
        match ares_host::files::configuration(&file) {
            Ok(()) => Ok(()),
            Err(failure) => plain(&failure.message),
        }
    }
}
