//! Files of grants.

use std::path::Path;

use arbitrary::Unstructured;
use tempfile::TempDir;

use super::{Examine, Target, plain};
use crate::finding::Finding;
use crate::generate::Texts;

pub(super) const TARGET: Target = Target { name: "grants-file", open };

struct GrantsFiles {
    texts: Texts,
    folder: TempDir,
}

const REAL: &str =
    "notes = [\"kv\"]\nsecurity-scanner = [\"fs:target=../src\", \"call:scan_folder\"]\nreport = []\n";

fn open(_: &Path) -> anyhow::Result<Box<dyn Examine>> {
    Ok(Box::new(GrantsFiles { texts: Texts::new(vec![REAL.to_owned()]), folder: tempfile::tempdir()? }))
}

impl Examine for GrantsFiles {
    fn generate(&self, u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
        self.texts.mutated(u)
    }

    fn examine(&self, input: &[u8]) -> Result<(), Finding> {
        let file = self.folder.path().join("grants.toml");
        fs_err::write(&file, input).map_err(|error| Finding(format!("the input cannot be kept: {error}")))?;
        match ares_host::files::grants(&file) {
            Ok(_) => Ok(()),
            Err(failure) => {
                plain(&failure.message)?;
                failure.hint.as_deref().map_or(Ok(()), plain)
            }
        }
    }
}
