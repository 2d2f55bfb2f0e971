//! One rule: what it says, who wrote it, where it stands.

use std::fmt;

use ares_kernel::ports::Stance;
use cedar_policy::{Effect, Policy};
use serde::{Deserialize, Serialize};

/// What no approval lifts. Five categories, after the prime mandates of autonomous services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Data that nobody has a copy of.
    DataDestruction,
    /// People.
    PhysicalHarm,
    /// The law.
    LegalViolation,
    /// Money that cannot be had back.
    FinancialCatastrophe,
    /// The machine given to others.
    SecurityBreach,
}

impl Category {
    /// All five.
    pub const ALL: [Self; 5] = [
        Self::DataDestruction,
        Self::PhysicalHarm,
        Self::LegalViolation,
        Self::FinancialCatastrophe,
        Self::SecurityBreach,
    ];

    /// The category as rules write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DataDestruction => "data-destruction",
            Self::PhysicalHarm => "physical-harm",
            Self::LegalViolation => "legal-violation",
            Self::FinancialCatastrophe => "financial-catastrophe",
            Self::SecurityBreach => "security-breach",
        }
    }

    /// The category of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == name)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a rule says of what it matches, the strongest first: of several that match, the first of
/// these decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Says {
    /// Never, and no approval changes that.
    Catastrophic(Category),
    /// Never.
    Forbid,
    /// A person is asked, whatever is permitted.
    AskForbid,
    /// It may run.
    Permit,
    /// A person is asked.
    AskPermit,
}

impl Says {
    /// Where it stands among those that match: the least decides.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Catastrophic(_) => 0,
            Self::Forbid => 1,
            Self::AskForbid => 2,
            Self::Permit => 3,
            Self::AskPermit => 4,
        }
    }

    /// What follows when it decides.
    #[must_use]
    pub fn stance(self) -> Stance {
        match self {
            Self::Catastrophic(_) => Stance::Catastrophic,
            Self::Forbid => Stance::Never,
            Self::AskForbid | Self::AskPermit => Stance::Ask,
            Self::Permit => Stance::Auto,
        }
    }

    /// Its kind in Cedar.
    pub(crate) fn effect(self) -> Effect {
        match self {
            Self::Catastrophic(_) | Self::Forbid | Self::AskForbid => Effect::Forbid,
            Self::Permit | Self::AskPermit => Effect::Permit,
        }
    }

    /// The rule's head, as files write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Catastrophic(_) => "@catastrophic forbid",
            Self::Forbid => "forbid",
            Self::AskForbid => "@ask forbid",
            Self::Permit => "permit",
            Self::AskPermit => "@ask permit",
        }
    }
}

/// Who wrote a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The operator, in their file.
    Operator,
    /// It came with the host.
    Shipped,
}

/// One rule, checked.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub layer: Layer,
    /// What it says of what it matches.
    pub says: Says,
    /// Why, in its own words, escaped.
    pub reason: Option<String>,
    /// When it ends, in milliseconds since the Unix epoch.
    pub until_ms: Option<u64>,
    /// The shipped rule whose place it takes.
    pub replaces: Option<String>,
    /// File and line.
    pub place: String,
    /// Where it stands in the file, in bytes.
    pub span: std::ops::Range<usize>,
    /// As it was written.
    pub text: String,
    /// What it looks at of the arguments.
    pub(crate) looks: Looks,
    /// The roles it names.
    pub(crate) roles: Vec<String>,
    /// As Cedar has it, under [`Rule::id`].
    pub(crate) policy: Policy,
}

/// Which parts of the arguments rules look at. The others need not be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Looks {
    pub(crate) hosts: bool,
    pub(crate) paths: bool,
    pub(crate) blast: bool,
    pub(crate) findings: bool,
}

impl Looks {
    /// What a rule looks at it must name, at least once in the one spelling that Cedar's own form has.
    /// So one that does not name it cannot depend on it.
    pub(crate) fn of(policy: &Policy) -> Self {
        let form = policy.to_json().ok().map(|form| form.to_string());
        let names = |field: &str| form.as_ref().is_none_or(|form| form.contains(field));
        Self {
            hosts: names("hosts"),
            paths: names("paths"),
            blast: names("blast"),
            findings: names("findings"),
        }
    }

    /// What either looks at.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            hosts: self.hosts || other.hosts,
            paths: self.paths || other.paths,
            blast: self.blast || other.blast,
            findings: self.findings || other.findings,
        }
    }
}

impl Rule {
    /// Whether it has ended at this time.
    #[must_use]
    pub fn over(&self, now_ms: u64) -> bool {
        self.until_ms.is_some_and(|until| until <= now_ms)
    }
}
