//! Counts: in memory, which lasts as long as the instance, and in the store, which lasts.
use std::sync::atomic::{AtomicU64, Ordering};

use ares_sdk::{Failure, kv};

static COUNT: AtomicU64 = AtomicU64::new(0);
const KEY: &str = "count";
const SETUPS: &str = "setups";
const TEARDOWNS: &str = "teardowns";

/// The counter to use.
#[ares_sdk::data]
pub struct Step {
    /// How much to add, 1 unless given.
    #[serde(default = "one")]
    by: u64,
}

fn one() -> u64 {
    1
}

/// Answers 1, 2, 3 and so on, as long as the instance lives.
#[ares_sdk::capability(effect = "read")]
pub fn next() -> Result<u64, Failure> {
    Ok(COUNT.fetch_add(1, Ordering::Relaxed) + 1)
}

/// Adds to a stored number and answers it.
#[ares_sdk::capability(effect = "write")]
pub fn kv_increment(input: Step) -> Result<u64, Failure> {
    let count = kv::get_json::<u64>(KEY)?.unwrap_or(0).saturating_add(input.by);
    kv::set_json(KEY, &count)?;
    Ok(count)
}

/// How often each hook ran.
#[ares_sdk::data]
pub struct Hooks {
    /// `setup`
    setups: u64,
    /// `teardown`
    teardowns: u64,
}

/// Answers how often the hooks ran.
#[ares_sdk::capability(effect = "read")]
pub fn hooks() -> Result<Hooks, Failure> {
    let count = |key| kv::get_json::<u64>(key).map(|count| count.unwrap_or(0));
    Ok(Hooks { setups: count(SETUPS)?, teardowns: count(TEARDOWNS)? })
}

fn count_one(key: &str) -> Result<(), Failure> {
    let count = kv::get_json::<u64>(key)?.unwrap_or(0) + 1;
    kv::set_json(key, &count)?;
    Ok(())
}

fn set_up() -> Result<(), Failure> {
    count_one(SETUPS)
}

fn tear_down() -> Result<(), Failure> {
    count_one(TEARDOWNS)
}

ares_sdk::plugin! { capabilities: [next, kv_increment, hooks], setup: set_up, teardown: tear_down }
