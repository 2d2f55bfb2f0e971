//! Misbehaves in every way a guest can; each capability is one way.
use ares_sdk::{Failure, log, schemars::JsonSchema, serde::Serialize};

mod files;
mod raw;
mod report;
mod script;
mod store;
mod waste;

/// How much of it.
#[ares_sdk::data]
pub struct Amount {
    /// Bytes, lines, levels or milliseconds, as the capability says.
    amount: u64,
}

/// An answer that is not what its schema says.
#[derive(Serialize, JsonSchema)]
#[serde(crate = "ares_sdk::serde")]
#[schemars(crate = "ares_sdk::schemars")]
pub struct Lie {
    /// Promised as a number, answered as a text.
    #[serde(serialize_with = "as_text")]
    number: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn as_text<S: ares_sdk::serde::Serializer>(number: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&number.to_string())
}

/// Traps.
#[ares_sdk::capability(effect = "pure")]
pub fn trap() -> Result<(), Failure> {
    panic!("this guest panics on purpose\u{1B}[31m, in colour");
}

/// Exits the process it believes to be in.
#[ares_sdk::capability(effect = "pure")]
pub fn exit() -> Result<(), Failure> {
    std::process::exit(0);
}

/// Answers a text of `amount` bytes.
#[ares_sdk::capability(effect = "pure")]
pub fn big_output(input: Amount) -> Result<String, Failure> {
    Ok("x".repeat(waste::size(input.amount)))
}

/// Answers something else than it promised.
#[ares_sdk::capability(effect = "pure")]
pub fn bad_output() -> Result<Lie, Failure> {
    Ok(Lie { number: 7 })
}

/// Logs `amount` lines.
#[ares_sdk::capability(effect = "pure")]
pub fn log_flood(input: Amount) -> Result<u64, Failure> {
    for line in 0..input.amount {
        log::info!("line {line} \u{1B}[2J of a flood");
    }
    Ok(input.amount)
}

/// Logs one line of `amount` bytes.
#[ares_sdk::capability(effect = "pure")]
pub fn log_long(input: Amount) -> Result<u64, Failure> {
    log::info!("{}", "x".repeat(waste::size(input.amount)));
    Ok(input.amount)
}

/// Prints `amount` lines to standard output and standard error.
#[ares_sdk::capability(effect = "pure")]
pub fn stdout_flood(input: Amount) -> Result<u64, Failure> {
    for line in 0..input.amount {
        println!("line {line} of a flood");
        eprintln!("line {line} of a flood");
    }
    Ok(input.amount)
}

/// Fails with a message full of control characters, and `amount` characters long behind them.
#[ares_sdk::capability(effect = "pure")]
pub fn fail(input: Amount) -> Result<(), Failure> {
    let tail = "z".repeat(waste::size(input.amount));
    Err(Failure::new("bad\u{1B}[31m code", format!("\u{1B}[2J\u{7}\r\nall is well\u{202E}{tail}")))
}

ares_sdk::plugin! {
    capabilities: [
        waste::spin, waste::eat_memory, waste::recurse, waste::sleep, trap, exit, big_output, bad_output, log_flood,
        stdout_flood, files::read_outside, fail, store::undeclared_kv_write, store::kv_then_trap, store::kv_then_fail,
        store::kv_show, waste::fill, waste::recurse_into_host, log_long, raw::wait, raw::hoard, raw::lend,
        raw::poll_often, raw::write_zeroes, raw::random, raw::hand_over_twice, raw::clock_steps, raw::odd_values,
        report::count_up, report::report_flood, script::script,
    ]
}
