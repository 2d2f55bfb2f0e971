//! What plugins keep: how it is read, and how much it may be.

use futures::future::BoxFuture;

use crate::facts::Limits;
use crate::name::PluginName;
use crate::report::LimitHit;

/// Reads a plugin's stored values.
pub trait KvStore: Send + Sync {
    /// The value of a key.
    fn get<'a>(
        &'a self,
        plugin: &'a PluginName,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, KvError>>;

    /// At most `limit` keys that begin with `prefix`, in byte order, after `after`.
    fn keys<'a>(
        &'a self,
        plugin: &'a PluginName,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<String>, KvError>>;

    /// How much the plugin keeps.
    fn used<'a>(&'a self, plugin: &'a PluginName) -> BoxFuture<'a, Result<KvUsed, KvError>>;
}

/// How much a plugin keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct KvUsed {
    /// Keys.
    pub keys: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
}

impl KvUsed {
    /// The first limit it is beyond: its manifest key, how much it is and how much it may be.
    #[must_use]
    pub fn exceeds(&self, limits: &Limits) -> Option<(&'static str, u64, u64)> {
        [("kv_total_bytes", self.bytes, limits.kv_total_bytes), ("kv_keys", self.keys, limits.kv_keys)]
            .into_iter()
            .find(|(_, used, most)| used > most)
    }
}

/// The writes of a call do not fit into its plugin's store. None of them is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store of `{plugin}` would hold {would}; the most is `{limit}` = {most}: delete something")]
pub struct StoreFull {
    /// Whose.
    pub plugin: PluginName,
    /// The manifest's key.
    pub limit: &'static str,
    /// How much it would be.
    pub would: u64,
    /// How much it may be.
    pub most: u64,
}

impl StoreFull {
    /// The limit, as an outcome names it.
    #[must_use]
    pub fn limit_hit(&self) -> LimitHit {
        let above = (self.limit == "kv_total_bytes").then_some("limits.kv_total_bytes");
        LimitHit::of_plugin(self.limit, self.most, above)
    }
}

/// The store cannot be read. Details are the source.
#[derive(Debug, thiserror::Error)]
#[error("the stored values cannot be read")]
pub struct KvError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_that_is_exceeded_is_named() {
        let limits = Limits { kv_total_bytes: 10, kv_keys: 2, ..Limits::default() };
        assert_eq!(KvUsed { keys: 2, bytes: 10 }.exceeds(&limits), None);
        assert_eq!(KvUsed { keys: 2, bytes: 11 }.exceeds(&limits), Some(("kv_total_bytes", 11, 10)));
        assert_eq!(KvUsed { keys: 3, bytes: 1 }.exceeds(&limits), Some(("kv_keys", 3, 2)));
    }
}
