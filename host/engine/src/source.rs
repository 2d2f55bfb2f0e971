//! A component's file: read once, whole, and only what it must be.

use std::io::Read as _;
use std::path::Path;

use ares_kernel::Blake3;
use ares_kernel::ports::LoadError;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use rustix::fs::OFlags;
use wasmtime::Engine;

/// The largest component there may be.
const COMPONENT_BYTES_MAX: u64 = 64 << 20;

/// Reads the component that must have this hash.
pub(crate) fn read(path: &Path, expected: &Blake3) -> Result<Vec<u8>, LoadError> {
    let io = |source: std::io::Error| LoadError::Io {
        what: format!("reading the component {}", path.display()),
        source: source.into(),
    };
    // A named pipe would keep a blocking open waiting for ever.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = match fs_err::OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(LoadError::Missing(path.to_owned()));
        }
        Err(error) => return Err(io(error)),
    };
    let about = file.metadata().map_err(io)?;
    let not_a_component = |why: &str| LoadError::NotAComponent { path: path.to_owned(), why: why.to_owned() };
    if !about.is_file() {
        return Err(not_a_component("it is not a file"));
    }
    if about.len() > COMPONENT_BYTES_MAX {
        let what = format!("{} MiB; a component may have {}", about.len() >> 20, COMPONENT_BYTES_MAX >> 20);
        return Err(LoadError::Exceeds { path: path.to_owned(), what });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
    file.take(COMPONENT_BYTES_MAX).read_to_end(&mut bytes).map_err(io)?;
    let found = Blake3::of(&bytes);
    if found != *expected {
        return Err(LoadError::Changed { path: path.to_owned(), expected: *expected, found });
    }
    match what_else(&bytes) {
        Some(why) => Err(not_a_component(why)),
        None => Ok(bytes),
    }
}

/// What the bytes are when they do not begin like a component.
fn what_else(bytes: &[u8]) -> Option<&'static str> {
    if Engine::detect_precompiled(bytes).is_some() {
        return Some("it is compiled already (`.cwasm`); give the component it was compiled from");
    }
    match bytes {
        [] => Some("it is empty"),
        [0, b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => None,
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Some(
            "it is a core WebAssembly module; build for `wasm32-wasip2` or make a component of it with `wasm-tools component new`",
        ),
        [0, b'a', b's', b'm', ..] => Some("it is WebAssembly of a version this host does not know"),
        _ if bytes.trim_ascii_start().first() == Some(&b'(') => {
            Some("it looks like WebAssembly text; translate it with `wasm-tools parse` first")
        }
        _ => Some("it does not begin with `\\0asm`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_things_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.wasm");
        let read = |bytes: &[u8]| {
            fs_err::write(&path, bytes).unwrap();
            super::read(&path, &Blake3::of(bytes))
        };
        for (bytes, why) in [
            (b"".as_slice(), "empty"),
            (b"\0asm\x01\0\0\0", "core WebAssembly module"),
            (b"\0asm\x02\0\0\0", "version"),
            (b"\0as", "does not begin"),
            (b" (component)", "text"),
            (b"\x7fELF", "does not begin"),
        ] {
            let error = read(bytes).unwrap_err();
            assert!(
                matches!(error, LoadError::NotAComponent { .. }) && error.to_string().contains(why),
                "{error}"
            );
        }
        assert_eq!(read(b"\0asm\x0d\0\x01\0").unwrap().len(), 8);
    }

    #[test]
    fn changed_missing_or_no_file_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let hash = Blake3::of(b"x");
        let path = dir.path().join("c.wasm");
        assert!(matches!(read(&path, &hash), Err(LoadError::Missing(_))));
        assert!(matches!(read(dir.path(), &hash), Err(LoadError::NotAComponent { .. })));
        fs_err::write(&path, b"y").unwrap();
        assert!(matches!(read(&path, &hash), Err(LoadError::Changed { .. })));
        fs_err::remove_file(&path).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert!(matches!(read(&path, &hash), Err(LoadError::NotAComponent { .. })));
    }
}
