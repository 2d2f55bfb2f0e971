//! The operator's rules: any text is taken or refused in plain words, and none that replaces nothing frees what
//! is catastrophic.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arbitrary::Unstructured;
use ares_kernel::Caller;
use ares_kernel::ports::{Clock, Stance};
use ares_policy::{Options, Roles, Rules, TriedArguments, TryOn};
use ares_registry::Registry;
use tempfile::TempDir;

use super::{Examine, Target, holds, plain};
use crate::finding::Finding;
use crate::generate::Texts;

pub(super) const TARGET: Target = Target { name: "rules", open };

/// Rules with everything the language has.
const REAL: [&str; 3] = [
    "@id(\"a\")\n@reason(\"it may\")\npermit (principal == Human::\"me\", action in Action::\"inside\", resource == Capability::\"notes/get_note\");\n",
    "@id(\"b\") @ask forbid (principal is Agent, action, resource) when { context has \"blast\" && context.blast > 2 };\n",
    "@id(\"c\") @until(\"2027-01-01T00:00:00Z\") @replaces(\"m2-destructive-asks\") permit (principal, action == Action::\"destructive\", resource)\nunless { context has \"findings\" && context.findings.contains(\"pipe-to-shell\") };\n",
];

struct Operator {
    texts: Texts,
    rules: Rules,
    _folder: TempDir,
}

struct Noon;

impl Clock for Noon {
    fn now_ms(&self) -> u64 {
        self.now().as_secs() * 1000
    }

    fn now(&self) -> Duration {
        Duration::from_secs(1_790_000_000)
    }
}

fn open(_: &Path) -> anyhow::Result<Box<dyn Examine>> {
    let folder = tempfile::tempdir()?;
    let options = ares_registry::Options::new(folder.path(), Arc::new(Noon));
    let registry = Arc::new(Registry::open(&folder.path().join("registry.db"), options)?);
    let file = folder.path().join("policy.cedar");
    let options = Options { file, named: false, roles: Roles::default(), registry, clock: Arc::new(Noon) };
    let texts = Texts::new(REAL.iter().map(|text| (*text).to_owned()).collect());
    Ok(Box::new(Operator { texts, rules: Rules::open(options)?, _folder: folder }))
}

impl Examine for Operator {
    fn generate(&self, u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
        self.texts.mutated(u)
    }

    fn examine(&self, input: &[u8]) -> Result<(), Finding> {
        let text = String::from_utf8_lossy(input).into_owned();
        let frees = text.contains("replaces");
        let before = self.rules.revision();
        let findings = vec!["delete-everything".to_owned()];
        let tried = self.rules.try_on(&TryOn {
            subject: "destructive".to_owned(),
            caller: Caller::Human("me".to_owned()),
            origin: None,
            arguments: Some(TriedArguments { blast: 4, findings, ..TriedArguments::default() }),
            rules: Some(text),
            from: None,
        });
        holds(self.rules.revision() == before, || "trying rules changed those in force".to_owned())?;
        match tried {
            Ok(tried) => holds(frees || tried.ruling.stance == Stance::Catastrophic, || {
                format!("rules that replace nothing free what is catastrophic: {tried:?}")
            }),
            Err(error) => plain(&error.chain()),
        }
    }
}
