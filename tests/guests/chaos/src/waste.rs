//! Wastes time, memory and stack.
use std::{hint::black_box, thread, time::Duration};

use ares_sdk::{Failure, log};

use crate::Amount;

/// The amount as a size in memory.
pub(crate) fn size(amount: u64) -> usize {
    usize::try_from(amount).unwrap_or(usize::MAX)
}

/// Computes for ever.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn spin() -> Result<u64, Failure> {
    let mut number: u64 = 0;
    // The condition never holds, but the compiler cannot know.
    while black_box(number) != u64::MAX {
        number = black_box(number.wrapping_add(2));
    }
    Ok(number)
}

/// Takes `amount` bytes of memory, a MiB at a time, and answers how many MiB it got.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn eat_memory(input: Amount) -> Result<u64, Failure> {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    for round in 0..input.amount.div_ceil(1024 * 1024) {
        taken.push(black_box(vec![u8::try_from(round % 251).unwrap_or(1) + 1; 1024 * 1024]));
    }
    Ok(taken.iter().filter(|piece| piece.last().is_some()).count() as u64)
}

/// Calls itself `amount` times, without taking any memory of its own: the call stack alone grows.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn recurse(input: Amount) -> Result<u64, Failure> {
    Ok(deeper(black_box(input.amount)))
}

/// What is done with the inner answer keeps the compiler from making a loop of it.
#[inline(never)]
fn deeper(left: u64) -> u64 {
    if left == 0 { 1 } else { (deeper(left - 1).rotate_left(7) ^ left).wrapping_mul(31) % 1_000_003 }
}

/// Calls itself `amount` times and calls the host at every level.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn recurse_into_host(input: Amount) -> Result<u64, Failure> {
    Ok(deeper_with_host(black_box(input.amount)))
}

#[inline(never)]
fn deeper_with_host(left: u64) -> u64 {
    log::info!("level {left}");
    if left == 0 {
        1
    } else {
        (deeper_with_host(left - 1).rotate_left(7) ^ left).wrapping_mul(31) % 1_000_003
    }
}

/// Fills `amount` bytes of memory again and again, each time with one instruction.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn fill(input: Amount) -> Result<u64, Failure> {
    let mut memory = vec![0_u8; size(input.amount)];
    loop {
        for value in 1..=u8::MAX {
            black_box(&mut memory).fill(value);
        }
    }
}

/// Sleeps for `amount` milliseconds.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn sleep(input: Amount) -> Result<u64, Failure> {
    thread::sleep(Duration::from_millis(input.amount));
    Ok(input.amount)
}
