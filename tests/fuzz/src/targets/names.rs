//! Names, scopes, ids and hashes: everything that is one word.

use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use arbitrary::Unstructured;
use ares_kernel::facts::Scope;
use ares_kernel::{Blake3, CapabilityId, FolderName, InvocationId, PluginName};

use super::{Examine, Target, holds, plain};
use crate::finding::Finding;
use crate::generate::{mutated_bytes, word};

pub(super) const TARGET: Target = Target { name: "names", open };

struct Names;

const REAL: &[&str] = &[
    "kv",
    "fs:target",
    "call:demo.hello_world",
    "security-scanner",
    "scan_folder",
    "since-v0-1",
    "0198a8c0-0000-7000-8000-000000000000",
    "7628fd144ae505b67569456a0da9a7cf796bce7e2428f53b9f2765d6c6f1beda",
];

fn open(_: &Path) -> anyhow::Result<Box<dyn Examine>> {
    Ok(Box::new(Names))
}

impl Examine for Names {
    fn generate(&self, u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
        match u.int_in_range(0..=3)? {
            0 => Ok(word(u)?.into_bytes()),
            1 => Ok(format!("{}{}", u.choose(REAL)?, word(u)?).into_bytes()),
            _ => mutated_bytes(u.choose(REAL)?.as_bytes().to_vec(), u),
        }
    }

    fn examine(&self, input: &[u8]) -> Result<(), Finding> {
        let text = String::from_utf8_lossy(input);
        one::<PluginName>(&text, true)?;
        one::<CapabilityId>(&text, true)?;
        one::<FolderName>(&text, true)?;
        one::<Scope>(&text, true)?;
        one::<Blake3>(&text, false)?;
        one::<InvocationId>(&text, false)
    }
}

/// What is read is written as it stood where there is one spelling only, and plain in any case.
fn one<T: FromStr<Err: Display> + Display>(text: &str, one_spelling: bool) -> Result<(), Finding> {
    match text.parse::<T>() {
        Err(error) => {
            let message = error.to_string();
            plain(&message)?;
            holds(message.len() < 1000, || format!("an error of {} bytes about one word", message.len()))
        }
        Ok(value) => {
            let written = value.to_string();
            holds(!one_spelling || written == text, || format!("{text:?} became {written:?}"))?;
            holds(written.bytes().all(|b| b.is_ascii_graphic()), || format!("{written:?} is not plain"))
        }
    }
}
