//! The stored secrets: what people set, plugins spend and nobody sees.

mod key;
mod memory;
mod pieces;
mod rows;
mod scrubber;
mod spellings;
mod vault;

use ares_kernel::ports::SecretsError;
use ares_kernel::{Caller, PluginName, SecretName, SecretValue};
use rusqlite::Connection;
use serde_json::json;

use self::vault::Stamp;
use crate::error::RegistryError;
use crate::events::{self, Entry, actor};
use crate::registry::Registry;
use crate::rows::int;
use crate::views::SecretView;
use crate::writer::Abort;

pub(crate) use self::memory::Memory;

/// The most secrets there may be.
const SECRETS_MAX: u64 = 1000;
/// The most bytes they may have together: each is looked for in everything that guests say.
const BYTES_MAX: u64 = 256 << 10;

impl Registry {
    /// All secrets, by name, with the plugins that were granted each. Never a value.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn secrets(&self) -> Result<Vec<SecretView>, RegistryError> {
        let stamps = self.readers.read("reading the stored secrets", rows::stamps)?;
        Ok(stamps.into_iter().map(|stamp| self.secret_view(stamp)).collect())
    }

    /// Stored secrets that cannot be opened: neither spent nor looked for in what calls say.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn secrets_unopened(&self) -> Result<Vec<SecretsError>, RegistryError> {
        self.refresh()?;
        let stamps = self.readers.read("reading the stored secrets", rows::stamps)?;
        Ok(stamps.into_iter().filter_map(|stamp| self.memory.secrets.value(&stamp.name).err()).collect())
    }

    /// Stores a new secret. The first one makes the key.
    ///
    /// # Errors
    /// When there is one of this name, there are too many, the key cannot be used or made, or the
    /// registry cannot be written.
    pub fn secret_set(
        &self,
        name: &SecretName,
        value: SecretValue,
        by: &Caller,
    ) -> Result<SecretView, RegistryError> {
        let now = int(self.now());
        self.store_secret((name, value), by, "secret_set", move |name, before| match before {
            Some(_) => Err(RegistryError::SecretExists { name: name.clone() }),
            None => Ok(Stamp { name: name.clone(), created_at: now, rotated_at: None, revision: 1 }),
        })
    }

    /// Stores another value for a secret there is.
    ///
    /// # Errors
    /// When there is none of this name, there are too many, the key cannot be used, or the registry
    /// cannot be written.
    pub fn secret_rotate(
        &self,
        name: &SecretName,
        value: SecretValue,
        by: &Caller,
    ) -> Result<SecretView, RegistryError> {
        let now = int(self.now());
        self.store_secret((name, value), by, "secret_rotated", move |name, before| match before {
            None => Err(RegistryError::NoSuchSecret { name: name.clone() }),
            Some(before) => {
                Ok(Stamp { rotated_at: Some(now), revision: before.revision.saturating_add(1), ..before })
            }
        })
    }

    /// Forgets a secret. Grants of it stay and let nobody spend anything. Answers who had it.
    ///
    /// # Errors
    /// When there is none of this name or the registry cannot be written.
    pub fn secret_remove(&self, name: &SecretName, by: &Caller) -> Result<Vec<PluginName>, RegistryError> {
        let (gone, actor, at) = (name.clone(), Some(actor(by)), self.now());
        self.change("removing a secret", move |connection| {
            if !rows::remove(connection, &gone)? {
                return Err(Abort::Registry(RegistryError::NoSuchSecret { name: gone }));
            }
            let data = json!({ "name": gone });
            Ok(events::insert(connection, &Entry { actor, ..Entry::host("secret_removed", data, at) })?)
        })?;
        Ok(self.granted_secret(name))
    }

    fn store_secret(
        &self,
        (name, value): (&SecretName, SecretValue),
        by: &Caller,
        kind: &'static str,
        stamp: impl FnOnce(&SecretName, Option<Stamp>) -> Result<Stamp, RegistryError> + Send + 'static,
    ) -> Result<SecretView, RegistryError> {
        let first = self.readers.read("reading the stored secrets", rows::stamps)?.is_empty();
        let path = &self.options.secrets_key;
        let key = if first {
            key::read_or_make(path)?
        } else {
            let why = "it is missing, and what was stored cannot be opened without it; put it back, or remove every secret with `ares-host secrets rm`";
            let missing = || RegistryError::SecretsKey { path: path.clone(), why: why.to_owned() };
            key::read(path)?.ok_or_else(missing)?
        };
        let (name, actor, at) = (name.clone(), Some(actor(by)), self.now());
        let stamp = self.change("storing a secret", move |connection| {
            let stamp = stamp(&name, rows::find(connection, &name)?)?;
            room_for(connection, &name, &value)?;
            rows::put(connection, &stamp, &vault::seal(&key, &stamp, &value)?)?;
            let data = json!({ "name": name });
            events::insert(connection, &Entry { actor, ..Entry::host(kind, data, at) })?;
            Ok(stamp)
        })?;
        Ok(self.secret_view(stamp))
    }

    fn secret_view(&self, stamp: Stamp) -> SecretView {
        let millis = |at: i64| u64::try_from(at).unwrap_or_default();
        SecretView {
            granted: self.granted_secret(&stamp.name),
            created_at_ms: millis(stamp.created_at),
            rotated_at_ms: stamp.rotated_at.map(millis),
            revision: u64::try_from(stamp.revision).unwrap_or_default(),
            name: stamp.name,
        }
    }

    /// The plugins that ask for a secret and were granted it.
    fn granted_secret(&self, name: &SecretName) -> Vec<PluginName> {
        let snapshot = self.snapshot();
        let granted = snapshot.plugins().filter(|plugin| plugin.grants.secret(name).is_some());
        granted.map(|plugin| plugin.name.clone()).collect()
    }
}

fn room_for(connection: &Connection, name: &SecretName, value: &SecretValue) -> Result<(), Abort> {
    let (count, bytes) = rows::others(connection, name)?;
    if count >= SECRETS_MAX {
        let why =
            format!("there are {count} secrets already, and more are not kept; remove one you do not need");
        return Err(Abort::Registry(RegistryError::Invalid(why)));
    }
    if bytes.saturating_add(value.expose().len() as u64) > BYTES_MAX {
        let why = format!(
            "all secrets together have at most {BYTES_MAX} bytes, and {bytes} are taken; remove one you do not need"
        );
        return Err(Abort::Registry(RegistryError::Invalid(why)));
    }
    Ok(())
}
