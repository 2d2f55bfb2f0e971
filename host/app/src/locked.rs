//! `ares.lock` on this side of the host: read, made of answers, made of folders, compared.

use std::path::Path;

use ares_kernel::Blake3;
use ares_registry::bundle::{self, Bundle};
use ares_registry::lockfile::{Lock, LockEntry};
use ares_services::operation::Problem;
use serde_json::Value;

use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::text_file;

/// Reads a lock file.
pub(crate) fn read(path: &Path) -> Result<Lock, Failure> {
    let text = text_file::read(path).map_err(|error| {
        Failure::io("reading the lock file", &error).hint("`ares-host lock` writes it; --lock names another")
    })?;
    Lock::parse(&text, path).map_err(|error| Failure::chain(ExitStatus::BadInput, "bad-lock", &error))
}

/// The lock an answer of the host stands for.
pub(crate) fn from_answer(answer: &Value) -> Result<Lock, Failure> {
    let entries = answer.get("plugins").and_then(Value::as_array).ok_or_else(|| not_a_lock("plugins"))?;
    entries.iter().map(entry).collect()
}

fn entry(entry: &Value) -> Result<LockEntry, Failure> {
    Ok(LockEntry {
        name: parsed(entry, "name")?,
        version: parsed(entry, "version")?,
        component: parsed(entry, "component")?,
        manifest: parsed(entry, "manifest")?,
        schemas: parsed(entry, "schemas")?,
        wit: parsed(entry, "wit")?,
    })
}

fn parsed<T: std::str::FromStr>(entry: &Value, key: &str) -> Result<T, Failure> {
    let text = entry.get(key).and_then(Value::as_str);
    text.and_then(|text| text.parse().ok()).ok_or_else(|| not_a_lock(key))
}

fn not_a_lock(key: &str) -> Failure {
    Failure::new(ExitStatus::Failed, "bad-answer", format!("the host's lock has no usable `{key}`"))
        .hint("host and program are of different versions; stop the host and start it with this program")
}

/// The lock the plugin folders under a folder would give, as far as their bytes tell: schemas and
/// WIT track follow from the component's bytes and are taken over from the lock that is compared.
pub(crate) fn from_folders(folder: &Path, locked: &Lock) -> Result<Lock, Failure> {
    let found = bundle::discover(folder).map_err(Problem::from)?;
    if let Some((_, error)) = found.bad.into_iter().next() {
        return Err(Problem::from(error).into());
    }
    let mut entries: Vec<LockEntry> = Vec::new();
    for plugin in found.plugins.into_values().flatten() {
        let bundle = Bundle::open(&plugin.folder).map_err(Problem::from)?;
        let name = bundle.manifest.id;
        if let Some(twice) = entries.iter().find(|entry| entry.name == name) {
            let message = format!("`{}` stands in two folders under {}", twice.name, folder.display());
            return Err(Failure::input("plugin-twice", message).hint("keep one copy of it"));
        }
        let known = locked.entries().find(|entry| entry.name == name);
        entries.push(LockEntry {
            version: bundle.manifest.version,
            component: bundle.blake3,
            manifest: Blake3::of(bundle.manifest_text.as_bytes()),
            schemas: known.map_or_else(|| Blake3::of(b""), |entry| entry.schemas),
            wit: known.map_or_else(String::new, |entry| entry.wit.clone()),
            name,
        });
    }
    Ok(entries.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_becomes_a_lock_or_an_error_that_names_the_gap() {
        let hash = Blake3::of(b"x").to_string();
        let mut answer = json!({"plugins": [{"name": "notes", "version": "0.1.0", "component": hash, "manifest": hash, "schemas": hash, "wit": "0.1"}]});
        let lock = from_answer(&answer).unwrap();
        assert_eq!(Lock::parse(&lock.to_text(), Path::new("ares.lock")), Ok(lock));
        answer["plugins"][0]["schemas"] = json!("short");
        assert!(from_answer(&answer).unwrap_err().message.contains("`schemas`"));
        assert!(from_answer(&json!({})).is_err());
    }
}
