//! Traps when it is set up, so that it never starts.
use ares_sdk::Failure;

/// Would answer, if the plugin ever started.
#[ares_sdk::capability(effect = "pure")]
pub fn never_reached() -> Result<(), Failure> {
    Ok(())
}

fn setup() -> Result<(), Failure> {
    panic!("no start today");
}

ares_sdk::plugin! { capabilities: [never_reached], setup: setup }
