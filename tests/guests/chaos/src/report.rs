//! Says how far it has come, in its own way.
use std::{thread, time::Duration};

use ares_sdk::{Failure, progress};

use crate::Amount;

/// Counts to `amount`, a step in twenty milliseconds, and reports each.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn count_up(input: Amount) -> Result<u64, Failure> {
    for step in 1..=input.amount {
        progress::report(step, input.amount, &format!("step {step} \u{1B}[2J"));
        thread::sleep(Duration::from_millis(20));
    }
    Ok(input.amount)
}

/// Reports `amount` times that it has done everything, at length.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn report_flood(input: Amount) -> Result<u64, Failure> {
    let message = "\u{202E}done\u{7} ".repeat(100_000);
    for _ in 0..input.amount {
        progress::report(u64::MAX, 0, &message);
    }
    Ok(input.amount)
}
