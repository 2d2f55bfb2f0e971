//! What kinds of characters a text has: one pass that spares most texts most rules.

/// A set of kinds of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Traits(u16);

impl Traits {
    /// Controls of C0 and C1 but newline, tab and carriage return; and DEL.
    pub(crate) const CONTROL: Self = Self(1);
    /// Carriage return.
    pub(crate) const RETURN: Self = Self(1 << 1);
    /// The controls of bidirectional text (UAX #9).
    pub(crate) const BIDI: Self = Self(1 << 2);
    /// Unicode tags, U+E0000–E007F.
    pub(crate) const TAG: Self = Self(1 << 3);
    /// Zero-width characters: U+200B–200D, U+2060, U+FEFF.
    pub(crate) const ZERO_WIDTH: Self = Self(1 << 4);
    /// Variation selectors.
    pub(crate) const SELECTOR: Self = Self(1 << 5);
    /// Other characters that show as nothing.
    pub(crate) const INVISIBLE: Self = Self(1 << 6);
    /// Spaces that are not U+0020.
    pub(crate) const SPACE: Self = Self(1 << 7);
    /// Everything else beyond ASCII.
    pub(crate) const WIDE: Self = Self(1 << 8);

    /// The kinds of this text.
    pub(crate) fn of(text: &str) -> Self {
        // Without a branch in it the loop compares many bytes at a time.
        let odd = text.bytes().fold(false, |odd, byte| {
            odd | !(matches!(byte, b' '..=b'~') | (byte == b'\n') | (byte == b'\t'))
        });
        if odd {
            text.chars().fold(Self::default(), |traits, c| traits.with(Self::of_char(c)))
        } else {
            Self(0)
        }
    }

    fn of_char(c: char) -> Self {
        match c {
            ' '..='~' | '\n' | '\t' => Self(0),
            '\r' => Self::RETURN,
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Self::CONTROL,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                Self::BIDI
            }
            '\u{e0000}'..='\u{e007f}' => Self::TAG,
            '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => Self::ZERO_WIDTH,
            '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => Self::SELECTOR,
            '\u{ad}'
            | '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{2061}'..='\u{2064}'
            | '\u{206a}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' => Self::INVISIBLE,
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
                Self::SPACE
            }
            _ => Self::WIDE,
        }
    }

    /// Both sets.
    #[must_use]
    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets share a kind.
    #[must_use]
    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it is the set of a text of printable ASCII.
    #[must_use]
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_ascii_has_no_kind() {
        assert!(Traits::of("fn main() {\n\tprintln!(\"~\");\n}").is_empty());
    }

    #[test]
    fn each_kind_is_seen() {
        let texts = [
            ("\u{1b}[0m", Traits::CONTROL),
            ("\u{9b}2J", Traits::CONTROL),
            ("a\r\n", Traits::RETURN),
            ("\u{202e}", Traits::BIDI),
            ("\u{e0041}", Traits::TAG),
            ("\u{200b}", Traits::ZERO_WIDTH),
            ("\u{fe0f}", Traits::SELECTOR),
            ("\u{3164}", Traits::INVISIBLE),
            ("\u{a0}", Traits::SPACE),
            ("é", Traits::WIDE),
        ];
        for (text, kind) in texts {
            assert_eq!(Traits::of(text), kind, "{text:?}");
        }
        assert_eq!(Traits::of("é\u{200b}"), Traits::WIDE.with(Traits::ZERO_WIDTH));
    }
}
