//! What stands around a character that is honest in some company only.

use std::ops::Range;

/// The black flag that begins the flags of regions, and the tag that ends them (UTS #51, ED-14a).
const FLAG: char = '\u{1f3f4}';
const CANCEL: char = '\u{e007f}';
/// The longest region code in a flag, in tags: `gbsct` has five.
const REGION_MAX: usize = 6;

/// The emoji flags of regions that are spelt with tags, such as Scotland's: where they stand.
pub(crate) fn flags(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(FLAG).filter_map(|(start, flag)| {
        let tags = text.get(start + flag.len()..)?;
        let region = tags.chars().take(REGION_MAX).take_while(|c| is_region(*c)).count();
        let mut after = tags.chars().skip(region);
        // Each tag takes four bytes.
        (region >= 3 && after.next() == Some(CANCEL)).then(|| start..start + flag.len() + (region + 1) * 4)
    })
}

/// The tags of `a`–`z` and `0`–`9`.
fn is_region(c: char) -> bool {
    matches!(c, '\u{e0061}'..='\u{e007a}' | '\u{e0030}'..='\u{e0039}')
}

/// A symbol of the kind emoji are made of. Not exact: it says which company joiners and selectors may
/// keep, and letters are never in it.
pub(crate) fn is_symbol(c: char) -> bool {
    matches!(c,
        '©' | '®' | '‼' | '⁉' | '™' | 'ℹ' | '〰' | '〽' | '㊗' | '㊙' | '\u{20e3}'
        | '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// A letter of a script that joins or breaks by zero-width characters: Arabic and its kin, the scripts of
/// India and South-East Asia, Tibetan, Mongolian.
pub(crate) fn is_joining(c: char) -> bool {
    matches!(c,
        '\u{0600}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{1900}'..='\u{1cff}' | '\u{a840}'..='\u{a87f}'
        | '\u{a8e0}'..='\u{aaff}' | '\u{abc0}'..='\u{abff}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{11000}'..='\u{11fff}')
}

/// A Han character, whose variants selectors choose.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// A character with what stands before and after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seat {
    pub(crate) c: char,
    pub(crate) at: usize,
    pub(crate) before: Option<char>,
    pub(crate) after: Option<char>,
}

impl Seat {
    pub(crate) fn span(&self) -> Range<usize> {
        self.at..self.at + self.c.len_utf8()
    }
}

/// Every character with its neighbours.
pub(crate) fn seats(text: &str) -> impl Iterator<Item = Seat> {
    let mut before = None;
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (at, c) = rest.next()?;
        let after = rest.peek().map(|(_, c)| *c);
        let seat = Seat { c, at, before, after };
        before = Some(c);
        Some(seat)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_needs_a_region_and_an_end() {
        let wales = "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}";
        let text = format!("a{wales}🏴\u{e0041}\u{e007f}🏴\u{e0067}\u{e0062}");
        assert_eq!(
            flags(&text).map(|flag| (flag.start, flag.end)).collect::<Vec<_>>(),
            [(1, 1 + wales.len())]
        );
    }

    #[test]
    fn letters_are_no_symbols() {
        assert!("aÀяש字ก".chars().all(|c| !is_symbol(c)));
        assert!("👨😀☺↔🇬".chars().all(is_symbol));
    }
}
