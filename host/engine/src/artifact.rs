//! Compiled components on disk: kept by hash, authenticated, and the one place where the bytes of
//! one become code.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use ares_kernel::Blake3;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use rustix::fs::OFlags;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::key::Key;

/// The largest compiled component that is read back.
pub(crate) const ARTIFACT_BYTES_MAX: u64 = 512 << 20;
/// What the authentication begins with: another layout of the file gets another text.
const LAYOUT: &[u8] = b"ares-host compiled component 1\0";
const TAG_BYTES: usize = blake3::OUT_LEN;

/// The folder of compiled components.
pub(crate) struct Artifacts {
    folder: PathBuf,
    key: Key,
    compatibility: [u8; 32],
}

/// Bytes this host compiled: they came from the compiling child just now or carried a good tag.
pub(crate) struct Genuine(Vec<u8>);

/// Lets Wasmtime's description of compiled code flow into BLAKE3.
struct Hashed(blake3::Hasher);

impl std::hash::Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let mut first = [0; 8];
        self.0.finalize_xof().fill(&mut first);
        u64::from_le_bytes(first)
    }
}

impl Artifacts {
    /// Artifacts in this folder that this engine can run.
    pub(crate) fn new(folder: &Path, key: Key, engine: &Engine) -> Self {
        let mut hashed = Hashed(blake3::Hasher::new());
        std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut hashed);
        Self { folder: folder.to_owned(), key, compatibility: *hashed.0.finalize().as_bytes() }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, component: &Blake3) -> PathBuf {
        let compatibility = Blake3::from_bytes(self.compatibility).to_string();
        self.folder.join(format!("{component}-{}.cwasm", compatibility.get(..16).unwrap_or_default()))
    }

    fn tag(&self, component: &Blake3, code: &[u8]) -> blake3::Hash {
        let mut tag = blake3::Hasher::new_keyed(&self.key);
        tag.update(LAYOUT).update(component.as_bytes()).update(&self.compatibility).update(code);
        tag.finalize()
    }

    /// The sound artifact of this component, if there is one. Anything else under its name is
    /// removed.
    pub(crate) fn find(&self, component: &Blake3) -> Option<Genuine> {
        let path = self.path(component);
        match self.read(&path, component) {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a compiled component cannot be used and is made again");
                self.remove(component);
                None
            }
        }
    }

    fn read(&self, path: &Path, component: &Blake3) -> std::io::Result<Option<Genuine>> {
        // A named pipe would keep a blocking open waiting for ever.
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let file = match fs_err::OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let about = file.metadata()?;
        if !about.is_file() || about.len() > ARTIFACT_BYTES_MAX + TAG_BYTES as u64 {
            return Err(std::io::Error::other("it is not a file of sensible size"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
        file.take(about.len()).read_to_end(&mut bytes)?;
        let Some((code, tag)) = bytes.split_last_chunk::<TAG_BYTES>() else {
            return Err(std::io::Error::other("it is too short"));
        };
        // Comparing hashes takes the same time whatever they are.
        if self.tag(component, code) != blake3::Hash::from_bytes(*tag) {
            return Err(std::io::Error::other("this host did not write it"));
        }
        bytes.truncate(bytes.len() - TAG_BYTES);
        Ok(Some(Genuine(bytes)))
    }

    /// Keeps what the compiling child made of a component. A folder that cannot be written costs
    /// the next start a compilation, nothing else.
    pub(crate) fn keep(&self, component: &Blake3, code: Vec<u8>) -> Genuine {
        let path = self.path(component);
        if let Err(error) = self.write(&path, component, &code) {
            tracing::warn!(path = %path.display(), %error, "a compiled component cannot be kept");
        }
        Genuine(code)
    }

    fn write(&self, path: &Path, component: &Blake3, code: &[u8]) -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(code)?;
        file.write_all(self.tag(component, code).as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        fs_err::File::open(&self.folder)?.sync_all()
    }

    /// Removes the artifact of a component.
    pub(crate) fn remove(&self, component: &Blake3) {
        let path = self.path(component);
        let gone = match fs_err::symlink_metadata(&path) {
            Ok(about) if about.is_dir() => fs_err::remove_dir_all(&path),
            _ => fs_err::remove_file(&path),
        };
        if let Err(error) = gone {
            tracing::warn!(path = %path.display(), %error, "a compiled component cannot be removed");
        }
    }
}

impl Genuine {
    /// Makes code of the bytes.
    ///
    /// # Errors
    /// When Wasmtime finds that other settings or another version made them.
    #[expect(unsafe_code, reason = "compiled code can only be loaded so; see the safety note")]
    pub(crate) fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: the bytes must be what Wasmtime's own compiler made. `Genuine` holds them in
        // memory and is made in this file alone: from what the compiling child answered, or from
        // a file whose tag over these very bytes verified with a key that lies outside the folder.
        unsafe { Component::deserialize(engine, &self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifacts(folder: &Path, key: Key) -> Artifacts {
        let engine = Engine::new(&crate::config::compiling()).unwrap();
        Artifacts::new(folder, key, &engine)
    }

    #[test]
    fn what_was_kept_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let (artifacts, component) = (artifacts(dir.path(), [7; 32]), Blake3::of(b"c"));
        assert!(artifacts.find(&component).is_none());
        artifacts.keep(&component, b"code".to_vec());
        assert_eq!(artifacts.find(&component).unwrap().0, b"code");
        assert!(artifacts.find(&Blake3::of(b"d")).is_none());
    }

    #[test]
    fn every_changed_byte_is_noticed_and_the_file_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (artifacts, component) = (artifacts(dir.path(), [7; 32]), Blake3::of(b"c"));
        let path = artifacts.path(&component);
        artifacts.keep(&component, b"code".to_vec());
        let good = fs_err::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs_err::write(&path, bad).unwrap();
            assert!(artifacts.find(&component).is_none(), "byte {at}");
            assert!(!path.exists(), "byte {at}");
        }
        for length in 0..good.len() {
            fs_err::write(&path, &good[..length]).unwrap();
            assert!(artifacts.find(&component).is_none(), "length {length}");
        }
    }

    #[test]
    fn another_key_or_component_does_not_verify() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (artifacts(dir.path(), [7; 32]), artifacts(dir.path(), [8; 32]));
        one.keep(&Blake3::of(b"c"), b"code".to_vec());
        fs_err::copy(one.path(&Blake3::of(b"c")), one.path(&Blake3::of(b"d"))).unwrap();
        assert!(one.find(&Blake3::of(b"d")).is_none());
        assert!(other.find(&Blake3::of(b"c")).is_none());
    }

    #[test]
    fn a_pipe_in_its_place_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (artifacts, component) = (artifacts(dir.path(), [7; 32]), Blake3::of(b"c"));
        let path = artifacts.path(&component);
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert!(artifacts.find(&component).is_none());
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_in_its_place_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (artifacts, component) = (artifacts(dir.path(), [7; 32]), Blake3::of(b"c"));
        fs_err::create_dir_all(artifacts.path(&component).join("x")).unwrap();
        assert!(artifacts.find(&component).is_none());
        assert!(!artifacts.path(&component).exists());
    }
}
