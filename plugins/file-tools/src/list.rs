//! `list_files`
use std::path::Path;

use ares_sdk::{Context, Failure};

use crate::{ROOT, glob::Glob, walk::Walk};

/// What to list.
#[ares_sdk::data]
pub(crate) struct Listing {
    /// A folder inside the granted folder, such as `src`; the whole folder unless given.
    #[serde(default = "everything")]
    path: String,
    /// How many folders deep: 1, as long as nothing else is said, lists only what lies directly in it.
    #[schemars(range(min = 1, max = 64))]
    depth: Option<u32>,
    /// Only paths like this: `*.rs` for names at any depth, `docs/**/*.md` for whole paths relative to
    /// the granted folder.
    #[schemars(length(min = 1, max = 200))]
    glob: Option<String>,
    /// At most so many entries; 1000 unless said otherwise.
    #[schemars(range(min = 1, max = 5000))]
    limit: Option<u32>,
}

/// What lies there.
#[ares_sdk::data]
pub(crate) struct Listed {
    /// In name order, each folder before what is in it.
    entries: Vec<Entry>,
    /// How many folders or names could not be read.
    unreadable: u32,
    /// Why something is missing; nothing when everything is there.
    cut: Option<String>,
}

/// One thing that lies there.
#[ares_sdk::data]
pub(crate) struct Entry {
    /// Relative to the granted folder.
    path: String,
    /// What it is.
    kind: Kind,
    /// The length of a file; 0 for everything else.
    bytes: u64,
}

/// What something is.
#[ares_sdk::data]
#[derive(PartialEq, Eq, Copy)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link; it is not followed here.
    Link,
    /// Anything else. It cannot be read.
    Other,
}

pub(crate) fn everything() -> String {
    ".".to_owned()
}

/// Lists files and folders with their kinds and sizes, in name order. Give `depth` to look into
/// folders below, `glob` to see only names that fit. Says in `cut` when there is more than it shows.
#[ares_sdk::capability(effect = "read")]
pub(crate) fn list_files(input: Listing, context: &Context) -> Result<Listed, Failure> {
    list_below(Path::new(ROOT), &input, context)
}

pub(crate) fn list_below(root: &Path, input: &Listing, context: &Context) -> Result<Listed, Failure> {
    let glob = input.glob.as_deref().map(Glob::new).transpose()?;
    let limit = input.limit.unwrap_or(1000) as usize;
    let mut walk = Walk::new(root, &input.path, input.depth.unwrap_or(1) as usize, context.remaining_ms)?;
    let mut entries = Vec::new();
    while let Some(found) = walk.next() {
        if glob.as_ref().is_some_and(|glob| !glob.fits(&found.path)) {
            continue;
        }
        if entries.len() == limit {
            walk.stop(format!("more than {limit} entries; raise `limit`, or narrow `path` or `glob`"));
            break;
        }
        let kind = if found.about.is_symlink() {
            Kind::Link
        } else if found.about.is_dir() {
            Kind::Folder
        } else if found.about.is_file() {
            Kind::File
        } else {
            Kind::Other
        };
        let bytes = if kind == Kind::File { found.about.len() } else { 0 };
        entries.push(Entry { path: found.path, kind, bytes });
    }
    Ok(Listed { entries, unreadable: walk.unreadable, cut: walk.cut })
}
