//! The plugin's own log, always granted: `log::info!("read {count} files")`.
#[cfg(target_family = "wasm")]
use crate::bindings::ares::host::log as host;
#[cfg(not(target_family = "wasm"))]
use crate::native::log as host;

pub use crate::bindings::ares::host::log::Level;
pub use crate::{__log_debug as debug, __log_error as error, __log_info as info, __log_warn as warn};

/// Writes one line. The host escapes control characters and cuts it at 4 KiB.
pub fn write(level: Level, message: &str) {
    host::write(level, message);
}

/// Writes a formatted line of level `debug`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_debug {
    ($($text:tt)*) => { $crate::log::write($crate::log::Level::Debug, &::std::format!($($text)*)) };
}

/// Writes a formatted line of level `info`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_info {
    ($($text:tt)*) => { $crate::log::write($crate::log::Level::Info, &::std::format!($($text)*)) };
}

/// Writes a formatted line of level `warn`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_warn {
    ($($text:tt)*) => { $crate::log::write($crate::log::Level::Warn, &::std::format!($($text)*)) };
}

/// Writes a formatted line of level `error`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_error {
    ($($text:tt)*) => { $crate::log::write($crate::log::Level::Error, &::std::format!($($text)*)) };
}
