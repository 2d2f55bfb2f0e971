//! The states between a request and its outcome. Each file holds one state and its only
//! constructor; the fields are visible in this folder alone, so no other part of the house, not
//! even of this crate, can make or change one.

mod admitted;
mod draft;
mod executed;
mod lineage;
mod outcome;
mod postcheck;
mod received;
mod refused;
mod resolved;
mod scrubbed;
mod time;
mod verified;
mod weighed;

pub use admitted::{Admitted, Parent, Permit, Reentry};
pub use draft::Draft;
pub(crate) use draft::shape;
pub use executed::Executed;
pub use lineage::Lineage;
pub use outcome::{Closable, Outcome, Status};
pub use received::Received;
pub(crate) use received::Taken;
pub use refused::Refused;
pub use resolved::Resolved;
pub use scrubbed::Scrubbed;
pub use verified::Verified;
pub use weighed::Weighed;
