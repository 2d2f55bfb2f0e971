//! Rulings by question, bounded: the same question is evaluated once.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, Hasher as _, RandomState};
use std::sync::{PoisonError, RwLock};

use ares_kernel::facts::{Effect, Scope};
use ares_kernel::ports::{Arguments, Question, Ruling};
use ares_kernel::{Blake3, Caller, CapabilityId, PluginName};

use crate::rule::Looks;

/// Each part has its own lock, so that threads seldom wait for each other.
const PARTS: usize = 16;

/// The most rulings of one part. A part that is full begins again: what is asked often is back soon.
const PART_MAX: usize = 256;

/// The most bytes of arguments a ruling is kept for.
const ARGUMENT_BYTES_MAX: usize = 2048;

/// Rulings of one revision of the rules.
pub(crate) struct Cache {
    parts: [RwLock<HashMap<u64, (Key, Ruling)>>; PARTS],
    hasher: RandomState,
    looks: Looks,
}

/// Everything a ruling depends on.
struct Key {
    caller: Caller,
    origin: Caller,
    plugin: PluginName,
    version: semver::Version,
    blake3: Blake3,
    capability: CapabilityId,
    effect: Effect,
    needs: Vec<Scope>,
    arguments: Option<Arguments<'static>>,
}

impl Cache {
    /// An empty one, for rules that look at these parts of the arguments.
    pub(crate) fn new(looks: Looks) -> Self {
        Self { parts: std::array::from_fn(|_| RwLock::default()), hasher: RandomState::new(), looks }
    }

    /// The ruling on this question, where it is known, else as `rule` makes it.
    pub(crate) fn get(&self, question: &Question<'_>, rule: impl FnOnce() -> Ruling) -> Ruling {
        let hash = self.hash(question);
        // The remainder is less than the number of parts.
        let part = usize::try_from(hash % PARTS as u64).ok().and_then(|at| self.parts.get(at));
        let Some(part) = part else { return rule() };
        let known = part.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((key, ruling)) = known.get(&hash)
            && self.same(key, question)
        {
            return ruling.clone();
        }
        drop(known);
        let ruling = rule();
        if let Some(key) = self.key(question) {
            let mut known = part.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= PART_MAX {
                known.clear();
            }
            known.insert(hash, (key, ruling.clone()));
        }
        ruling
    }

    fn hash(&self, question: &Question<'_>) -> u64 {
        let mut state = self.hasher.build_hasher();
        let Question { caller, origin, plugin, capability, arguments } = question;
        for caller in [caller, origin] {
            (caller.kind(), caller.name()).hash(&mut state);
        }
        // Equal bytes, versions and names are compared; the first is enough to tell nearly all apart.
        (plugin.blake3.as_bytes(), capability.id.as_str(), capability.effect).hash(&mut state);
        match arguments {
            None => state.write_u8(0),
            Some(arguments) => {
                state.write_u8(1);
                let Looks { hosts, paths, blast, findings } = self.looks;
                hosts.then(|| arguments.hosts.hash(&mut state));
                paths.then(|| arguments.paths.hash(&mut state));
                blast.then(|| arguments.blast.hash(&mut state));
                findings.then(|| arguments.findings.hash(&mut state));
            }
        }
        state.finish()
    }

    fn same(&self, key: &Key, question: &Question<'_>) -> bool {
        let Question { caller, origin, plugin, capability, arguments } = question;
        key.capability == capability.id
            && key.plugin == plugin.name
            && key.caller == **caller
            && key.origin == **origin
            && key.blake3 == plugin.blake3
            && key.effect == capability.effect
            && key.version == plugin.version
            && key.needs == capability.needs
            && match (&key.arguments, arguments) {
                (None, None) => true,
                (Some(kept), Some(asked)) => {
                    let Looks { hosts, paths, blast, findings } = self.looks;
                    (!hosts || kept.hosts == asked.hosts)
                        && (!paths || kept.paths == asked.paths)
                        && (!blast || kept.blast == asked.blast)
                        && (!findings || kept.findings == asked.findings)
                }
                _ => false,
            }
    }

    /// The key to keep a ruling under; nothing where it would take too much room.
    fn key(&self, question: &Question<'_>) -> Option<Key> {
        let Question { caller, origin, plugin, capability, arguments } = question;
        let Looks { hosts, paths, .. } = self.looks;
        let owned = |wanted: bool, texts: &[std::borrow::Cow<'_, str>]| -> Vec<_> {
            let texts = texts.iter().filter(|_| wanted);
            texts.map(|text| std::borrow::Cow::Owned(text.clone().into_owned())).collect()
        };
        let bytes = |wanted: bool, texts: &[std::borrow::Cow<'_, str>]| -> usize {
            texts.iter().filter(|_| wanted).map(|text| text.len()).sum()
        };
        let size = arguments.as_ref().map_or(0, |kept| bytes(hosts, &kept.hosts) + bytes(paths, &kept.paths));
        let names = caller.name().len() + origin.name().len();
        (size + names <= ARGUMENT_BYTES_MAX).then(|| Key {
            caller: (*caller).clone(),
            origin: (*origin).clone(),
            plugin: plugin.name.clone(),
            version: plugin.version.clone(),
            blake3: plugin.blake3,
            capability: capability.id.clone(),
            effect: capability.effect,
            needs: capability.needs.clone(),
            arguments: arguments.as_ref().map(|kept| Arguments {
                hosts: owned(hosts, &kept.hosts),
                paths: owned(paths, &kept.paths),
                blast: kept.blast,
                findings: kept.findings.clone(),
            }),
        })
    }

    /// How many rulings are kept.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        let each = self.parts.iter().map(|part| part.read().unwrap_or_else(PoisonError::into_inner).len());
        each.sum()
    }
}

/// The most rulings there can be.
#[cfg(test)]
pub(crate) const MOST: usize = PARTS * PART_MAX;
