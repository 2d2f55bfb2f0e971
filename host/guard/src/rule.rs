//! What a rule is: an id, what it is worth, where it looks and how.

use std::ops::Range;

use crate::place::{Group, Place, Severity};
use crate::subject::{Spans, Subject};
use crate::traits::Traits;

/// One thing to look for.
#[derive(Debug)]
pub struct Rule {
    /// Stable, kebab-case, unique.
    pub id: &'static str,
    /// What kind of deception it is.
    pub group: Group,
    /// What it is worth in running text: an argument of text, an answer, a file.
    pub severity: Severity,
    /// What it is worth in a name: a path, a host, a command.
    pub strict: Severity,
    /// No honest text holds it: an argument of text that does is refused.
    pub hostile: bool,
    /// Where it looks.
    pub places: &'static [Place],
    /// What to do about a finding.
    pub remediation: &'static str,
    /// How it looks.
    pub(crate) detector: Look,
}

/// How a rule finds what it looks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Look {
    /// Where one of the words stands (in any case of its ASCII letters): every match of the pattern; of
    /// its first group where it has one.
    Pattern {
        /// What a text must hold for the pattern to be tried.
        words: &'static [&'static str],
        /// In the syntax of the `regex` crate.
        pattern: &'static str,
    },
    /// The same, and the match must pass a second look.
    Checked {
        /// What a text must hold for the pattern to be tried.
        words: &'static [&'static str],
        /// In the syntax of the `regex` crate.
        pattern: &'static str,
        /// The second look.
        holds: fn(&str) -> bool,
    },
    /// Where the text has characters of one of these kinds: code.
    Characters {
        /// The kinds.
        having: Traits,
        /// The code.
        find: Detect,
    },
    /// Where an address stands (`://`), and in everything that names a host: code.
    Address {
        /// The code.
        find: Detect,
    },
    /// In names only, whatever they hold: code.
    Name {
        /// The code.
        find: Detect,
    },
}

/// Code that looks at a text. It takes time linear in the length of the text.
pub(crate) type Detect = fn(&Subject<'_>, &mut Spans);

/// Running text, in which orders to a model and whole commands may stand.
pub(crate) const RUNNING: &[Place] = &[Place::Text, Place::Answer, Place::File];
/// Running text and commands.
pub(crate) const COMMANDS: &[Place] = &[Place::Text, Place::Command, Place::Answer, Place::File];
/// Everything but paths.
pub(crate) const ADDRESSES: &[Place] =
    &[Place::Text, Place::Host, Place::Command, Place::Answer, Place::File];

/// A rule by its words and its pattern.
pub(crate) const fn pattern(words: &'static [&'static str], pattern: &'static str) -> Look {
    Look::Pattern { words, pattern }
}

impl Rule {
    /// A rule that looks everywhere and is worth the same everywhere.
    pub(crate) const fn new(
        id: &'static str,
        group: Group,
        severity: Severity,
        detector: Look,
        remediation: &'static str,
    ) -> Self {
        Self {
            id,
            group,
            severity,
            strict: severity,
            hostile: false,
            places: &Place::ALL,
            remediation,
            detector,
        }
    }

    /// The same, worth this in names.
    pub(crate) const fn in_names(mut self, severity: Severity) -> Self {
        self.strict = severity;
        self
    }

    /// The same, looking here only.
    pub(crate) const fn at(mut self, places: &'static [Place]) -> Self {
        self.places = places;
        self
    }

    /// The same, for what no honest text holds.
    pub(crate) const fn hostile(mut self) -> Self {
        self.hostile = true;
        self
    }

    /// What a finding is worth in a text of this kind.
    #[must_use]
    pub fn severity_at(&self, place: Place) -> Severity {
        if place.is_name() { self.strict } else { self.severity }
    }

    /// Whether the rule looks at texts of this kind.
    #[must_use]
    pub fn looks_at(&self, place: Place) -> bool {
        self.places.contains(&place)
    }

    /// Whether a finding of this rule is enough to refuse a text of this kind.
    ///
    /// A name is refused for a finding of `medium` or above in a group that spoils such names. A text is
    /// refused for what no honest text holds. Answers and files are never refused: they are evidence.
    #[must_use]
    pub fn denies(&self, place: Place) -> bool {
        match place {
            Place::Path | Place::Host | Place::Command => {
                self.strict >= Severity::Medium && self.group.spoils(place)
            }
            Place::Text => self.hostile,
            Place::Answer | Place::File => false,
        }
    }
}

impl Look {
    /// The words of which a text must hold one, where there are any.
    pub(crate) fn words(&self) -> &'static [&'static str] {
        match self {
            Self::Pattern { words, .. } | Self::Checked { words, .. } => words,
            Self::Address { .. } => &["://"],
            Self::Characters { .. } | Self::Name { .. } => &[],
        }
    }

    /// The pattern, where it is one.
    pub(crate) fn pattern(&self) -> Option<&'static str> {
        match self {
            Self::Pattern { pattern, .. } | Self::Checked { pattern, .. } => Some(pattern),
            _ => None,
        }
    }

    /// Whether a match of the pattern passes the second look, where there is one.
    pub(crate) fn confirms(&self, text: &str, span: &Range<usize>) -> bool {
        match self {
            Self::Checked { holds, .. } => text.get(span.clone()).is_some_and(holds),
            _ => true,
        }
    }
}
