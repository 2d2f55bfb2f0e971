//! How often the guard warned of the same thing in what one caller wrote lately.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::name::InvocationId;
use crate::request::Caller;

/// The longest that a warning is remembered, in milliseconds: a day, the most that can be asked about.
pub const WARNING_MS_MAX: u64 = 24 * 60 * 60 * 1000;
/// How many warnings of one rule and caller are remembered: the most that can be asked about.
const EACH_MAX: usize = 1000;
/// How many pairs of caller and rule are remembered. Callers name themselves, so there could be any number.
const PAIRS_MAX: usize = 4096;

/// A caller and a rule of the guard.
type Key = (Caller, String);

/// The guard's warnings of the last day by caller and rule. Fed as calls are judged.
#[derive(Debug, Default)]
pub struct Warnings(Mutex<HashMap<Key, VecDeque<(u64, InvocationId)>>>);

impl Warnings {
    /// Takes in that this call was warned of, at this time.
    pub fn add(&self, by: &Caller, rule: &str, (at_ms, id): (u64, InvocationId)) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (by.clone(), rule.to_owned());
        if known.len() >= PAIRS_MAX && !known.contains_key(&key) {
            let last = |of: &VecDeque<(u64, InvocationId)>| of.back().map_or(0, |(at_ms, _)| *at_ms);
            let oldest = known.iter().min_by_key(|(_, of)| last(of)).map(|(key, _)| key.clone());
            oldest.map(|oldest| known.remove(&oldest));
        }
        let of = known.entry(key).or_default();
        if of.len() >= EACH_MAX {
            of.pop_front();
        }
        of.push_back((at_ms, id));
    }

    /// The calls of this caller that were warned of by this rule since then, oldest first.
    #[must_use]
    pub fn since(&self, by: &Caller, rule: &str, at_ms: u64) -> Vec<InvocationId> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = known.get(&(by.clone(), rule.to_owned())).into_iter().flatten();
        of.filter(|(at, _)| *at >= at_ms).map(|(_, id)| *id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_the_latest_of_each_and_not_without_end() {
        let warnings = Warnings::default();
        let caller = |n: usize| Caller::Agent(format!("a{n}"));
        for n in 0..2 * EACH_MAX as u64 {
            warnings.add(&caller(0), "x", (n, InvocationId::new()));
        }
        assert_eq!(warnings.since(&caller(0), "x", 0).len(), EACH_MAX);
        assert_eq!(warnings.since(&caller(0), "x", 2 * EACH_MAX as u64 - 3).len(), 3);
        assert!(
            warnings.since(&caller(0), "y", 0).is_empty() && warnings.since(&caller(1), "x", 0).is_empty()
        );
        for n in 1..PAIRS_MAX + 10 {
            warnings.add(&caller(n), "x", (n as u64, InvocationId::new()));
        }
        assert!(warnings.0.lock().unwrap().len() <= PAIRS_MAX);
        assert_eq!(warnings.since(&caller(PAIRS_MAX + 9), "x", 0).len(), 1);
    }
}
