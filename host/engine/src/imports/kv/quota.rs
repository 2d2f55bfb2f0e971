//! How much a store may hold in all, judged as soon as it is clear. What is not clear yet, because other
//! calls write at the same time, the journal judges when it keeps the writes.

use std::collections::{BTreeMap, BTreeSet};

use ares_kernel::PluginName;
use ares_kernel::facts::Limits;
use ares_kernel::ports::{KvStore, KvUsed};

use super::{Overlay, unavailable};
use crate::world::v0_1::kv::Error;

/// What the changes of a call make of its store's size.
#[derive(Debug, Default)]
pub(super) struct Total {
    /// What the store held when this call first asked.
    used: Option<KvUsed>,
    /// The keys and values that this call set and has not deleted.
    set: KvUsed,
    /// What stood under changed keys before, as far as anyone looked.
    gone: KvUsed,
    /// What stood under keys where someone looked, in bytes with the key.
    before: BTreeMap<String, Option<u64>>,
    /// Changed keys where nobody looked yet.
    unseen: BTreeSet<String>,
}

impl Total {
    /// Notes that a key had this size in this call, if it was changed before, and has that now.
    pub(super) fn change(&mut self, key: &str, was: Option<Option<u64>>, is: Option<u64>) {
        match (was, self.before.get(key)) {
            (Some(was), _) => self.set.take(was),
            (None, Some(before)) => self.gone.add(*before),
            (None, None) => drop(self.unseen.insert(key.to_owned())),
        }
        self.set.add(is);
    }

    /// Notes what stood under a key before this call.
    fn look(&mut self, key: String, bytes: Option<u64>) {
        if self.unseen.remove(&key) {
            self.gone.add(bytes);
        }
        self.before.insert(key, bytes);
    }

    /// What the store would hold with a key of this size: at most this, and exactly this where every
    /// key was looked at.
    fn with(&self, used: KvUsed, key: &str, was: Option<Option<u64>>, is: u64) -> KvUsed {
        let mut after = KvUsed { keys: used.keys + self.set.keys, bytes: used.bytes + self.set.bytes };
        after.add(Some(is));
        match was {
            Some(was) => after.take(was),
            None => after.take(self.before.get(key).copied().flatten()),
        }
        KvUsed {
            keys: after.keys.saturating_sub(self.gone.keys),
            bytes: after.bytes.saturating_sub(self.gone.bytes),
        }
    }
}

/// One more or one less of this size.
trait Count {
    fn add(&mut self, bytes: Option<u64>);
    fn take(&mut self, bytes: Option<u64>);
}

impl Count for KvUsed {
    fn add(&mut self, bytes: Option<u64>) {
        self.keys += u64::from(bytes.is_some());
        self.bytes = self.bytes.saturating_add(bytes.unwrap_or(0));
    }

    fn take(&mut self, bytes: Option<u64>) {
        self.keys = self.keys.saturating_sub(u64::from(bytes.is_some()));
        self.bytes = self.bytes.saturating_sub(bytes.unwrap_or(0));
    }
}

/// A store and its bounds.
pub(super) struct Quota<'a> {
    pub(super) plugin: &'a PluginName,
    pub(super) store: &'a dyn KvStore,
    pub(super) limits: &'a Limits,
}

impl Quota<'_> {
    /// Whether there is room for one more value. What stood under the keys of this call is looked at
    /// only where it decides.
    pub(super) async fn room(&self, overlay: &mut Overlay, key: &str, value: usize) -> Result<(), Error> {
        let used = match overlay.total.used {
            Some(used) => used,
            None => self.store.used(self.plugin).await.map_err(|error| unavailable(&error))?,
        };
        overlay.total.used = Some(used);
        let (was, is) = (overlay.size(key), (key.len() + value) as u64);
        if overlay.total.with(used, key, was, is).exceeds(self.limits).is_none() {
            return Ok(());
        }
        let mut unseen: Vec<String> = overlay.total.unseen.iter().cloned().collect();
        if was.is_none() && !overlay.total.before.contains_key(key) {
            unseen.push(key.to_owned());
        }
        for key in unseen {
            let before = self.store.get(self.plugin, &key).await.map_err(|error| unavailable(&error))?;
            let bytes = before.map(|value| (key.len() + value.len()) as u64);
            overlay.total.look(key, bytes);
        }
        let full = overlay.total.with(used, key, was, is).exceeds(self.limits);
        full.map_or(Ok(()), |(limit, would, most)| {
            let why = format!("the store would hold {would}, the most is `{limit}` = {most}");
            Err(Error::TooLarge(why))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_or_deleted_makes_room_once_it_was_looked_at() {
        let used = KvUsed { keys: 2, bytes: 100 };
        let mut total = Total::default();
        total.change("a", None, Some(50));
        assert_eq!(total.with(used, "b", None, 10), KvUsed { keys: 4, bytes: 160 });
        total.look("a".to_owned(), Some(60));
        total.look("b".to_owned(), None);
        assert_eq!(total.with(used, "b", None, 10), KvUsed { keys: 3, bytes: 100 });
        // Looked at alone changes nothing: only a change takes the place of what was there.
        total.look("c".to_owned(), Some(40));
        assert_eq!(total.with(used, "b", None, 10), KvUsed { keys: 3, bytes: 100 });
        total.change("c", None, None);
        assert_eq!(total.with(used, "b", None, 10), KvUsed { keys: 2, bytes: 60 });
        total.change("a", Some(Some(50)), Some(5));
        assert_eq!(total.with(used, "a", Some(Some(5)), 7), KvUsed { keys: 1, bytes: 7 });
    }
}
