//! Small text files a person names: read whole, and never more or longer than makes sense.

use std::io::{self, Read as _};
use std::path::Path;

use fs_err::os::unix::fs::OpenOptionsExt as _;

/// The longest file that is read, in bytes.
const BYTES_MAX: u64 = 16 << 20;

/// Reads a regular file. Does not wait for a pipe to be filled, nor read a device without end.
///
/// # Errors
/// Naming the file; of the kind `InvalidData` when it is not one to be read.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = fs_err::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let unfit = |why: &str| io::Error::new(io::ErrorKind::InvalidData, format!("{} {why}", path.display()));
    if !file.metadata()?.is_file() {
        return Err(unfit("is not a regular file"));
    }
    let mut bytes = Vec::new();
    if file.take(BYTES_MAX + 1).read_to_end(&mut bytes)? as u64 > BYTES_MAX {
        return Err(unfit(&format!("has more than {} MiB", BYTES_MAX >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| unfit("is not UTF-8 text"))
}
