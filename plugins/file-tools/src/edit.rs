//! `replace_in_file`
use std::{fs, path::Path};

use ares_sdk::Failure;

use crate::{
    FILE_BYTES_MAX, ROOT,
    place::{expect, full, inside, sha256, whole},
    write::put,
};

/// What to replace.
#[ares_sdk::data]
pub(crate) struct Edit {
    /// A text file inside the granted folder.
    #[schemars(length(min = 1, max = 4096))]
    path: String,
    /// The text to replace, exactly as it stands in the file, spaces and line ends included.
    #[schemars(length(min = 1))]
    old: String,
    /// What to put in its place; empty to take it out.
    new: String,
    /// Replace it everywhere. Without it, `old` must stand in the file exactly once.
    #[serde(default)]
    all: bool,
    /// Change the file only if it still has this SHA-256, as `read_file` answered it: else `changed`.
    #[schemars(length(equal = 64))]
    expected_sha256: Option<String>,
}

/// What was replaced.
#[ares_sdk::data]
pub(crate) struct Edited {
    /// How often.
    replaced: u32,
    /// The length of the file now, in bytes.
    bytes: u64,
    /// Its SHA-256 now.
    sha256: String,
}

/// Replaces one text in a text file by another, and writes the file at once. `old` must stand there
/// exactly once (`not-there` and `ambiguous` say otherwise) unless `all` is asked for.
#[ares_sdk::capability(effect = "write")]
pub(crate) fn replace_in_file(input: Edit) -> Result<Edited, Failure> {
    edit_below(Path::new(ROOT), &input)
}

pub(crate) fn edit_below(root: &Path, input: &Edit) -> Result<Edited, Failure> {
    let path = input.path.as_str();
    let bytes = whole(root, path)?;
    let place = full(root, &inside(path)?);
    if fs::symlink_metadata(&place).is_ok_and(|about| about.is_symlink()) {
        return Err(Failure::new("not-a-file", format!("`{path}` is a link; change the file it leads to")));
    }
    expect(path, &bytes, input.expected_sha256.as_deref())?;
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(Failure::new("binary", format!("`{path}` is not UTF-8 text")));
    };
    let count = text.matches(&input.old).count();
    match count {
        0 => {
            let message = format!("`old` does not stand in `{path}`; read the file and copy it exactly");
            return Err(Failure::new("not-there", message));
        }
        2.. if !input.all => {
            let message = format!(
                "`old` stands {count} times in `{path}`; give more of what is around it, or `all`: true"
            );
            return Err(Failure::new("ambiguous", message));
        }
        _ => {}
    }
    let text = text.replace(&input.old, &input.new);
    if text.len() as u64 > FILE_BYTES_MAX {
        let message = format!("`{path}` would have {} bytes; the most is {FILE_BYTES_MAX}", text.len());
        return Err(Failure::new("too-large", message));
    }
    put(&place, path, text.as_bytes())?;
    let replaced = u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Edited { replaced, bytes: text.len() as u64, sha256: sha256(text.as_bytes()) })
}
