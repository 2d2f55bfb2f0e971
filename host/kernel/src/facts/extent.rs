//! How much a call would reach: what lies where its arguments point.

use std::path::PathBuf;

/// A place in a granted folder that an argument names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The folder, on this machine.
    pub folder: PathBuf,
    /// The path in it, as the argument says it.
    pub path: String,
}

/// What lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Files, folders and links, the named ones included.
    pub objects: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Whether that is all; else it is at least that much.
    pub whole: bool,
}
