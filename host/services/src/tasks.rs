//! What can be asked of planned tasks.

use serde::{Deserialize, Serialize};

/// One thing to do with tasks. All answers are JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TaskWish {
    /// All that are planned, by name. Answers an array of `{name, state, paused, capabilities,
    /// estimate_ms, since_at_ms, planned_at_ms, planned_by}`.
    List,
    /// Plan one, or plan it anew. Answers it, with a `note` where nobody provides something of it now.
    Plan {
        /// Its name: what callers give as `task`.
        name: String,
        /// What may be called for it.
        capabilities: Vec<String>,
        /// How long it should take, in minutes.
        minutes: Option<u32>,
    },
    /// Let a paused one go on. Answers it.
    Resume {
        /// Its name.
        name: String,
    },
    /// Forget the plan. Answers `{ended}`.
    End {
        /// Its name.
        name: String,
    },
}

impl TaskWish {
    /// Whether it changes what is recorded.
    #[must_use]
    pub fn changes(&self) -> bool {
        match self {
            Self::List => false,
            Self::Plan { .. } | Self::Resume { .. } | Self::End { .. } => true,
        }
    }
}
