//! The house rules: each reads the repository's files and returns what breaks it, one line each.

pub mod documents;
pub mod frozen;
pub mod guests;
pub mod layout;
pub mod names;
pub mod repository;
pub mod rings;
pub mod size;
pub mod threats;

pub use repository::Repository;

/// What breaks a rule, each line with the file it is in. Empty where the rule is kept.
pub type Violations = Vec<String>;
