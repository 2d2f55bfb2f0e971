//! Configuration: what was written (`low`), what was meant (`high`), and the environment it came from.

pub(crate) mod environment;
pub(crate) mod high;
pub(crate) mod low;

pub(crate) use environment::Environment;
pub(crate) use high::{Gate, Settings, SnapshotBounds};
pub(crate) use low::Low;
