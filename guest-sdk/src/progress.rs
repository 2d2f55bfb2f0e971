//! How far a call has come, for whoever waits for it; always granted.
#[cfg(target_family = "wasm")]
use crate::bindings::ares::host::progress as host;
#[cfg(not(target_family = "wasm"))]
use crate::native::progress as host;

/// Reports that `done` of `total` units are done; the message says what is at hand. The host hands
/// on the latest report about ten times a second, so call it as often as something was done.
///
/// ```
/// ares_sdk::progress::report(3, 10, "reading src/lib.rs");
/// ares_sdk::progress::report(3, None, "reading src/lib.rs");
/// ```
pub fn report(done: u64, total: impl Into<Option<u64>>, message: &str) {
    host::report(done, total.into(), message);
}
