//! Asks WASI for more than any library would: without end, too much at once, and with odd values.
use std::{collections::BTreeMap, iter};

use ares_sdk::{Failure, kv};

use crate::{Amount, waste};

use wasi::{
    clocks::{
        monotonic_clock,
        wall_clock::{self, Datetime},
    },
    filesystem::{
        preopens,
        types::{Advice, Descriptor, DescriptorFlags, NewTimestamp, OpenFlags, PathFlags},
    },
    io::poll,
};

mod bindings {
    #![allow(missing_docs, clippy::allow_attributes_without_reason, reason = "the bindings are generated")]
    wit_bindgen::generate!({ path: "wit", world: "raw", generate_all });
}

pub(crate) use bindings::wasi;

/// Asks to be woken in `amount` nanoseconds and waits.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn wait(input: Amount) -> Result<u64, Failure> {
    monotonic_clock::subscribe_duration(input.amount).block();
    Ok(input.amount)
}

/// Takes `amount` handles and keeps them all.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn hoard(input: Amount) -> Result<u64, Failure> {
    let kept: Vec<_> = (0..input.amount).map(|_| monotonic_clock::subscribe_duration(0)).collect();
    Ok(kept.len() as u64)
}

/// Takes `amount` handles and gives each back, and lends one `amount` times.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn lend(input: Amount) -> Result<u64, Failure> {
    let lent = monotonic_clock::subscribe_duration(0);
    let ready = |_: &u64| lent.ready() | monotonic_clock::subscribe_duration(0).ready();
    Ok((0..input.amount).filter(ready).count() as u64)
}

/// Waits for one handle, named `amount` times at once.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn poll_often(input: Amount) -> Result<u64, Failure> {
    let one = monotonic_clock::subscribe_duration(0);
    let all: Vec<_> = iter::repeat_n(&one, waste::size(input.amount)).collect();
    Ok(poll::poll(&all).len() as u64)
}

/// Has the host write `amount` zeroes to standard output.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn write_zeroes(input: Amount) -> Result<u64, Failure> {
    let written = wasi::cli::stdout::get_stdout().write_zeroes(input.amount);
    written.map(|()| input.amount).map_err(|error| Failure::new("stream", error.to_string()))
}

/// Asks for `amount` random bytes at once and answers how many came.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn random(input: Amount) -> Result<u64, Failure> {
    Ok(wasi::random::random::get_random_bytes(input.amount).len() as u64)
}

/// Hands the host one text of `amount` bytes twice in one call.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn hand_over_twice(input: Amount) -> Result<(), Failure> {
    let text = "x".repeat(waste::size(input.amount));
    Ok(kv::set(&text, text.as_bytes())?)
}

/// Answers the finest step the two clocks make, and the resolution they claim, in nanoseconds.
#[ares_sdk::capability(effect = "pure")]
pub(crate) fn clock_steps() -> Result<Steps, Failure> {
    let begun = monotonic_clock::now();
    let (mut finest, mut below, mut last) = (u64::MAX, 0, begun);
    while last < begun + 20_000_000 {
        let now = monotonic_clock::now();
        if now != last {
            finest = finest.min(now - last);
        }
        below = below.max(now % 1_000_000);
        last = now;
    }
    let wall = u64::from(wall_clock::now().nanoseconds % 1_000_000);
    Ok(Steps { finest, below_a_millisecond: below.max(wall), claimed: monotonic_clock::resolution() })
}

/// How fine the clocks are, in nanoseconds.
#[ares_sdk::data]
pub(crate) struct Steps {
    /// The finest step seen.
    finest: u64,
    /// The most any reading had below a whole millisecond.
    below_a_millisecond: u64,
    /// What the clock says of itself.
    claimed: u64,
}

/// Calls WASI with values no program means, and answers what each gave.
#[ares_sdk::capability(effect = "write")]
pub(crate) fn odd_values() -> Result<BTreeMap<String, String>, Failure> {
    let mut said = BTreeMap::new();
    let stdin = wasi::cli::stdin::get_stdin();
    note(&mut said, "read all of standard input", &stdin.read(u64::MAX));
    note(&mut said, "skip all of standard input", &stdin.skip(u64::MAX));
    note(&mut said, "wait for the end of time", &monotonic_clock::subscribe_instant(u64::MAX).ready());
    note(&mut said, "wait for nothing", &monotonic_clock::subscribe_instant(0).ready());
    for (folder, _) in preopens::get_directories() {
        odd_paths(&mut said, &folder);
        let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
        if let Ok(file) = folder.open_at(PathFlags::empty(), "odd", OpenFlags::CREATE, flags) {
            odd_positions(&mut said, &file);
        }
    }
    Ok(said)
}

const NEVER: NewTimestamp = NewTimestamp::Timestamp(Datetime { seconds: u64::MAX, nanoseconds: u32::MAX });

fn odd_paths(said: &mut BTreeMap<String, String>, folder: &Descriptor) {
    let (deep, long) = ("a/".repeat(100_000), "a".repeat(1 << 20));
    for path in ["", ".", "..", "/", "a\0b", "\u{feff}", "a//b", &deep, &long] {
        let flags = DescriptorFlags::READ;
        let opened =
            folder.open_at(PathFlags::from_bits_retain(u8::MAX), path, OpenFlags::empty(), flags).map(|_| ());
        let stamped = folder.set_times_at(PathFlags::empty(), path, NEVER, NEVER);
        let name = path.get(..8).unwrap_or(path).escape_debug();
        note(said, &format!("path {name}"), &(opened, stamped));
    }
    note(
        said,
        "open with every flag",
        &folder
            .open_at(
                PathFlags::from_bits_retain(u8::MAX),
                "odd",
                OpenFlags::from_bits_retain(u8::MAX),
                DescriptorFlags::from_bits_retain(u8::MAX),
            )
            .map(|_| ()),
    );
    note(
        said,
        "an age of its own",
        &folder.set_times_at(PathFlags::empty(), "odd", NEVER, NewTimestamp::Now),
    );
}

fn odd_positions(said: &mut BTreeMap<String, String>, file: &Descriptor) {
    note(said, "write at the end of numbers", &file.write(b"x", u64::MAX));
    note(said, "read everything", &file.read(u64::MAX, 0).map(|(bytes, _)| bytes.len()));
    note(
        said,
        "read behind the end of numbers",
        &file.read(u64::MAX, u64::MAX).map(|(bytes, _)| bytes.len()),
    );
    note(said, "a size without end", &file.set_size(u64::MAX));
    note(said, "advice on everything", &file.advise(u64::MAX, u64::MAX, Advice::WillNeed));
    note(said, "a time without end", &file.set_times(NEVER, NEVER));
    note(
        said,
        "a stream from the end of numbers",
        &file.read_via_stream(u64::MAX).map(|stream| stream.read(u64::MAX).map(|bytes| bytes.len())),
    );
    note(
        said,
        "a stream to the end of numbers",
        &file.write_via_stream(u64::MAX).map(|stream| stream.blocking_write_and_flush(b"x")),
    );
}

fn note(said: &mut BTreeMap<String, String>, what: &str, gave: &impl std::fmt::Debug) {
    said.insert(what.to_owned(), format!("{gave:?}"));
}
