//! Log lines on standard error.

use std::io;

use tracing_subscriber::filter::LevelFilter;

use crate::config::high::LogLevel;

/// Writes log lines from this level on. The first call holds for the process.
pub(crate) fn start(level: LogLevel, color: bool) {
    let level = match level.0 {
        "error" => LevelFilter::ERROR,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        _ => LevelFilter::WARN,
    };
    let subscriber =
        tracing_subscriber::fmt().with_max_level(level).with_ansi(color).with_writer(io::stderr).finish();
    // Where another subscriber is set already, that one holds.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
