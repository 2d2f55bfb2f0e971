//! What became of a skeptic's objections: how often it was right to object.

use serde::{Deserialize, Serialize};

/// What became of the warnings and blocks of one skeptic's component in the last 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Objections {
    /// The call was made nevertheless and went well.
    pub well: u32,
    /// It was made nevertheless, and broke or was called wrong.
    pub badly: u32,
    /// A person said no to it.
    pub denied: u32,
    /// A person was asked and has not answered.
    pub unanswered: u32,
}

impl Objections {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> u32 {
        self.well.saturating_add(self.badly).saturating_add(self.denied).saturating_add(self.unanswered)
    }

    /// The counts in words.
    #[must_use]
    pub fn sum(&self) -> String {
        format!(
            "of {} objections: {} went well nevertheless, {} badly, {} denied, {} unanswered",
            self.all(),
            self.well,
            self.badly,
            self.denied,
            self.unanswered
        )
    }
}
