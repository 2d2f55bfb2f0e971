//! `plugin.toml`.

use std::path::Path;

use arbitrary::Unstructured;
use ares_registry::manifest::Manifest;

use super::{Examine, Target, holds, plain};
use crate::finding::Finding;
use crate::generate::Texts;

pub(super) const TARGET: Target = Target { name: "manifest", open };

struct Manifests(Texts);

fn open(root: &Path) -> anyhow::Result<Box<dyn Examine>> {
    Ok(Box::new(Manifests(Texts::below(root, "plugin.toml")?)))
}

impl Examine for Manifests {
    fn generate(&self, u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
        self.0.mutated(u)
    }

    fn examine(&self, input: &[u8]) -> Result<(), Finding> {
        // A manifest that is no text is refused before it is read as one.
        let Ok(text) = std::str::from_utf8(input) else { return Ok(()) };
        match Manifest::parse(text, Path::new("plugin.toml")) {
            Err(error) => {
                holds(!error.problems().is_empty(), || "an error without a problem".to_owned())?;
                let lines = text.matches('\n').count() + 1;
                for problem in error.problems() {
                    plain(&problem.message)?;
                    holds((1..=lines).contains(&problem.line), || format!("no such line: {problem}"))?;
                }
                plain(&error.to_string())
            }
            Ok(manifest) => {
                let asked = manifest.scopes();
                let read_back = asked.iter().all(|scope| scope.to_string().parse().as_ref() == Ok(scope));
                holds(read_back, || format!("scopes that do not read back: {asked:?}"))?;
                let needs = manifest.capabilities.iter().flat_map(|capability| &capability.needs);
                let mut unasked = needs.filter(|scope| !asked.contains(scope));
                holds(unasked.next().is_none(), || "a capability needs what was not asked for".to_owned())
            }
        }
    }
}
