//! Every rule there is: one file for each group, one line here for each rule.

pub(crate) mod command;
pub(crate) mod hidden;
pub(crate) mod terminal;

use crate::rule::Rule;

/// All of them.
pub static RULES: &[&Rule] = &[
    &hidden::BIDI_OVERRIDE,
    &hidden::BIDI_UNBALANCED,
    &hidden::BIDI_EMBEDDING,
    &hidden::BIDI_MARK,
    &hidden::TAGS,
    &hidden::ZERO_WIDTH,
    &hidden::SELECTOR_DATA,
    &hidden::SELECTOR,
    &hidden::INVISIBLE_MATH,
    &hidden::HANGUL_FILLER,
    &hidden::SOFT_HYPHEN,
    &hidden::INVISIBLE,
    &hidden::ODD_SPACE,
    &terminal::CLIPBOARD,
    &terminal::TITLE,
    &terminal::CLEAR,
    &terminal::CURSOR,
    &terminal::REPORT,
    &terminal::CONCEAL,
    &terminal::COLOUR,
    &terminal::LINK,
    &terminal::LINK_MISMATCH,
    &terminal::SEQUENCE,
    &terminal::C1,
    &terminal::OVERWRITE,
    &terminal::BACKSPACE,
    &terminal::CONTROL,
    &command::PIPE_TO_SHELL,
];

/// The rule of this id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

#[cfg(test)]
pub(crate) mod pairs;
