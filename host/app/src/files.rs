//! The files people write for a host, read and judged without one: for programs that check them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::{Environment, Low, low};
use crate::failure::Failure;
use crate::grants_file;

/// A file of grants: plugin → scope → its place, where the scope has one.
///
/// # Errors
/// When it cannot be read, is not such a file (with the line), or grants one scope twice.
pub fn grants(file: &Path) -> Result<BTreeMap<String, BTreeMap<String, Option<String>>>, Failure> {
    grants_file::read(file)
}

/// Whether a host would take this `ares.toml`.
///
/// # Errors
/// The first thing wrong, with its place.
pub fn configuration(file: &Path) -> Result<(), Failure> {
    let read = Low::read(Some(file), &Environment::default(), &[]);
    read.map(drop).map_err(|error| Failure::from(&error))
}

/// The `ares.toml` that `ares-host init` writes: every key with its default, switched off.
#[must_use]
pub fn configuration_template() -> String {
    low::template()
}
