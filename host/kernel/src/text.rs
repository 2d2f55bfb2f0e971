//! Foreign text on its way to a person: escaped, so that it cannot move a cursor, and cut.

use std::fmt::Write as _;

/// The most that is kept of one text a guest wrote into an error, in bytes.
pub const FOREIGN_TEXT_MAX: usize = 4096;

/// Characters that change how the text around them is shown or that show as nothing: the bidi
/// controls (UAX #9), the zero-width characters, the invisible operators, soft hyphen, line and
/// paragraph separators, Unicode tags, variation selectors, and whatever else Unicode calls
/// `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt`); and the empty Braille pattern.
fn hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether there is anything in a text that can be seen: a character that is neither space nor control
/// nor hidden. Words that must be given are not given without one.
#[must_use]
pub fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !c.is_control() && !hides(c))
}

/// The text with every control and hidden character written as `\u{…}`, cut to `max` bytes at a
/// character, with the number of bytes left out. Newline and tab are control characters too.
#[must_use]
pub fn escaped(text: &str, max: usize) -> String {
    written(text, max, |_| false)
}

fn written(text: &str, max: usize, marks: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len().min(max) + 16);
    for (at, c) in text.char_indices() {
        if out.len() >= max {
            let hidden = text.len() - at;
            // Writing to a String cannot fail.
            let _ = write!(out, "… ({hidden} more bytes)");
            return out;
        }
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || hides(c) || marks(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Like [`escaped`], between backquotes. Backquotes of its own are escaped too: what stands after the
/// second one is not the text's.
#[must_use]
pub fn quoted(text: &str, max: usize) -> String {
    format!("`{}`", written(text, max, |c| c == '`'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_cursor_gets_through() {
        assert_eq!(escaped("a\u{1b}[31mb\r\n", 100), "a\\u{1b}[31mb\\u{d}\\n");
        assert_eq!(escaped("x\u{202e}y\u{200b}\u{e0041}", 100), "x\\u{202e}y\\u{200b}\\u{e0041}");
        assert_eq!(escaped("\u{9b}2J", 100), "\\u{9b}2J");
    }

    #[test]
    fn a_quotation_ends_where_it_ends() {
        assert_eq!(quoted("a`(rule`none`)", 100), "`a\\u{60}(rule\\u{60}none\\u{60})`");
        assert_eq!(escaped("`a`", 100), "`a`");
    }

    #[test]
    fn words_that_nobody_sees_are_none() {
        for text in [
            "",
            " \t\n",
            "\u{a0}\u{3000}",
            "\u{200b}",
            "\u{ad}\u{2060} \u{feff}",
            "\u{e0041}",
            "\u{3164}\u{2800}",
        ] {
            assert!(!is_visible(text), "{text:?}");
        }
        for text in ["x", "\u{200b}.", "\u{4e2d}", "\u{1f600}"] {
            assert!(is_visible(text), "{text:?}");
        }
    }

    #[test]
    fn ordinary_text_of_any_script_stays() {
        let text = "Ελληνικά, Кириллица, 中文, عربي, 😀";
        assert_eq!(escaped(text, 1000), text);
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(escaped(&"é".repeat(10), 6), "ééé… (14 more bytes)");
    }
}
