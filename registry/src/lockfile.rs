//! `ares.lock`: which plugins stand behind an installation, down to the byte.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ares_kernel::{Blake3, PluginName};

use crate::manifest::Problem;
use crate::manifest::reader::{Document, Table};
use crate::record::{CapabilityRecord, Registration};

#[cfg(test)]
mod tests;

/// The format's version.
const VERSION: u64 = 1;
/// The longest lock file, in bytes: ten thousand plugins.
const LOCK_BYTES_MAX: usize = 4 << 20;
const HEADER: &str = "\
# What is registered, down to the byte. Written by `ares-host lock`, checked by `ares-host verify --locked`.
# Not to be edited by hand.
";

/// One plugin, pinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockEntry {
    /// Its name.
    pub name: PluginName,
    /// Its version.
    pub version: semver::Version,
    /// Hash of the component's bytes.
    pub component: Blake3,
    /// Hash of the manifest's bytes.
    pub manifest: Blake3,
    /// Hash of all capabilities' schemas, from [`schemas_hash`].
    pub schemas: Blake3,
    /// The track of `ares:host`, for instance `0.1`.
    pub wit: String,
}

impl From<&Registration> for LockEntry {
    fn from(registration: &Registration) -> Self {
        Self {
            name: registration.manifest.id.clone(),
            version: registration.manifest.version.clone(),
            component: registration.blake3,
            manifest: Blake3::of(registration.manifest_text.as_bytes()),
            schemas: schemas_hash(&registration.capabilities),
            wit: registration.wit_track.clone(),
        }
    }
}

/// One hash over the names and schemas of all capabilities, whatever their order.
#[must_use]
pub fn schemas_hash(capabilities: &[CapabilityRecord]) -> Blake3 {
    let schemas = capabilities.iter().map(|capability| {
        (capability.id.as_str(), capability.input_schema.as_str(), capability.output_schema.as_str())
    });
    schemas_hash_of(schemas)
}

/// [`schemas_hash`] over `(name, input schema, output schema)`.
#[must_use]
pub fn schemas_hash_of<'a>(schemas: impl Iterator<Item = (&'a str, &'a str, &'a str)>) -> Blake3 {
    let mut sorted: Vec<_> = schemas.collect();
    sorted.sort_unstable();
    let mut bytes = Vec::new();
    for text in sorted.iter().flat_map(|(name, input, output)| [name, input, output]) {
        // The length first, so that no two lists of texts give the same bytes.
        bytes.extend_from_slice(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    Blake3::of(&bytes)
}

/// Everything wrong with a lock file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong; never empty.
    pub problems: Vec<Problem>,
}

impl std::fmt::Display for LockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for problem in &self.problems {
            writeln!(f, "{}:{problem}", self.path.display())?;
        }
        f.write_str("write it anew with `ares-host lock`")
    }
}

impl std::error::Error for LockError {}

/// The lock file: entries sorted by name, one for each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    entries: BTreeMap<PluginName, LockEntry>,
}

impl FromIterator<LockEntry> for Lock {
    fn from_iter<I: IntoIterator<Item = LockEntry>>(entries: I) -> Self {
        Self { entries: entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect() }
    }
}

impl Lock {
    /// The entries, by name.
    pub fn entries(&self) -> impl Iterator<Item = &LockEntry> {
        self.entries.values()
    }

    /// The file's text. Equal locks have equal texts.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}version = {VERSION}\n");
        for entry in self.entries() {
            let LockEntry { name, version, component, manifest, schemas, wit } = entry;
            // Writing to a String cannot fail. None of the values can hold a quote.
            let _ = write!(
                text,
                "\n[[plugin]]\nname = \"{name}\"\nversion = \"{version}\"\ncomponent = \"{component}\"\n\
                 manifest = \"{manifest}\"\nschemas = \"{schemas}\"\nwit = \"{wit}\"\n"
            );
        }
        text
    }

    /// Reads a lock file. `path` is only for messages.
    ///
    /// # Errors
    /// Everything wrong with it, each with its line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, LockError> {
        let failed = |problems| LockError { path: path.to_owned(), problems };
        if text.len() > LOCK_BYTES_MAX {
            let message = format!("the lock file has {} bytes; the most is {LOCK_BYTES_MAX}", text.len());
            return Err(failed(vec![Problem { line: 1, column: 1, message }]));
        }
        Document::read(text, read).map_err(failed)
    }
}

fn read(mut root: Table<'_>) -> Option<Lock> {
    let version = root.required("version")?;
    if version.whole(0..=u64::MAX)? != VERSION {
        version.wrong(format_args!("this host reads version {VERSION} only"));
        return None;
    }
    let mut lock = Lock::default();
    if let Some(list) = root.get("plugin") {
        for item in list.items(10_000).unwrap_or_default() {
            let Some(entry) = item.table().and_then(read_entry) else { continue };
            if let Some(twice) = lock.entries.insert(entry.name.clone(), entry) {
                item.wrong(format_args!("`{}` stands here twice", twice.name));
            }
        }
    }
    root.finish(&[]);
    Some(lock)
}

fn read_entry(mut table: Table<'_>) -> Option<LockEntry> {
    let name = table.required("name").and_then(|value| value.parsed());
    let version = table.required("version").and_then(|value| value.parsed());
    let component = table.required("component").and_then(|value| value.parsed());
    let manifest = table.required("manifest").and_then(|value| value.parsed());
    let schemas = table.required("schemas").and_then(|value| value.parsed());
    let wit = table.required("wit").and_then(|value| {
        let text = value.text()?;
        let track = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
        if !track {
            value.wrong("expected a track such as `0.1`");
        }
        track.then(|| text.to_owned())
    });
    table.finish(&[]);
    Some(LockEntry {
        name: name?,
        version: version?,
        component: component?,
        manifest: manifest?,
        schemas: schemas?,
        wit: wit?,
    })
}

/// One difference between what is locked and what is there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "drift", rename_all = "kebab-case")]
pub enum Drift {
    /// Locked, but not there.
    Missing {
        /// The plugin.
        name: PluginName,
        /// The version that is locked.
        version: semver::Version,
    },
    /// There, but not locked.
    Extra {
        /// The plugin.
        name: PluginName,
        /// The version that is there.
        version: semver::Version,
    },
    /// One field differs.
    Changed {
        /// The plugin.
        name: PluginName,
        /// The field, as the lock file calls it.
        field: &'static str,
        /// What is locked.
        expected: String,
        /// What is there.
        actual: String,
    },
}

impl std::fmt::Display for Drift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { name, version } => write!(f, "{name} {version}: locked, but not registered"),
            Self::Extra { name, version } => write!(f, "{name} {version}: registered, but not locked"),
            Self::Changed { name, field, expected, actual } => {
                write!(f, "{name}: {field} is {actual}, locked is {expected}")
            }
        }
    }
}

/// Every difference, by name and then in the order of the lock file's fields.
#[must_use]
pub fn diff(locked: &Lock, current: &Lock) -> Vec<Drift> {
    let mut names: Vec<&PluginName> = locked.entries.keys().chain(current.entries.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut drifts = Vec::new();
    for name in names {
        match (locked.entries.get(name), current.entries.get(name)) {
            (Some(locked), Some(current)) => drifts.extend(changed(locked, current)),
            (Some(locked), None) => {
                drifts.push(Drift::Missing { name: name.clone(), version: locked.version.clone() });
            }
            (None, Some(current)) => {
                drifts.push(Drift::Extra { name: name.clone(), version: current.version.clone() });
            }
            (None, None) => {}
        }
    }
    drifts
}

fn changed(locked: &LockEntry, current: &LockEntry) -> impl Iterator<Item = Drift> {
    let fields = |entry: &LockEntry| {
        [
            ("version", entry.version.to_string()),
            ("component", entry.component.to_string()),
            ("manifest", entry.manifest.to_string()),
            ("schemas", entry.schemas.to_string()),
            ("wit", entry.wit.clone()),
        ]
    };
    let name = locked.name.clone();
    fields(locked).into_iter().zip(fields(current)).filter(|(expected, actual)| expected != actual).map(
        move |((field, expected), (_, actual))| Drift::Changed {
            name: name.clone(),
            field,
            expected,
            actual,
        },
    )
}
