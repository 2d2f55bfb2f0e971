//! `ares.lock`.

use std::path::Path;

use arbitrary::Unstructured;
use ares_kernel::Blake3;
use ares_registry::lockfile::{Lock, LockEntry};

use super::{Examine, Target, holds, plain};
use crate::finding::Finding;
use crate::generate::Texts;

pub(super) const TARGET: Target = Target { name: "lock-file", open };

struct Locks(Texts);

fn open(_: &Path) -> anyhow::Result<Box<dyn Examine>> {
    let entry = |name: &str| {
        let hash = Blake3::of(name.as_bytes());
        let (name, version) = (name.parse()?, "1.2.3".parse()?);
        let wit = "0.1".to_owned();
        anyhow::Ok(LockEntry { name, version, component: hash, manifest: hash, schemas: hash, wit })
    };
    let lock: Lock = ["notes", "report"].into_iter().map(entry).collect::<anyhow::Result<_>>()?;
    Ok(Box::new(Locks(Texts::new(vec![lock.to_text()]))))
}

impl Examine for Locks {
    fn generate(&self, u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
        self.0.mutated(u)
    }

    fn examine(&self, input: &[u8]) -> Result<(), Finding> {
        let Ok(text) = std::str::from_utf8(input) else { return Ok(()) };
        let path = Path::new("ares.lock");
        match Lock::parse(text, path) {
            Err(error) => plain(&error.to_string()),
            Ok(lock) => {
                let again = Lock::parse(&lock.to_text(), path);
                holds(again.as_ref() == Ok(&lock), || format!("{lock:?} reads back as {again:?}"))
            }
        }
    }
}
