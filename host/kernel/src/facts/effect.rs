//! What a call may do to the world.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Effect classes in order of severity, as in `wit/v0.1/types.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Computes from its input alone.
    Pure,
    /// Reads what was granted, changes nothing.
    Read,
    /// Changes state that can be restored.
    Write,
    /// Reaches another machine.
    Network,
    /// Sends something to a person or spends.
    Message,
    /// Cannot be undone.
    Destructive,
}

impl Effect {
    /// All classes, least severe first.
    pub const ALL: [Self; 6] =
        [Self::Pure, Self::Read, Self::Write, Self::Network, Self::Message, Self::Destructive];

    /// The class as the manifest and every outcome write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Read => "read",
            Self::Write => "write",
            Self::Network => "network",
            Self::Message => "message",
            Self::Destructive => "destructive",
        }
    }

    /// Whether a call of this class may change anything, so that its opening must be on disk
    /// before the guest starts.
    #[must_use]
    pub fn changes(self) -> bool {
        self >= Self::Write
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no effect class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not an effect class: pure, read, write, network, message or destructive")]
pub struct EffectError(String);

impl FromStr for Effect {
    type Err = EffectError;
    fn from_str(text: &str) -> Result<Self, EffectError> {
        let known = Self::ALL.into_iter().find(|effect| effect.as_str() == text);
        known.ok_or_else(|| EffectError(crate::text::quoted(text, 80)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_reads_back() {
        for effect in Effect::ALL {
            assert_eq!(effect.as_str().parse(), Ok(effect));
        }
        assert!("Write".parse::<Effect>().is_err());
        assert!(!Effect::Read.changes() && Effect::Write.changes());
    }
}
