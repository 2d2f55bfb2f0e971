//! Texts that people and models read and choose by: bounded, and nothing in them is invisible.

use unicode_general_category::{GeneralCategory, get_general_category};

/// Names for people, authors, licences, tags.
pub(crate) const SHORT_MAX: usize = 120;
/// Descriptions and reasons.
pub(crate) const LONG_MAX: usize = 2000;

/// Why a text may not be shown to people and models.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Too many bytes.
    #[error("the text has {found} bytes; the most is {most}")]
    TooLong {
        /// How many.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A character that shows as nothing or changes how its neighbours are shown.
    #[error(
        "character {at} is U+{codepoint:04X}, a {what} character; such characters hide text from people, take it out"
    )]
    Hidden {
        /// Its place, counted from 1.
        at: usize,
        /// The character.
        codepoint: u32,
        /// Its class.
        what: &'static str,
    },
}

/// Checks a text. Line breaks are for texts of several paragraphs, where `lines` is true.
pub(crate) fn check(text: &str, most: usize, lines: bool) -> Result<(), WordsError> {
    if text.len() > most {
        return Err(WordsError::TooLong { found: text.len(), most });
    }
    visible(text, lines)
}

/// Checks that nothing in the text is hidden.
pub(crate) fn visible(text: &str, lines: bool) -> Result<(), WordsError> {
    for (at, c) in text.chars().enumerate() {
        if let Some(what) = hidden(c).filter(|_| !(lines && c == '\n')) {
            return Err(WordsError::Hidden { at: at + 1, codepoint: u32::from(c), what });
        }
    }
    Ok(())
}

fn hidden(c: char) -> Option<&'static str> {
    match get_general_category(c) {
        GeneralCategory::Control => Some("control"),
        GeneralCategory::Format => Some("format"),
        GeneralCategory::PrivateUse => Some("private-use"),
        GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator => Some("separator"),
        // Fillers and variation selectors are letters and marks to Unicode, and nothing to the eye.
        _ if ares_kernel::text::escaped(c.encode_utf8(&mut [0; 4]), 16).starts_with("\\u") => Some("hidden"),
        _ if ('\u{e0100}'..='\u{e01ef}').contains(&c) => Some("hidden"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hidden_class_is_refused_and_named() {
        for (c, what) in [
            ('\u{1b}', "control"),
            ('\u{85}', "control"),
            ('\u{200b}', "format"),
            ('\u{202e}', "format"),
            ('\u{2066}', "format"),
            ('\u{feff}', "format"),
            ('\u{ad}', "format"),
            ('\u{e0041}', "format"),
            ('\u{e000}', "private-use"),
            ('\u{10fffd}', "private-use"),
            ('\u{2028}', "separator"),
            ('\u{3164}', "hidden"),
            ('\u{fe0f}', "hidden"),
            ('\u{e0100}', "hidden"),
            ('\t', "control"),
        ] {
            let error = check(&format!("ab{c}"), 100, true).unwrap_err();
            assert_eq!(error, WordsError::Hidden { at: 3, codepoint: u32::from(c), what });
            assert!(error.to_string().contains(&format!("U+{:04X}", u32::from(c))));
        }
    }

    #[test]
    fn ordinary_text_of_any_script_is_fine() {
        let text = "Ελληνικά, Кириллица, 中文, عربي, 😀, `code` and \"quotes\" \\u";
        assert_eq!(check(text, 1000, false), Ok(()));
        assert_eq!(check("two\nlines", 100, true), Ok(()));
        assert!(check("two\nlines", 100, false).is_err());
        assert_eq!(check("abc", 2, false), Err(WordsError::TooLong { found: 3, most: 2 }));
    }
}
