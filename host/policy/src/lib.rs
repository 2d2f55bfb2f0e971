//! The operator's rules and the mandates, in Cedar, behind the kernel's port
//! [`Policy`](ares_kernel::ports::Policy).
//!
//! | rule | says |
//! |---|---|
//! | `@catastrophic("category") forbid` | never, and no approval changes that |
//! | `forbid` | never |
//! | `@ask forbid` | a person is asked, whatever is permitted |
//! | `permit` | it may run |
//! | `@ask permit` | a person is asked |
//! | nothing matches | never |
//!
//! The first line that matches decides. Rules stand in two layers: the ones that are shipped, in
//! `shipped/`, and the operator's own file. Each has an `@id`.

mod book;
mod cache;
mod depth;
mod difference;
mod error;
mod facts;
mod file;
mod intern;
mod language;
mod pattern;
mod read;
mod roles;
mod rule;
mod rules;
mod set;
mod shipped;
mod time;

#[cfg(test)]
mod tests;

pub use book::{Replaced, Standing, Tried, TriedArguments, TryOn, Wanted, Written};
pub use difference::{Difference, Differences};
pub use error::PolicyError;
pub use pattern::{Callers, Pattern};
pub use roles::{Roles, RolesError};
pub use rule::{Category, Layer, Rule, Says};
pub use rules::{Options, Rules};
pub use shipped::FINDINGS;
