//! The changes of one call, seen by that call at once and by nobody else until it succeeded.

use std::collections::BTreeMap;
use std::ops::Bound;

use ares_kernel::KvWrite;

use super::quota::Total;

/// Changed keys with their new values, and what they count against the limit.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    changes: BTreeMap<String, Option<Vec<u8>>>,
    written: u64,
    most: u64,
    /// What the changes make of the store's size.
    pub(super) total: Total,
}

impl Overlay {
    /// No changes yet, and at most so many bytes of them.
    pub(crate) fn new(most: u64) -> Self {
        Self { most, ..Self::default() }
    }

    /// What this call made of a key, if it did anything to it.
    pub(super) fn get(&self, key: &str) -> Option<Option<&[u8]>> {
        self.changes.get(key).map(Option::as_deref)
    }

    /// Notes a change. Each counts, even where a later one replaces it.
    ///
    /// # Errors
    /// What would be too large, in words.
    pub(super) fn put(&mut self, key: String, value: Option<Vec<u8>>) -> Result<(), String> {
        let bytes = (key.len() + value.as_ref().map_or(0, Vec::len)) as u64;
        let written = self.written.saturating_add(bytes);
        if written > self.most {
            return Err(format!(
                "one call may write {} bytes of keys and values; with this one it would be {written}",
                self.most
            ));
        }
        self.written = written;
        self.total.change(&key, self.size(&key), value.as_ref().map(|_| bytes));
        self.changes.insert(key, value);
        Ok(())
    }

    /// What this call has under a key, in bytes with the key; nothing where it has not changed it.
    pub(super) fn size(&self, key: &str) -> Option<Option<u64>> {
        let size = |value: &Vec<u8>| (key.len() + value.len()) as u64;
        self.changes.get(key).map(|value| value.as_ref().map(size))
    }

    /// How many keys in this range were deleted.
    pub(super) fn deleted(&self, prefix: &str, after: Option<&str>) -> u32 {
        let deleted = self.range(prefix, after).filter(|(_, value)| value.is_none()).count();
        u32::try_from(deleted).unwrap_or(u32::MAX)
    }

    /// Stored keys of this range in order, as they look after the changes.
    pub(super) fn merge(
        &self,
        stored: Vec<String>,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<String> {
        let mut keys: std::collections::BTreeSet<String> =
            stored.into_iter().filter(|key| self.get(key) != Some(None)).collect();
        let set = self.range(prefix, after).filter(|(_, value)| value.is_some());
        keys.extend(set.map(|(key, _)| key.clone()).take(limit));
        keys.into_iter().take(limit).collect()
    }

    fn range<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a String, &'a Option<Vec<u8>>)> {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        self.changes
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// The changes, each key once; nothing is left.
    pub(crate) fn take(&mut self) -> Vec<KvWrite> {
        std::mem::take(&mut self.changes).into_iter().map(|(key, value)| KvWrite { key, value }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlay(changes: &[(&str, Option<&str>)]) -> Overlay {
        let mut overlay = Overlay::new(1000);
        for (key, value) in changes {
            overlay.put((*key).to_owned(), value.map(|v| v.as_bytes().to_vec())).unwrap();
        }
        overlay
    }

    fn stored(keys: &[&str]) -> Vec<String> {
        keys.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_call_sees_its_own_changes() {
        let overlay = overlay(&[("a", Some("1")), ("b", None)]);
        assert_eq!(overlay.get("a"), Some(Some(b"1".as_slice())));
        assert_eq!(overlay.get("b"), Some(None));
        assert_eq!(overlay.get("c"), None);
    }

    #[test]
    fn keys_are_merged_in_order_without_the_deleted() {
        let overlay = overlay(&[("n/b", Some("1")), ("n/c", None), ("n/e", Some("1")), ("o/a", Some("1"))]);
        assert_eq!(overlay.deleted("n/", None), 1);
        let merge = |after, limit| overlay.merge(stored(&["n/a", "n/c", "n/d", "n/e"]), "n/", after, limit);
        assert_eq!(merge(None, 10), ["n/a", "n/b", "n/d", "n/e"]);
        assert_eq!(merge(None, 2), ["n/a", "n/b"]);
        let after = overlay.merge(stored(&["n/d"]), "n/", Some("n/b"), 10);
        assert_eq!(after, ["n/d", "n/e"]);
        assert_eq!(overlay.merge(stored(&["n/a"]), "n/", Some("a"), 1), ["n/a"]);
    }

    #[test]
    fn every_byte_written_counts() {
        let mut overlay = Overlay::new(6);
        overlay.put("ab".to_owned(), Some(vec![0])).unwrap();
        overlay.put("ab".to_owned(), Some(vec![0])).unwrap();
        assert!(overlay.put("c".to_owned(), None).is_err());
        assert_eq!(overlay.take(), [KvWrite { key: "ab".to_owned(), value: Some(vec![0]) }]);
        assert!(overlay.take().is_empty());
    }
}
