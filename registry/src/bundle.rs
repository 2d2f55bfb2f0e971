//! A plugin's folder as it is found: manifest and component, read through a handle that cannot
//! leave the folder.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use ares_kernel::Blake3;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};

use crate::inspect::COMPONENT_BYTES_MAX;
use crate::manifest::{DependencyGroup, Kind, MANIFEST_BYTES_MAX, Manifest, ManifestError};

#[cfg(test)]
mod tests;

/// The manifest's file name.
pub const MANIFEST_NAME: &str = "plugin.toml";
/// How deep [`discover`] looks.
const DEPTH_MAX: usize = 8;
/// How many entries of folders [`discover`] looks at.
const ENTRIES_MAX: usize = 100_000;

/// Why a folder is not a plugin's folder.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Nothing there.
    #[error("there is no folder {0}")]
    NoFolder(PathBuf),
    /// Something else there.
    #[error("{0} is not a folder; give the folder that holds {MANIFEST_NAME}")]
    NotAFolder(PathBuf),
    /// A folder without a manifest.
    #[error("{0} has no {MANIFEST_NAME}")]
    NoManifest(PathBuf),
    /// A manifest that is not UTF-8.
    #[error("{0} is not UTF-8 text")]
    NotText(PathBuf),
    /// A manifest with something wrong in it.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The manifest names a component that is not there.
    #[error("{0} is missing; build the plugin, or correct `path` under [component]")]
    NoComponent(PathBuf),
    /// A link that leads out of the folder.
    #[error("{0} leads out of the plugin's folder; only files inside it are read")]
    Outside(PathBuf),
    /// A folder, pipe, socket or device.
    #[error("{0} is not a regular file")]
    NotAFile(PathBuf),
    /// Over the size cap.
    #[error("{path} has more than {most} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The cap.
        most: usize,
    },
    /// The component is not the one the manifest speaks of.
    #[error("{path} has BLAKE3 {found}, but the manifest's `hash` is {expected}")]
    OtherHash {
        /// The component.
        path: PathBuf,
        /// The manifest's word.
        expected: Blake3,
        /// What it is.
        found: Blake3,
    },
    /// It needs another host.
    #[error("{path} needs ares-host {requirement}; this is {version}")]
    OtherHost {
        /// The manifest.
        path: PathBuf,
        /// What it needs.
        requirement: String,
        /// What there is.
        version: &'static str,
    },
    /// The machine failed.
    #[error("{0} cannot be read")]
    Io(PathBuf, #[source] io::Error),
}

/// Manifest and component of one plugin.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The folder: absolute, links resolved.
    pub folder: PathBuf,
    /// The manifest.
    pub manifest: Manifest,
    /// Its text, byte for byte.
    pub manifest_text: String,
    /// The component's bytes.
    pub component: Vec<u8>,
    /// Their hash.
    pub blake3: Blake3,
}

impl Bundle {
    /// Reads a plugin's folder.
    ///
    /// # Errors
    /// [`BundleError`], naming the file.
    pub fn open(folder: &Path) -> Result<Self, BundleError> {
        let Source { folder, handle, manifest, text } = Source::open(folder)?;
        let relative = Path::new(&manifest.component.path);
        let path = folder.join(relative);
        let component =
            read(&handle, &folder, relative, COMPONENT_BYTES_MAX)?.ok_or(BundleError::NoComponent(path))?;
        let found = Blake3::of(&component);
        if let Some(expected) = manifest.component.hash.filter(|expected| *expected != found) {
            return Err(BundleError::OtherHash { path: folder.join(relative), expected, found });
        }
        Ok(Self { folder, manifest, manifest_text: text, component, blake3: found })
    }
}

/// A folder whose manifest has been read.
struct Source {
    folder: PathBuf,
    handle: Dir,
    manifest: Manifest,
    text: String,
}

impl Source {
    fn open(folder: &Path) -> Result<Self, BundleError> {
        let folder = fs_err::canonicalize(folder).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => BundleError::NoFolder(folder.to_owned()),
            _ => BundleError::Io(folder.to_owned(), error),
        })?;
        if !folder.is_dir() {
            return Err(BundleError::NotAFolder(folder));
        }
        let handle = Dir::open_ambient_dir(&folder, ambient_authority())
            .map_err(|error| BundleError::Io(folder.clone(), error))?;
        Self::read(folder, handle)
    }

    fn read(folder: PathBuf, handle: Dir) -> Result<Self, BundleError> {
        let path = folder.join(MANIFEST_NAME);
        let bytes = read(&handle, &folder, Path::new(MANIFEST_NAME), MANIFEST_BYTES_MAX)?;
        let bytes = bytes.ok_or_else(|| BundleError::NoManifest(folder.clone()))?;
        let text = String::from_utf8(bytes).map_err(|_| BundleError::NotText(path.clone()))?;
        let manifest = Manifest::parse(&text, &path)?;
        fits_host(&manifest, path)?;
        Ok(Self { folder, handle, manifest, text })
    }
}

fn fits_host(manifest: &Manifest, path: PathBuf) -> Result<(), BundleError> {
    let version = env!("CARGO_PKG_VERSION");
    let Ok(host) = semver::Version::parse(version) else { return Ok(()) };
    let unmet = |dependency: &&crate::manifest::Dependency| {
        !dependency.optional && dependency.accepts(&host) == Some(false)
    };
    match manifest.dependencies_on(DependencyGroup::Host).find(unmet) {
        None => Ok(()),
        Some(dependency) => {
            Err(BundleError::OtherHost { path, requirement: dependency.requirement.clone(), version })
        }
    }
}

/// A regular file inside the folder, or nothing when there is none. Opened without waiting, so that
/// a pipe put in its place cannot hold the host up.
fn read(handle: &Dir, folder: &Path, name: &Path, most: usize) -> Result<Option<Vec<u8>>, BundleError> {
    let path = || folder.join(name);
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let file = match handle.open_with(name, &options) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // cap-std makes this error itself, without a number of the system.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none() => {
            return Err(BundleError::Outside(path()));
        }
        // A socket cannot be opened at all.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            return Err(BundleError::NotAFile(path()));
        }
        Err(error) => return Err(BundleError::Io(path(), error)),
    };
    let io = |error| BundleError::Io(path(), error);
    if !file.metadata().map_err(io)?.is_file() {
        return Err(BundleError::NotAFile(path()));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed tells that there is more.
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() > most {
        return Err(BundleError::TooLarge { path: path(), most });
    }
    Ok(Some(bytes))
}

/// One plugin that [`discover`] found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its folder: absolute, links resolved.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

/// What there is under a folder.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Plugins by kind, sorted by name.
    pub plugins: BTreeMap<Kind, Vec<Found>>,
    /// Folders with a manifest that cannot be used, and why; also folders that cannot be read.
    pub bad: Vec<(PathBuf, BundleError)>,
    /// A bound was reached: there may be more.
    pub incomplete: bool,
}

/// Finds the plugins under a folder. Links to folders are not followed; hidden folders, `target`
/// and `node_modules` are passed over, and so is what lies inside a plugin's own folder.
///
/// # Errors
/// When the folder itself is not there.
pub fn discover(folder: &Path) -> Result<Discovery, BundleError> {
    let root = fs_err::canonicalize(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => BundleError::NoFolder(folder.to_owned()),
        _ => BundleError::Io(folder.to_owned(), error),
    })?;
    if !root.is_dir() {
        return Err(BundleError::NotAFolder(root));
    }
    let handle = Dir::open_ambient_dir(&root, ambient_authority())
        .map_err(|error| BundleError::Io(root.clone(), error))?;
    let mut discovery = Discovery::default();
    let mut left = ENTRIES_MAX;
    walk(root, handle, 0, &mut left, &mut discovery);
    for plugins in discovery.plugins.values_mut() {
        plugins.sort_by(|a, b| a.manifest.id.cmp(&b.manifest.id).then_with(|| a.folder.cmp(&b.folder)));
    }
    discovery.bad.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(discovery)
}

fn walk(folder: PathBuf, handle: Dir, depth: usize, left: &mut usize, found: &mut Discovery) {
    if handle.symlink_metadata(MANIFEST_NAME).is_ok() {
        match Source::read(folder.clone(), handle) {
            Ok(Source { folder, manifest, .. }) => {
                found.plugins.entry(manifest.kind).or_default().push(Found { folder, manifest });
            }
            Err(error) => found.bad.push((folder, error)),
        }
        return;
    }
    let entries = match handle.entries() {
        Ok(entries) => entries,
        Err(error) => return found.bad.push((folder.clone(), BundleError::Io(folder, error))),
    };
    for entry in entries.flatten() {
        if *left == 0 {
            found.incomplete = true;
            return;
        }
        *left -= 1;
        let name = entry.file_name();
        let shown = name.to_string_lossy();
        let passed_over = shown.starts_with('.') || matches!(shown.as_ref(), "target" | "node_modules");
        if passed_over || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if depth >= DEPTH_MAX {
            found.incomplete = true;
            continue;
        }
        let inner = folder.join(&name);
        match entry.open_dir() {
            Ok(handle) => walk(inner, handle, depth + 1, left, found),
            Err(error) => found.bad.push((inner.clone(), BundleError::Io(inner, error))),
        }
    }
}
