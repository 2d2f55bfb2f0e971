//! What can be asked of patterns and told of them, and how far they are recommended.

use ares_registry::NewPattern;
use serde::{Deserialize, Serialize};

/// Which patterns are recommended. `[patterns]` of ares.toml.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatternSettings {
    /// Only those of tier 1.
    pub tier_1_only: bool,
    /// Only those whose lower bound of success is at least this, in basis points.
    pub min_confidence: u16,
}

impl Default for PatternSettings {
    fn default() -> Self {
        Self { tier_1_only: false, min_confidence: 5000 }
    }
}

/// One thing to do with patterns. All answers are JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PatternWish {
    /// All, the best first. Answers an array of `{id, kind, name, description, tier, earned, points,
    /// uses, successes, bounds, applies_to, lifted_by, trade_offs, simpler, evidence, better, origin,
    /// at_ms}`.
    List {
        /// Only those that speak against what they match.
        anti: bool,
    },
    /// One of them.
    Show {
        /// Its id.
        id: String,
    },
    /// Those a text is recognised by. Answers like `List`, each with `words`, `recommended` and, where
    /// it is not, `why_not`.
    Match {
        /// The text.
        text: String,
    },
    /// What technologies were good for. Answers an array of `{technology, uses, successes, bounds,
    /// claimed_bp, note, origin}`.
    Matrix,
    /// Those that have earned a better tier than they have. Answers like `List`.
    Suggestions,
    /// Give one the tier it has earned. Answers it.
    Promote {
        /// Its id.
        id: String,
    },
    /// Write one down. Answers it.
    Add {
        /// What it is.
        pattern: NewPattern,
    },
    /// Take one out that somebody wrote down. Answers it.
    Remove {
        /// Its id.
        id: String,
    },
    /// Count a use. Answers the pattern, or the row of the matrix.
    Used {
        /// The pattern's id, or the technology's name.
        name: String,
        /// Whether it is a technology.
        technology: bool,
        /// Whether it went well.
        good: bool,
        /// The invocation that shows it.
        invocation: Option<String>,
    },
}

impl PatternWish {
    /// Whether it changes what is recorded.
    #[must_use]
    pub fn changes(&self) -> bool {
        match self {
            Self::Promote { .. } | Self::Add { .. } | Self::Remove { .. } | Self::Used { .. } => true,
            Self::List { .. } | Self::Show { .. } | Self::Match { .. } | Self::Matrix | Self::Suggestions => {
                false
            }
        }
    }
}
