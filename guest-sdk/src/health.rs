//! Whether the plugin is fit to work, for the `health` hook.
pub use crate::bindings::exports::ares::host::health::{Report, State};

/// All is well.
#[must_use]
pub fn healthy() -> Report {
    Report { state: State::Healthy, detail: String::new() }
}

/// It works, but something is missing or slow.
pub fn degraded(detail: impl Into<String>) -> Report {
    Report { state: State::Degraded, detail: detail.into() }
}

/// It cannot do its work.
pub fn unhealthy(detail: impl Into<String>) -> Report {
    Report { state: State::Unhealthy, detail: detail.into() }
}
