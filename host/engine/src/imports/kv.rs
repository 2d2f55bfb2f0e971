//! `ares:host/kv`: the plugin's own store, read through what this call has changed already.

mod overlay;
mod quota;

use ares_kernel::PluginName;
use ares_kernel::facts::Limits;
use ares_kernel::ports::KvStore;
use wasmtime::component::HasData;

use super::Import;
use crate::limits::Meter;
use crate::log::Denials;
use crate::state::{CallState, Parts};
use crate::world::v0_1::kv::{self, Error};

pub(crate) use overlay::Overlay;
use quota::Quota;

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 256;
/// The most keys that one call of `keys` answers.
const KEYS_MAX: u32 = 1000;

pub(super) const IMPORT: Import =
    Import { name: "kv", link: |linker| kv::add_to_linker::<CallState, Kv>(linker, CallState::kv_view) };

struct Kv;

/// The store, if it is granted: without the grant there is nothing here to reach it by.
pub(crate) struct KvView<'a> {
    bucket: Result<Bucket<'a>, String>,
    meter: &'a mut Meter,
    denials: Denials<'a>,
}

/// A granted store.
struct Bucket<'a> {
    plugin: &'a PluginName,
    store: &'a dyn KvStore,
    overlay: &'a mut Overlay,
    read_only: Option<String>,
    limits: &'a Limits,
}

impl HasData for Kv {
    type Data<'a> = KvView<'a>;
}

impl CallState {
    fn kv_view(&mut self) -> KvView<'_> {
        let Parts { authority, surroundings, meter, overlay, log, .. } = self.parts();
        let read_only = (!authority.changes())
            .then(|| format!("`{}` may read stored values, not change them", authority.name()));
        let bucket = match authority.plugin() {
            Some(plugin) if authority.grants().kv() => {
                let limits = authority.limits();
                Ok(Bucket { plugin: &plugin.name, store: &*surroundings.kv, overlay, read_only, limits })
            }
            _ => Err(format!("`{}` was not granted `kv`", authority.name())),
        };
        KvView { bucket, meter, denials: Denials { log, surroundings, authority } }
    }
}

fn sound(key: &str) -> Result<(), Error> {
    if (1..=KEY_BYTES_MAX).contains(&key.len()) {
        return Ok(());
    }
    Err(Error::TooLarge(format!("a key has 1 to {KEY_BYTES_MAX} bytes; this one has {}", key.len())))
}

fn unavailable(error: &ares_kernel::ports::KvError) -> Error {
    Error::Unavailable(error.to_string())
}

impl<'a> KvView<'a> {
    fn bucket(&mut self) -> Result<&mut Bucket<'a>, Error> {
        self.bucket.as_mut().map_err(|why| Error::NotGranted(why.clone()))
    }

    fn writable(&mut self) -> Result<&mut Bucket<'a>, Error> {
        let bucket = self.bucket()?;
        match &bucket.read_only {
            None => Ok(bucket),
            Some(why) => Err(Error::NotGranted(why.clone())),
        }
    }

    /// Notes what was not granted, on its way to the guest.
    fn told<T>(&mut self, asked: &str, result: Result<T, Error>) -> wasmtime::Result<Result<T, Error>> {
        if let Err(Error::NotGranted(why)) = &result {
            self.denials.note(&format!("kv.{asked}: {why}"));
        }
        Ok(result)
    }
}

impl Bucket<'_> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        sound(key)?;
        match self.overlay.get(key) {
            Some(changed) => Ok(changed.map(<[u8]>::to_vec)),
            None => self.store.get(self.plugin, key).await.map_err(|error| unavailable(&error)),
        }
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> Result<(), Error> {
        sound(&key)?;
        let quota = Quota { plugin: self.plugin, store: self.store, limits: self.limits };
        quota.room(self.overlay, &key, value.len()).await?;
        self.overlay.put(key, Some(value)).map_err(Error::TooLarge)
    }

    async fn delete(&mut self, key: String) -> Result<bool, Error> {
        let there = self.get(&key).await?.is_some();
        if there {
            self.overlay.put(key, None).map_err(Error::TooLarge)?;
        }
        Ok(there)
    }

    async fn keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, Error> {
        let limit = limit.min(KEYS_MAX);
        if limit == 0 {
            return Ok(Vec::new());
        }
        // As many more as could fall away because this call has deleted them.
        let ask = limit.saturating_add(self.overlay.deleted(prefix, after));
        let stored = self.store.keys(self.plugin, prefix, after, ask).await;
        let stored = stored.map_err(|error| unavailable(&error))?;
        Ok(self.overlay.merge(stored, prefix, after, limit as usize))
    }
}

impl kv::Host for KvView<'_> {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        self.meter.count()?;
        let value = match self.bucket() {
            Ok(bucket) => bucket.get(&key).await,
            Err(error) => Err(error),
        };
        self.told("get", value)
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        self.meter.count()?;
        let set = match self.writable() {
            Ok(bucket) => bucket.set(key, value).await,
            Err(error) => Err(error),
        };
        self.told("set", set)
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<Result<bool, Error>> {
        self.meter.count()?;
        let deleted = match self.writable() {
            Ok(bucket) => bucket.delete(key).await,
            Err(error) => Err(error),
        };
        self.told("delete", deleted)
    }

    async fn keys(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<String>, Error>> {
        self.meter.count()?;
        let keys = match self.bucket() {
            Ok(bucket) => bucket.keys(&prefix, after.as_deref(), limit).await,
            Err(error) => Err(error),
        };
        self.told("keys", keys)
    }
}
