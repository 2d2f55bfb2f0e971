//! The port to the machine the host runs on.

/// Knows how much of the machine is left. Asked on the call path, so it answers from what was read
/// shortly before.
pub trait Machine: Send + Sync {
    /// Memory that can be had without making the machine swap, in bytes; nothing where nobody knows.
    fn memory_available(&self) -> Option<u64>;
}

/// A machine nobody knows anything of.
#[derive(Debug, Clone, Copy)]
pub struct UnknownMachine;

impl Machine for UnknownMachine {
    fn memory_available(&self) -> Option<u64> {
        None
    }
}
