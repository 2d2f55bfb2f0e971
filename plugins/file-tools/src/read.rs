//! `read_file`
use std::{
    fs,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

use ares_sdk::Failure;
use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::{
    FILE_BYTES_MAX, ROOT,
    place::{failure, file, sha256},
};

/// What one call reads unless it is told otherwise.
const USUAL: u32 = 256 * 1024;

/// What to read.
#[ares_sdk::data]
pub(crate) struct Part {
    /// A file inside the granted folder, such as `src/main.rs`.
    #[schemars(length(min = 1, max = 4096))]
    path: String,
    /// Where to begin, in bytes: 0, or the `next_offset` of the call before.
    #[serde(default)]
    offset: u64,
    /// At most so many bytes; 262144 unless said otherwise.
    #[schemars(range(min = 4, max = 1_048_576))]
    limit: Option<u32>,
    /// Answer base64 instead of text: for files that are not UTF-8.
    #[serde(default)]
    base64: bool,
}

/// What stands there.
#[ares_sdk::data]
pub(crate) struct Content {
    /// The text, or base64 of the bytes where that was asked for.
    text: String,
    /// How many bytes of the file this is.
    bytes: u64,
    /// The length of the whole file in bytes.
    file_bytes: u64,
    /// Where to go on reading; nothing when the end is reached.
    next_offset: Option<u64>,
    /// The SHA-256 of the file, when this is all of it: what `write_file` takes as `expected_sha256`.
    sha256: Option<String>,
}

/// Reads a text file, or a part of one by `offset` and `limit` in bytes. `next_offset` is there when
/// the file goes on. A file that is not UTF-8 text is a failure (`binary`), unless `base64` is asked.
#[ares_sdk::capability(effect = "read")]
pub(crate) fn read_file(input: Part) -> Result<Content, Failure> {
    read_below(Path::new(ROOT), &input)
}

pub(crate) fn read_below(root: &Path, input: &Part) -> Result<Content, Failure> {
    let path = input.path.as_str();
    let (place, length) = file(root, path)?;
    if input.offset > length {
        let message = format!("`{path}` has {length} bytes, so nothing begins at {}", input.offset);
        return Err(Failure::new("bad-offset", message));
    }
    let limit = u64::from(input.limit.unwrap_or(USUAL)).min(FILE_BYTES_MAX);
    let mut bytes = Vec::new();
    let mut file = fs::File::open(place).map_err(|error| failure(path, &error))?;
    file.seek(SeekFrom::Start(input.offset)).map_err(|error| failure(path, &error))?;
    file.take(limit).read_to_end(&mut bytes).map_err(|error| failure(path, &error))?;
    let goes_on = input.offset + (bytes.len() as u64) < length;
    let text =
        if input.base64 { BASE64_STANDARD.encode(&bytes) } else { text_of(path, &mut bytes, goes_on)? };
    let read = bytes.len() as u64;
    let whole = input.offset == 0 && !goes_on;
    Ok(Content {
        text,
        bytes: read,
        file_bytes: length,
        next_offset: goes_on.then_some(input.offset + read),
        sha256: whole.then(|| sha256(&bytes)),
    })
}

/// The bytes as text. Where the file goes on, a letter cut in two at the end is left for the next call.
fn text_of(path: &str, bytes: &mut Vec<u8>, goes_on: bool) -> Result<String, Failure> {
    if let Err(error) = str::from_utf8(bytes)
        && goes_on
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
    match str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text.to_owned()),
        _ => {
            let message = format!(
                "`{path}` is not UTF-8 text here, or `offset` is inside of a letter; ask for it with `base64`: true"
            );
            Err(Failure::new("binary", message))
        }
    }
}
