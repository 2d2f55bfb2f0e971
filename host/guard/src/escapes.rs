//! Reads the escape sequences of terminals: ECMA-48 control sequences and strings, and xterm's commands.

use std::ops::Range;

/// One sequence, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Escape<'a> {
    /// What it is.
    pub(crate) kind: Kind<'a>,
    /// Where it stands, with what introduces and ends it.
    pub(crate) span: Range<usize>,
}

/// What a sequence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// A control sequence (CSI): its parameters and its final character.
    Control { parameters: &'a str, last: char },
    /// An operating system command (OSC): what it says.
    Command(&'a str),
    /// Another control string: DCS, SOS, PM, APC.
    String,
    /// ESC and one character.
    Short(char),
    /// An introducer that nothing sensible follows.
    Broken,
}

/// Every sequence of the text, in order. Takes one pass: where one is broken off, the next begins.
pub(crate) fn escapes(text: &str) -> impl Iterator<Item = Escape<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let start = at + rest.find(introduces)?;
        let escape = one(text, start)?;
        at = escape.span.end;
        Some(escape)
    })
}

/// ESC, and the characters of C1 that stand for ESC and a character: DCS, SOS, CSI, OSC, PM, APC.
fn introduces(c: char) -> bool {
    matches!(c, '\u{1b}' | '\u{90}' | '\u{98}' | '\u{9b}' | '\u{9d}'..='\u{9f}')
}

fn one(text: &str, start: usize) -> Option<Escape<'_>> {
    let mut rest = text.get(start..)?.chars();
    let first = rest.next()?;
    let kind = if first == '\u{1b}' { rest.next() } else { short_of(first) };
    let body = text.len() - rest.as_str().len();
    Some(match kind {
        Some('[') => control(text, start, body),
        Some(']') => string(text, start, body, true),
        Some('P' | 'X' | '^' | '_') => string(text, start, body, false),
        // Intermediate characters, as in ESC ( B, and a final one.
        Some(' '..='/') => {
            let end = body + rest.next().filter(char::is_ascii).map_or(0, char::len_utf8);
            Escape { kind: Kind::Short(' '), span: start..end }
        }
        Some(c @ '0'..='~') => Escape { kind: Kind::Short(c), span: start..body },
        _ => Escape { kind: Kind::Broken, span: start..start + first.len_utf8() },
    })
}

fn short_of(c: char) -> Option<char> {
    Some(match c {
        '\u{90}' => 'P',
        '\u{98}' => 'X',
        '\u{9b}' => '[',
        '\u{9d}' => ']',
        '\u{9e}' => '^',
        '\u{9f}' => '_',
        _ => return None,
    })
}

/// Parameters and intermediates are U+0020–3F, the final character is U+0040–7E.
fn control(text: &str, start: usize, body: usize) -> Escape<'_> {
    let rest = text.get(body..).unwrap_or_default();
    let length = rest.find(|c: char| !matches!(c, ' '..='?')).unwrap_or(rest.len());
    let (parameters, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
    match after.chars().next() {
        Some(last @ '@'..='~') => {
            Escape { kind: Kind::Control { parameters, last }, span: start..body + length + 1 }
        }
        _ => Escape { kind: Kind::Broken, span: start..body },
    }
}

/// Ends with ST (ESC \ or U+009C); xterm takes BEL for the end of a command, too. Any other ESC, and
/// CAN and SUB, break it off.
fn string(text: &str, start: usize, body: usize, command: bool) -> Escape<'_> {
    let rest = text.get(body..).unwrap_or_default();
    let broken = Escape { kind: Kind::Broken, span: start..body };
    let Some(length) = rest.find(['\u{7}', '\u{18}', '\u{1a}', '\u{1b}', '\u{9c}']) else { return broken };
    let (said, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
    let end = match after.chars().next() {
        Some('\u{7}') if command => 1,
        Some('\u{9c}') => 2,
        Some('\u{1b}') if after.starts_with("\u{1b}\\") => 2,
        _ => return broken,
    };
    let kind = if command { Kind::Command(said) } else { Kind::String };
    Escape { kind, span: start..body + length + end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind<'_>> {
        escapes(text).map(|escape| escape.kind).collect()
    }

    #[test]
    fn sequences_are_told_apart() {
        assert_eq!(kinds("a\u{1b}[1;31mb"), [Kind::Control { parameters: "1;31", last: 'm' }]);
        assert_eq!(kinds("\u{9b}2J"), [Kind::Control { parameters: "2", last: 'J' }]);
        assert_eq!(kinds("\u{1b}]0;hi\u{7}"), [Kind::Command("0;hi")]);
        assert_eq!(kinds("\u{9d}52;c;aGk=\u{9c}"), [Kind::Command("52;c;aGk=")]);
        assert_eq!(kinds("\u{1b}P$q\u{1b}\\"), [Kind::String]);
        assert_eq!(kinds("\u{1b}c\u{1b}(B"), [Kind::Short('c'), Kind::Short(' ')]);
    }

    #[test]
    fn what_is_broken_off_hides_nothing_after_it() {
        assert_eq!(
            kinds("\u{1b}]0;a\u{1b}[2J"),
            [Kind::Broken, Kind::Control { parameters: "2", last: 'J' }]
        );
        assert_eq!(kinds("\u{1b}\u{1b}[0é\u{1b}"), [Kind::Broken; 3]);
    }

    #[test]
    fn spans_cover_the_sequence() {
        let text = "ab\u{1b}]8;;http://a\u{1b}\\cd\u{9b}0m.";
        let cut: Vec<&str> = escapes(text).map(|escape| &text[escape.span]).collect();
        assert_eq!(cut, ["\u{1b}]8;;http://a\u{1b}\\", "\u{9b}0m"]);
    }
}
