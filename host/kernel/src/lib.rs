//! The sealed path from a request to an outcome.
//!
//! ```text
//! Request ─▶ Received ─▶ Resolved ─▶ Admitted{Permit} ─▶ Executed ─▶ Scrubbed ─▶ Verified ─▶ Outcome
//!              open        resolve      admit                run        scrub       verify      close
//!                                         └───────────────▶ Refused ──────────────────────────────┘
//! ```
//!
//! Each state can only be made from the one before it, by one function, in one file of [`flow`].
//! So a guest cannot run without a permit, a permit cannot be had without the gate, an answer
//! cannot be shown without the verifier, and nothing can be shown that the journal does not hold.
//! The compiler's answers to nine attempts at a short cut are in `tests/seal`.
//!
//! Read in this order: [`Request`], [`Kernel::invoke`], [`flow`], [`gate`], [`verify`], [`ports`].

mod event;
pub mod facts;
pub mod flow;
pub mod gate;
mod invoke;
pub mod json;
mod ledger;
mod name;
pub mod ports;
pub mod progress;
pub mod rehearsal;
mod report;
mod request;
mod review;
mod secret;
pub mod snapshot;
pub mod text;
pub mod verify;

pub use event::{
    CALL_PAYLOAD_BYTES_MAX, DeliveryId, EVENTS_MAX, Event, EventId, PAYLOAD_BYTES_MAX, Posted, Published,
    WAITING_MAX,
};
pub use flow::{Lineage, Outcome, Permit, Reentry, Status};
pub use invoke::{Kernel, Ports};
pub use ledger::Ledger;
pub use name::{
    Blake3, CapabilityId, FolderName, InvocationId, NAME_MAX, NameError, NetName, PluginName, Topic,
};
pub use report::{Ended, Failure, Fault, FaultKind, KvWrite, LimitHit, Report, Usage};
pub use request::{Caller, Request};
pub use secret::{
    SECRET_NAME_MAX, SECRET_VALUE_MAX, SECRET_VALUE_MIN, SecretName, SecretValue, SecretValueError,
};
