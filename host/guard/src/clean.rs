//! Takes out of a text what a terminal would obey or what would turn it around.

use std::borrow::Cow;

use crate::characters::flags;
use crate::escapes::escapes;

/// The text without escape sequences, without controls but newline and tab, without the bidi controls that
/// turn text around, without tags that belong to no flag. What is plain comes back as it is.
///
/// Marks that only say which way a neutral character goes (U+061C, U+200E, U+200F) stay: right-to-left
/// text needs them.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_taken_out) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut flags = flags(text).peekable();
    let mut at = 0;
    let cuts = escapes(text).map(|escape| escape.span).chain(std::iter::once(text.len()..text.len()));
    for cut in cuts {
        for (offset, c) in text.get(at..cut.start).unwrap_or_default().char_indices() {
            let offset = at + offset;
            while flags.next_if(|flag| flag.end <= offset).is_some() {}
            let in_flag = flags.peek().is_some_and(|flag| flag.contains(&offset));
            if in_flag || !is_taken_out(c) {
                out.push(c);
            }
        }
        at = cut.end;
    }
    Cow::Owned(out)
}

fn is_taken_out(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}' => true,
        c => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_taken_out() {
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m\r\n\u{1b}]52;c;aGk=\u{7}x\u{9b}2Jy\u{8}\0"), "red\nxy");
        assert_eq!(clean("\u{1b}]0;never ended"), "0;never ended");
        assert_eq!(clean("a\u{202e}b\u{2066}c\u{e0041}d"), "abcd");
    }

    #[test]
    fn plain_text_is_not_copied() {
        for text in ["שלום\u{200f}!\n\t", "Wales 🏴 and 👨‍👩‍👧", ""] {
            assert!(matches!(clean(text), Cow::Borrowed(_)), "{text:?}");
        }
    }

    #[test]
    fn flags_stay() {
        let scotland = "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}";
        assert_eq!(clean(&format!("a\u{1b}[0m{scotland}\u{e0041}")), format!("a{scotland}"));
    }

    #[test]
    fn taking_out_brings_nothing_new_forth() {
        let once = clean("\u{1b}\u{1b}[2J[2J\u{1b}]\u{1b}[m0;x\u{7}").into_owned();
        assert_eq!(clean(&once), once);
    }
}
