//! Foreign text on its way to a person: escaped, so that it cannot move a cursor, and cut.

use std::fmt::Write as _;

/// The most that is kept of one text a guest wrote into an error, in bytes.
pub const FOREIGN_TEXT_MAX: usize = 4096;

/// Characters that change how the text around them is shown or that show as nothing: the bidi
/// controls (UAX #9), the zero-width characters, the invisible operators, soft hyphen, line and
/// paragraph separators, Unicode tags and variation selectors.
fn hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{feff}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text with every control and hidden character written as `\u{…}`, cut to `max` bytes at a
/// character, with the number of bytes left out. Newline and tab are control characters too.
#[must_use]
pub fn escaped(text: &str, max: usize) -> String {
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
            c if c.is_control() || hides(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Like [`escaped`], between backquotes.
#[must_use]
pub fn quoted(text: &str, max: usize) -> String {
    format!("`{}`", escaped(text, max))
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
    fn ordinary_text_of_any_script_stays() {
        let text = "Ελληνικά, Кириллица, 中文, عربي, 😀";
        assert_eq!(escaped(text, 1000), text);
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(escaped(&"é".repeat(10), 6), "ééé… (14 more bytes)");
    }
}
