//! The table `kv`: values that plugins keep. Each plugin sees its own; they go when it goes.

use ares_kernel::facts::{Limits, Plugin};
use ares_kernel::ports::{KvError, KvStore, KvUsed, StoreFull};
use ares_kernel::{KvWrite, PluginName};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _};

use crate::error::RegistryError;
use crate::journal::record;
use crate::registry::Registry;
use crate::rows;
use crate::writer::Abort;

/// The most keys one question answers.
const KEYS_MAX: u32 = 1000;

/// The one whose values are kept, as it was when its call was admitted.
#[derive(Debug, Clone)]
pub(crate) struct Keeper {
    name: PluginName,
    blake3: [u8; 32],
    limits: Limits,
}

impl Keeper {
    pub(crate) fn of(plugin: &Plugin) -> Self {
        Self { name: plugin.name.clone(), blake3: *plugin.blake3.as_bytes(), limits: plugin.limits.clone() }
    }
}

/// Keeps the writes of a call, in order. They are refused when the plugin that made them is not
/// registered with these bytes any more, and when its store would hold more than it may: all changes
/// are made by one thread one after another, so calls at the same time cannot add up to more.
pub(crate) fn keep(connection: &Connection, keeper: &Keeper, writes: &[KvWrite]) -> Result<(), Abort> {
    let plugin = keeper.name.as_str();
    let Some(module) = record::module(connection, plugin, &keeper.blake3)? else {
        let message = format!("`{plugin}` was taken out while it ran; what it wanted to keep is lost");
        return Err(Abort::Registry(RegistryError::Invalid(message)));
    };
    let mut set = connection.prepare_cached(
        "INSERT INTO kv (module_id, key, value) VALUES (?1, ?2, ?3)
         ON CONFLICT (module_id, key) DO UPDATE SET value = excluded.value",
    )?;
    let mut forget = connection.prepare_cached("DELETE FROM kv WHERE module_id = ?1 AND key = ?2")?;
    let before = total(connection, module)?;
    for write in writes {
        match &write.value {
            Some(value) => set.execute((module, &write.key, value))?,
            None => forget.execute((module, &write.key))?,
        };
    }
    let after = total(connection, module)?;
    // What holds too much since its limit was lowered may still become less.
    let grows = after.bytes > before.bytes || after.keys > before.keys;
    match after.exceeds(&keeper.limits).filter(|_| grows) {
        None => Ok(()),
        Some((limit, would, most)) => {
            let full = StoreFull { plugin: keeper.name.clone(), limit, would, most };
            Err(Abort::Registry(RegistryError::StoreFull(full)))
        }
    }
}

/// How much is kept, as the database itself counts it.
fn total(connection: &Connection, module: i64) -> rusqlite::Result<KvUsed> {
    let mut select = connection.prepare_cached("SELECT keys, bytes FROM kv_total WHERE module_id = ?1")?;
    let found = select.query_row([module], |row| {
        Ok(KvUsed { keys: rows::count(row, "keys")?, bytes: rows::count(row, "bytes")? })
    });
    Ok(found.optional()?.unwrap_or_default())
}

impl Registry {
    /// Keeps what a hook wants kept, on disk when the answer is there.
    ///
    /// # Errors
    /// When these bytes are not registered under the plugin's name, or the registry cannot be
    /// written.
    pub fn kv_apply(
        &self,
        plugin: &Plugin,
        writes: Vec<KvWrite>,
    ) -> BoxFuture<'static, Result<(), RegistryError>> {
        let keeper = Keeper::of(plugin);
        self.change_async("keeping a plugin's values", move |connection| keep(connection, &keeper, &writes))
    }

    /// How much a plugin keeps.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn kv_used(&self, plugin: &PluginName) -> Result<KvUsed, RegistryError> {
        self.readers.read("reading how much a plugin keeps", |connection| used(connection, plugin))
    }
}

fn used(connection: &Connection, plugin: &PluginName) -> rusqlite::Result<KvUsed> {
    let mut select = connection.prepare_cached("SELECT id FROM modules WHERE name = ?1")?;
    match select.query_row([plugin.as_str()], |row| row.get(0)).optional()? {
        None => Ok(KvUsed::default()),
        Some(module) => total(connection, module),
    }
}

fn kv_error(error: RegistryError) -> KvError {
    KvError(error.into())
}

impl KvStore for Registry {
    fn get<'a>(
        &'a self,
        plugin: &'a PluginName,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, KvError>> {
        let (plugin, key) = (plugin.clone(), key.to_owned());
        let read = self.threads.read("reading a plugin's value", move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT value FROM kv WHERE module_id = (SELECT id FROM modules WHERE name = ?1) AND key = ?2",
            )?;
            select.query_row((plugin.as_str(), &key), |row| row.get(0)).optional()
        });
        read.map(|result| result.map_err(kv_error)).boxed()
    }

    fn keys<'a>(
        &'a self,
        plugin: &'a PluginName,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<String>, KvError>> {
        let (plugin, prefix) = (plugin.clone(), prefix.to_owned());
        let (after, limit) = (after.map(ToOwned::to_owned), limit.min(KEYS_MAX));
        let read = self.threads.read("reading a plugin's keys", move |connection| {
            // In byte order everything that begins with a prefix stands together, right behind it.
            let mut select = connection.prepare_cached(
                "SELECT key FROM kv WHERE module_id = (SELECT id FROM modules WHERE name = ?1)
                    AND key >= ?2 AND (?3 IS NULL OR key > ?3) ORDER BY key LIMIT ?4",
            )?;
            let found = select.query_map((plugin.as_str(), &prefix, &after, limit), |row| row.get(0))?;
            let with_prefix =
                |key: &rusqlite::Result<String>| !matches!(key, Ok(key) if !key.starts_with(&prefix));
            found.take_while(with_prefix).collect()
        });
        read.map(|result| result.map_err(kv_error)).boxed()
    }

    fn used<'a>(&'a self, plugin: &'a PluginName) -> BoxFuture<'a, Result<KvUsed, KvError>> {
        let plugin = plugin.clone();
        let read =
            self.threads.read("reading how much a plugin keeps", move |connection| used(connection, &plugin));
        read.map(|result| result.map_err(kv_error)).boxed()
    }
}
