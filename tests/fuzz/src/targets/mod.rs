//! Everything that reads foreign bytes: one file each, one line here.

mod arguments;
mod component;
mod configuration;
mod grants_file;
mod guard;
mod lock_file;
mod manifest;
mod names;
mod rules;
mod schema;
mod socket;

use std::path::Path;

use arbitrary::Unstructured;

use crate::finding::Finding;

/// One reader of foreign bytes.
#[derive(Debug)]
pub(crate) struct Target {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// Makes it ready; the repository's root is for real examples.
    pub(crate) open: fn(&Path) -> anyhow::Result<Box<dyn Examine>>,
}

/// All of them.
pub(crate) static TARGETS: &[Target] = &[
    manifest::TARGET,
    schema::TARGET,
    arguments::TARGET,
    component::TARGET,
    grants_file::TARGET,
    configuration::TARGET,
    lock_file::TARGET,
    socket::TARGET,
    names::TARGET,
    guard::TARGET,
    rules::TARGET,
];

/// Makes inputs and hands them to the reader.
pub(crate) trait Examine: Send + Sync {
    /// Another input, as the reader gets it.
    fn generate(&self, u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>>;

    /// Hands it to the reader. Panics, time and memory are watched from outside.
    fn examine(&self, input: &[u8]) -> Result<(), Finding>;
}

/// The target of this name.
pub(crate) fn named(name: &str) -> anyhow::Result<&'static Target> {
    TARGETS.iter().find(|target| target.name == name).ok_or_else(|| {
        let known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        anyhow::anyhow!("there is no target {}; there are {}", name.escape_debug(), known.join(", "))
    })
}

/// A message for people holds nothing that moves a cursor; several lines are several problems.
fn plain(message: &str) -> Result<(), Finding> {
    let raw = message.chars().find(|c| c.is_control() && *c != '\n');
    match raw {
        None if message.is_empty() => Err(Finding("an error says nothing".to_owned())),
        None => Ok(()),
        Some(raw) => Err(Finding(format!("an error holds {raw:?}: {message}"))),
    }
}

/// Insists on something.
fn holds(it: bool, what: impl FnOnce() -> String) -> Result<(), Finding> {
    if it { Ok(()) } else { Err(Finding(what())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for target in TARGETS {
            assert_eq!(named(target.name).unwrap().name, target.name);
        }
    }

    #[test]
    fn a_raw_control_character_is_a_finding() {
        assert!(plain("line 1\nline 2").is_ok());
        assert!(plain("\u{1b}[2J").is_err());
        assert!(plain("").is_err());
    }
}
