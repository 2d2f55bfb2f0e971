//! Whose calls a budget is for.

use std::fmt;
use std::str::FromStr;

use ares_kernel::text::{escaped, quoted};

/// Whose calls a budget is for: those of a kind of callers, or of one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    pub(super) kind: String,
    pub(super) name: Option<String>,
}

/// The text names no callers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} names no callers; write `agent:claude`, `human:me`, `plugin:my-plugin`, or `agent:*` for all of a kind"
)]
pub struct PayerError(String);

impl FromStr for Payer {
    type Err = PayerError;
    fn from_str(text: &str) -> Result<Self, PayerError> {
        let no = || PayerError(quoted(text, 80));
        let (kind, name) = text.split_once(':').ok_or_else(no)?;
        if !["human", "agent", "plugin"].contains(&kind) || name.is_empty() || name.len() > 128 {
            return Err(no());
        }
        Ok(Self { kind: kind.to_owned(), name: (name != "*").then(|| name.to_owned()) })
    }
}

impl fmt::Display for Payer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, escaped(self.name.as_deref().unwrap_or("*"), 128))
    }
}
