//! From Wasmtime's error to a fault: the one place where a guest's words leave its sandbox, since
//! the kernel's constructors used here escape and cut them.

use ares_kernel::{Fault, FaultKind, LimitHit};
use wasmtime::component::ResourceTableError;
use wasmtime::{PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;

use crate::authority::Authority;
use crate::limits::{HANDLES_MAX, handover};
use crate::rehearsal::CopyError;
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
    #[error("it made more than {0} host calls")]
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
const HANDOVER_TEXT: &str = "fuel allocated for hostcalls";
const HANDLES_TEXT: &str = "store handle limit exceeded";

/// The fault for a guest whose time was over, by whose clock it was.
pub(crate) fn deadline(authority: &Authority) -> Fault {
    let Authority::Call(permit) = authority else {
        let message = "it took longer than a hook may; let it do less or raise `deadline_ms` in its [limits], for \
            health `timeout_s` in its [health]";
        return Fault::new(FaultKind::Deadline, message);
    };
    let limit = permit.time_limit();
    let whose = match limit.key {
        "deadline" if permit.depth() > 0 => " that were left to the call above it",
        "deadline" => " its caller gave it",
        _ => " it may",
    };
    Fault::over(FaultKind::Deadline, &format!("it took longer than the {} ms{whose}", limit.value), limit)
}

/// The fault that an error of a guest is. `last_words` is what it wrote to its standard error.
pub(crate) fn of(error: &wasmtime::Error, stage: Stage, state: &CallState, last_words: &str) -> Fault {
    let limits = state.authority().limits();
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return match stop {
            Stop::Deadline => deadline(state.authority()),
            Stop::HostCalls(most) => {
                let limit = LimitHit::of_plugin("host_calls", *most, Some("limits.host_calls"));
                Fault::over(FaultKind::HostLimit, &stop.to_string(), limit)
            }
        };
    }
    if let Some(error) = error.downcast_ref::<CopyError>() {
        return error.fault();
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
    if let Some((text, key)) = host_limit(error) {
        let value = if key == "handles" { HANDLES_MAX } else { handover(limits) };
        let limit = LimitHit::fixed(key, value as u64);
        return Fault::over(
            FaultKind::HostLimit,
            &format!("it went over a limit of the host: {text}"),
            limit,
        );
    }
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::OutOfFuel) {
        let limit = LimitHit::of_plugin("fuel", limits.fuel, Some("limits.fuel"));
        return Fault::over(FaultKind::OutOfFuel, &format!("it spent its fuel of {}", limits.fuel), limit);
    }
    if let Some((denied, limit)) = state.limiter().denied().filter(|_| gave_up(trap, stage)) {
        // The guest's words come last: nothing after them could be told from theirs.
        let message =
            with_words(&format!("it wanted more than its {denied}; {}", limit.advice()), last_words);
        return Fault { limit: Some(limit), ..Fault::new(FaultKind::OutOfMemory, &message) };
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

/// Wasmtime's words and the name of the limit.
fn host_limit(error: &wasmtime::Error) -> Option<(String, &'static str)> {
    error.chain().find_map(|cause| {
        let full =
            cause.downcast_ref::<ResourceTableError>().is_some_and(|e| matches!(e, ResourceTableError::Full));
        let text = cause.to_string();
        if full || text.contains(HANDLES_TEXT) {
            return Some((text, "handles"));
        }
        text.contains(HANDOVER_TEXT).then_some((text, "handover_bytes"))
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
