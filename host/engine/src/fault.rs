//! From Wasmtime's error to a fault: the one place where a guest's words leave its sandbox, since
//! the kernel's constructors used here escape and cut them.

use ares_kernel::{Fault, FaultKind};
use wasmtime::component::ResourceTableError;
use wasmtime::{PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;

use crate::state::CallState;

/// What is attached of a guest's last words, in bytes.
const LAST_WORDS_MAX: usize = 1024;

/// Why the host itself ended a guest.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(crate) enum Stop {
    /// Its time was over while it computed.
    #[error("its time is over")]
    Deadline,
    /// It made too many calls into the host.
    #[error(
        "it made more than {0} host calls; call the host less often or raise `host_calls` in its [limits]"
    )]
    HostCalls(u64),
}

/// What a guest was doing when it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Being set up.
    Starting,
    /// Running.
    Running,
}

/// Errors of Wasmtime that are limits of ours. It gives them no type, so they are known by their
/// words; the engine's test of overlong answers fails when a new version words them differently.
const LIMIT_TEXTS: &[&str] = &["fuel allocated for hostcalls", "store handle limit exceeded"];

/// The fault for a call whose time was over.
pub(crate) fn deadline() -> Fault {
    Fault::new(
        FaultKind::Deadline,
        "it took longer than it may; give it less work or raise `deadline_ms` in its [limits]",
    )
}

/// The fault that an error of a guest is. `last_words` is what it wrote to its standard error.
pub(crate) fn of(error: &wasmtime::Error, stage: Stage, state: &CallState, last_words: &str) -> Fault {
    let limits = state.authority().limits();
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return match stop {
            Stop::Deadline => deadline(),
            Stop::HostCalls(_) => Fault::new(FaultKind::HostLimit, &stop.to_string()),
        };
    }
    if let Some(I32Exit(code)) = error.downcast_ref::<I32Exit>() {
        let message = with_words(&format!("it ended itself with exit code {code}"), last_words);
        return Fault::new(FaultKind::Exit, &message);
    }
    if let Some(pool) = error.downcast_ref::<PoolConcurrencyLimitError>() {
        return Fault::new(
            FaultKind::NotStarted,
            &format!("no room is left for it now: {pool}; try again later"),
        );
    }
    if let Some(text) = host_limit(error) {
        return Fault::new(FaultKind::HostLimit, &format!("it went over a limit of the host: {text}"));
    }
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::OutOfFuel) {
        let message = format!(
            "it spent its fuel of {}; give it less work or raise `fuel` in its [limits]",
            limits.fuel
        );
        return Fault::new(FaultKind::OutOfFuel, &message);
    }
    if let Some(denied) = state.limiter().denied().filter(|_| gave_up(trap, stage)) {
        let message = format!("it wanted more than its {denied}; give it less work or raise its [limits]");
        return Fault::new(FaultKind::OutOfMemory, &with_words(&message, last_words));
    }
    match (trap, stage) {
        (Some(trap), _) => Fault::new(FaultKind::Trap, &with_words(&format!("it broke: {trap}"), last_words)),
        (None, Stage::Running) => {
            Fault::new(FaultKind::Trap, &with_words(&format!("it broke: {}", error.root_cause()), last_words))
        }
        (None, Stage::Starting) => {
            Fault::new(FaultKind::NotStarted, &format!("it could not be set up: {}", error.root_cause()))
        }
    }
}

/// Whether this is how a guest ends that got no memory: Rust and C abort, an instance cannot be
/// made. A division by zero after a denied growth has another cause.
fn gave_up(trap: Option<&Trap>, stage: Stage) -> bool {
    match trap {
        None => stage == Stage::Starting,
        Some(trap) => matches!(
            trap,
            Trap::UnreachableCodeReached
                | Trap::MemoryOutOfBounds
                | Trap::TableOutOfBounds
                | Trap::IndirectCallToNull
                | Trap::AllocationTooLarge
        ),
    }
}

fn host_limit(error: &wasmtime::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        let full =
            cause.downcast_ref::<ResourceTableError>().is_some_and(|e| matches!(e, ResourceTableError::Full));
        let text = cause.to_string();
        let known = full || LIMIT_TEXTS.iter().any(|known| text.contains(known));
        known.then_some(text)
    })
}

/// The last lines a guest wrote, which is where a panic says why.
fn with_words(message: &str, last_words: &str) -> String {
    let words = last_words.trim();
    if words.is_empty() {
        return message.to_owned();
    }
    let mut from = words.len().saturating_sub(LAST_WORDS_MAX);
    while !words.is_char_boundary(from) {
        from += 1;
    }
    format!("{message}; it wrote: {}", words.get(from..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_the_last_and_cut_at_a_character() {
        assert_eq!(with_words("it broke", " \n"), "it broke");
        let long = format!("first{}", "é".repeat(LAST_WORDS_MAX));
        let message = with_words("it broke", &long);
        assert!(message.ends_with('é') && !message.contains("first") && message.len() < LAST_WORDS_MAX + 40);
    }

    #[test]
    fn a_full_table_of_resources_is_a_limit() {
        let error = wasmtime::Error::new(ResourceTableError::Full).context("in a host call");
        assert!(host_limit(&error).is_some());
        assert!(host_limit(&wasmtime::Error::new(ResourceTableError::NotPresent)).is_none());
    }
}
