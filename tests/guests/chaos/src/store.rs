//! Writes where it said it would not, and writes before it fails.
use ares_sdk::{Failure, kv};

const KEY: &str = "chaos";

/// Is declared to read, and writes.
#[ares_sdk::capability(effect = "read")]
pub(crate) fn undeclared_kv_write() -> Result<(), Failure> {
    Ok(kv::set(KEY, b"written by a reader")?)
}

/// Writes, then traps: nothing may remain.
#[ares_sdk::capability(effect = "write")]
pub(crate) fn kv_then_trap() -> Result<(), Failure> {
    kv::set(KEY, b"written before a trap")?;
    panic!("after the write");
}

/// Writes, then fails: nothing may remain.
#[ares_sdk::capability(effect = "write")]
pub(crate) fn kv_then_fail() -> Result<(), Failure> {
    kv::set(KEY, b"written before a failure")?;
    Err(Failure::new("changed-my-mind", "after the write"))
}

/// Answers what remained, or null.
#[ares_sdk::capability(effect = "read")]
pub(crate) fn kv_show() -> Result<Option<String>, Failure> {
    Ok(kv::get(KEY)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}
