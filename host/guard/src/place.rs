//! Where a text comes from, and the words for what is found in it.

use serde::Serialize;

/// What a text is, which decides how strictly it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// An argument of free text.
    Text,
    /// An argument that names a file or a folder.
    Path,
    /// An argument that names a host or is an address.
    Host,
    /// An argument that names a command.
    Command,
    /// What a tool answered.
    Answer,
    /// A file.
    File,
}

impl Place {
    /// Every place.
    pub const ALL: [Self; 6] = [Self::Text, Self::Path, Self::Host, Self::Command, Self::Answer, Self::File];

    /// Whether the text names something, so that it is held stricter than running text.
    #[must_use]
    pub fn is_name(self) -> bool {
        matches!(self, Self::Path | Self::Host | Self::Command)
    }

    /// Kebab-case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Path => "path",
            Self::Host => "host",
            Self::Command => "command",
            Self::Answer => "answer",
            Self::File => "file",
        }
    }
}

/// How bad it would be if the finding is what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Ordinary in most texts that hold it.
    Low,
    /// Seldom ordinary.
    Medium,
    /// A known way to do harm.
    High,
    /// Has hardly another use than to do harm.
    Critical,
}

impl Severity {
    /// Kebab-case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What kind of deception a rule looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Characters nobody sees.
    HiddenText,
    /// Words of letters of several scripts that look alike.
    MixedScript,
    /// What a terminal obeys instead of showing.
    Terminal,
    /// Names of hosts that are not what they seem.
    HostName,
    /// Ways of fetching that let others change what arrives.
    Transport,
    /// Commands that hand the machine over.
    Command,
    /// Deletes more than one would expect.
    BlastRadius,
    /// Orders to a model that reads the text.
    Injection,
    /// Keys and tokens.
    Secret,
    /// Ways out of a folder.
    Traversal,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 10] = [
        Self::HiddenText,
        Self::MixedScript,
        Self::Terminal,
        Self::HostName,
        Self::Transport,
        Self::Command,
        Self::BlastRadius,
        Self::Injection,
        Self::Secret,
        Self::Traversal,
    ];

    /// Kebab-case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HiddenText => "hidden-text",
            Self::MixedScript => "mixed-script",
            Self::Terminal => "terminal",
            Self::HostName => "host-name",
            Self::Transport => "transport",
            Self::Command => "command",
            Self::BlastRadius => "blast-radius",
            Self::Injection => "injection",
            Self::Secret => "secret",
            Self::Traversal => "traversal",
        }
    }

    /// Whether a finding of this group makes a name of this kind one that should not be used. A secret
    /// in a name is reported; whether it may go there is for those to say who know which secret it is.
    #[must_use]
    pub fn spoils(self, place: Place) -> bool {
        let shown = matches!(self, Self::HiddenText | Self::MixedScript | Self::Terminal);
        match place {
            Place::Path => shown || self == Self::Traversal,
            Place::Host => shown || matches!(self, Self::HostName | Self::Transport | Self::Traversal),
            Place::Command => shown || !matches!(self, Self::Injection | Self::Secret),
            Place::Text | Place::Answer | Place::File => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_have_an_order_and_one_spelling() {
        use Severity::{Critical, High, Info, Low, Medium};
        let rising = [Info, Low, Medium, High, Critical];
        assert!(rising.is_sorted());
        assert_eq!(rising.map(Severity::as_str), ["info", "low", "medium", "high", "critical"]);
    }

    #[test]
    fn running_text_is_spoilt_by_no_group() {
        for group in Group::ALL {
            assert!(!group.spoils(Place::Text) && !group.spoils(Place::Answer), "{group:?}");
            assert!(group.spoils(Place::Command) || matches!(group, Group::Injection | Group::Secret));
        }
    }
}
