//! The rules, as data: what they look for, and for each a pair of texts that hold it to its word.
mod manifest;
mod secrets;
mod shell;
mod value;

use crate::Severity;

/// One thing to look for in a line.
pub(crate) struct Rule {
    /// Its name in findings.
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    /// What a finding means and what to do.
    pub(crate) message: &'static str,
    /// A line without any of these, in whatever case, is not looked at.
    pub(crate) keywords: &'static [&'static str],
    /// Where group 1 matches is the place; without a group, the whole match.
    pub(crate) pattern: &'static str,
    /// Only files whose name ends so; empty means every file.
    pub(crate) files: &'static [&'static str],
    /// The place is a secret: it is masked.
    pub(crate) secret: bool,
    /// Gives way to any other secret at the same place.
    pub(crate) general: bool,
    /// A last test of the text at the place.
    pub(crate) value: Option<fn(&str) -> bool>,
    /// Lines on which it fires. Written in pieces, so that no scanner takes them for real.
    #[cfg_attr(not(test), expect(dead_code, reason = "held to by the tests"))]
    pub(crate) fires: &'static [&'static str],
    /// Lines that look alike and on which it does not.
    #[cfg_attr(not(test), expect(dead_code, reason = "held to by the tests"))]
    pub(crate) quiet: &'static [&'static str],
}

impl Rule {
    /// What a rule is unless it says otherwise.
    const PLAIN: Self = Self {
        id: "",
        severity: Severity::High,
        message: "",
        keywords: &[],
        pattern: "",
        files: &[],
        secret: false,
        general: false,
        value: None,
        fires: &[],
        quiet: &[],
    };
}

/// Every rule on lines. Those on characters are in `unicode.rs`.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> {
    [secrets::RULES, manifest::RULES, shell::RULES].into_iter().flatten()
}
