//! Looks at text for what deceives people, terminals, shells and models: in arguments, in answers, in files.
//!
//! [`inspect`] says what it finds, [`Finding::denies`] whether a call should end there, [`clean`] makes a
//! text safe to show. Nothing here reads a file, keeps a state or changes a text it was given.

mod characters;
mod clean;
mod escapes;
mod excerpt;
mod finding;
mod hosts;
mod inspect;
mod place;
mod rule;
pub mod rules;
mod subject;
mod traits;
mod words;

pub use clean::clean;
pub use finding::Finding;
pub use inspect::{FINDINGS_MAX, inspect, prepare};
pub use place::{Group, Place, Severity};
pub use rule::Rule;
pub use rules::{RULES, rule};
