//! What a step of the gate found, and where that can be looked up.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Something a step noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which question it answers: `C3`, `V4`. docs/gate.md lists them.
    pub id: Cow<'static, str>,
    /// Whether it lowers the score.
    pub warning: bool,
    /// One sentence. Foreign text in it is escaped.
    pub text: String,
    /// Where that can be looked up.
    pub evidence: Vec<Evidence>,
}

/// A row of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which table.
    pub table: Cow<'static, str>,
    /// Which row: what it is about, as `ares-host` takes it, or a hash.
    pub key: String,
}

impl Finding {
    /// One that lowers the score.
    pub(crate) fn warning(id: &'static str, text: String, evidence: Vec<Evidence>) -> Self {
        Self { id: Cow::Borrowed(id), warning: true, text, evidence }
    }

    /// One that is only told.
    pub(crate) fn note(id: &'static str, text: String, evidence: Vec<Evidence>) -> Self {
        Self { id: Cow::Borrowed(id), warning: false, text, evidence }
    }
}

impl Evidence {
    /// A row of a table.
    pub(crate) fn row(table: &'static str, key: impl Into<String>) -> Self {
        Self { table: Cow::Borrowed(table), key: key.into() }
    }
}
