//! Counts: in memory, which lasts as long as the instance, and in the store, which lasts.
use std::sync::atomic::{AtomicU64, Ordering};

use ares_sdk::{Failure, kv};

static COUNT: AtomicU64 = AtomicU64::new(0);
const KEY: &str = "count";

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

ares_sdk::plugin!(next, kv_increment);
