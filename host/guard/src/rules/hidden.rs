//! Characters nobody sees: they carry orders past a reader's eyes, or make one name look like another.

use crate::characters::{flags, is_han, is_joining, is_symbol, seats};
use crate::place::Group::HiddenText;
use crate::place::Place;
use crate::place::Severity::{Critical, High, Info, Low, Medium};
use crate::rule::{Look, Rule};
use crate::subject::{Spans, Subject};
use crate::traits::Traits;

const TAKE_OUT: &str = "Take the character out, or write it as an escape where it is meant.";

pub(crate) static BIDI_OVERRIDE: Rule = Rule::new(
    "bidi-override",
    HiddenText,
    Critical,
    Look::Characters { having: Traits::BIDI, find: bidi_override },
    "Take the override out: it makes text read in another order than it is stored. No language needs it.",
)
.hostile();

pub(crate) static BIDI_UNBALANCED: Rule = Rule::new(
    "bidi-unbalanced",
    HiddenText,
    Critical,
    Look::Characters { having: Traits::BIDI, find: bidi_unbalanced },
    "Close each embedding and isolate in the paragraph that opened it, or take it out: it turns around what follows.",
)
.hostile();

pub(crate) static BIDI_EMBEDDING: Rule = Rule::new(
    "bidi-embedding",
    HiddenText,
    Low,
    Look::Characters { having: Traits::BIDI, find: bidi_embedding },
    "Take it out of a name; in running text look whether what it holds reads as it is stored.",
)
.in_names(High);

pub(crate) static BIDI_MARK: Rule = Rule::new(
    "bidi-mark",
    HiddenText,
    Info,
    Look::Characters { having: Traits::BIDI, find: bidi_mark },
    "Ordinary in right-to-left text; take it out of a name.",
)
.in_names(Medium);

pub(crate) static TAGS: Rule = Rule::new(
    "tag-characters",
    HiddenText,
    Critical,
    Look::Characters { having: Traits::TAG, find: tags },
    "Take the tags out: they spell text that models read and people do not see.",
)
.hostile();

pub(crate) static ZERO_WIDTH: Rule = Rule::new(
    "zero-width",
    HiddenText,
    High,
    Look::Characters { having: Traits::ZERO_WIDTH, find: zero_width },
    TAKE_OUT,
);

pub(crate) static SELECTOR_DATA: Rule = Rule::new(
    "variation-selector-data",
    HiddenText,
    Critical,
    Look::Characters { having: Traits::SELECTOR, find: selector_data },
    "Take the run of variation selectors out: one chooses a glyph, several are a way to hide bytes.",
);

pub(crate) static SELECTOR: Rule = Rule::new(
    "variation-selector",
    HiddenText,
    Medium,
    Look::Characters { having: Traits::SELECTOR, find: selector },
    TAKE_OUT,
);

pub(crate) static INVISIBLE_MATH: Rule = Rule::new(
    "invisible-operator",
    HiddenText,
    Medium,
    Look::Characters { having: Traits::INVISIBLE, find: invisible_operator },
    TAKE_OUT,
);

pub(crate) static HANGUL_FILLER: Rule = Rule::new(
    "hangul-filler",
    HiddenText,
    High,
    Look::Characters { having: Traits::INVISIBLE, find: hangul_filler },
    "Take the filler out: it is a letter that shows as nothing, so that a name can look like another.",
);

pub(crate) static SOFT_HYPHEN: Rule = Rule::new(
    "soft-hyphen",
    HiddenText,
    Low,
    Look::Characters { having: Traits::INVISIBLE, find: soft_hyphen },
    "Ordinary in typeset text; take it out of a name or a command.",
)
.in_names(Medium);

pub(crate) static INVISIBLE: Rule = Rule::new(
    "invisible-character",
    HiddenText,
    Medium,
    Look::Characters { having: Traits::INVISIBLE, find: invisible },
    TAKE_OUT,
);

pub(crate) static ODD_SPACE: Rule = Rule::new(
    "odd-space",
    HiddenText,
    Low,
    Look::Characters { having: Traits::SPACE, find: odd_space },
    "Write an ordinary space: programs take this one for a letter.",
)
.in_names(Medium);

fn each(subject: &Subject<'_>, spans: &mut Spans, is: impl Fn(char) -> bool) {
    for (at, c) in subject.text.char_indices().filter(|(_, c)| is(*c)) {
        spans.push(at..at + c.len_utf8());
    }
}

fn bidi_override(subject: &Subject<'_>, spans: &mut Spans) {
    each(subject, spans, |c| matches!(c, '\u{202d}' | '\u{202e}'));
}

fn bidi_mark(subject: &Subject<'_>, spans: &mut Spans) {
    each(subject, spans, |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}'));
}

fn bidi_embedding(subject: &Subject<'_>, spans: &mut Spans) {
    each(subject, spans, |c| matches!(c, '\u{202a}'..='\u{202c}' | '\u{2066}'..='\u{2069}'));
}

/// What is open at the end of its paragraph (UAX #9, P1). How deep they nest is bounded there, too (BD2).
fn bidi_unbalanced(subject: &Subject<'_>, spans: &mut Spans) {
    const DEPTH_MAX: usize = 125;
    let mut open: Vec<(char, usize)> = Vec::new();
    for (at, c) in subject.text.char_indices() {
        match c {
            '\u{202a}' | '\u{202b}' | '\u{2066}'..='\u{2068}' if open.len() < DEPTH_MAX => open.push((c, at)),
            '\u{202a}' | '\u{202b}' | '\u{2066}'..='\u{2068}' => spans.push(at..at + c.len_utf8()),
            '\u{202c}' => {
                open.pop_if(|(opener, _)| *opener < '\u{2066}');
            }
            // The end of an isolate ends the embeddings inside of it.
            '\u{2069}' => {
                if let Some(isolate) = open.iter().rposition(|(opener, _)| *opener >= '\u{2066}') {
                    open.truncate(isolate);
                }
            }
            '\n' | '\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2029}' => close(&mut open, spans),
            _ => {}
        }
    }
    close(&mut open, spans);
}

fn close(open: &mut Vec<(char, usize)>, spans: &mut Spans) {
    for (c, at) in open.drain(..) {
        spans.push(at..at + c.len_utf8());
    }
}

/// Runs of tags outside of flags.
fn tags(subject: &Subject<'_>, spans: &mut Spans) {
    let mut flags = flags(subject.text).peekable();
    let mut run: Option<std::ops::Range<usize>> = None;
    for (at, c) in subject.text.char_indices().filter(|(_, c)| matches!(c, '\u{e0000}'..='\u{e007f}')) {
        while flags.next_if(|flag| flag.end <= at).is_some() {}
        if flags.peek().is_some_and(|flag| flag.contains(&at)) {
            continue;
        }
        let end = at + c.len_utf8();
        run = match run.take() {
            Some(so_far) if so_far.end == at => Some(so_far.start..end),
            other => {
                other.into_iter().for_each(|run| spans.push(run));
                Some(at..end)
            }
        };
    }
    run.into_iter().for_each(|run| spans.push(run));
}

/// Joiners are honest between letters that join and inside of emoji, the breaking space between letters of
/// scripts that write no spaces, U+FEFF at the very beginning.
fn zero_width(subject: &Subject<'_>, spans: &mut Spans) {
    for seat in seats(subject.text) {
        let beside = |is: fn(char) -> bool| seat.before.is_some_and(is) || seat.after.is_some_and(is);
        let honest = match seat.c {
            '\u{200d}' => {
                beside(is_joining)
                    || (seat.after.is_some_and(is_symbol) && seat.before.is_some_and(is_emoji_end))
            }
            '\u{200c}' => beside(is_joining),
            '\u{200b}' => beside(is_joining) || beside(is_han),
            '\u{2060}' => false,
            '\u{feff}' => seat.at == 0,
            _ => continue,
        };
        if !honest {
            spans.push(seat.span());
        }
    }
}

fn is_emoji_end(c: char) -> bool {
    is_symbol(c) || c == '\u{fe0f}'
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Two and more selectors in a row.
fn selector_data(subject: &Subject<'_>, spans: &mut Spans) {
    let mut run = 0..0;
    let mut count = 0;
    for (at, c) in subject.text.char_indices().chain(std::iter::once((subject.text.len(), ' '))) {
        if is_selector(c) {
            run = if count == 0 { at..at + c.len_utf8() } else { run.start..at + c.len_utf8() };
            count += 1;
        } else {
            if count > 1 {
                spans.push(run.clone());
            }
            count = 0;
        }
    }
}

/// A selector after something that has no variants.
fn selector(subject: &Subject<'_>, spans: &mut Spans) {
    for seat in seats(subject.text).filter(|seat| is_selector(seat.c)) {
        let before = seat.before.unwrap_or(' ');
        let honest = match seat.c {
            // U+FE0E and U+FE0F choose between text and emoji; keycaps begin with a digit, # or *.
            '\u{fe0e}' | '\u{fe0f}' => is_symbol(before) || matches!(before, '0'..='9' | '#' | '*'),
            '\u{e0100}'.. => is_han(before),
            _ => !before.is_ascii() && !is_selector(before),
        };
        // Those behind another selector are of the other rule.
        if !honest && !is_selector(before) {
            spans.push(seat.span());
        }
    }
}

fn invisible_operator(subject: &Subject<'_>, spans: &mut Spans) {
    each(subject, spans, |c| matches!(c, '\u{2061}'..='\u{2064}'));
}

/// A filler is honest where a syllable of old Hangul lacks a part: beside another jamo.
fn hangul_filler(subject: &Subject<'_>, spans: &mut Spans) {
    let is_jamo =
        |c: Option<char>| c.is_some_and(|c| matches!(c, '\u{1100}'..='\u{115e}' | '\u{1161}'..='\u{11ff}'));
    for seat in seats(subject.text) {
        let honest = match seat.c {
            '\u{115f}' => is_jamo(seat.after),
            '\u{1160}' => is_jamo(seat.before),
            '\u{3164}' | '\u{ffa0}' => false,
            _ => continue,
        };
        if !honest {
            spans.push(seat.span());
        }
    }
}

fn soft_hyphen(subject: &Subject<'_>, spans: &mut Spans) {
    each(subject, spans, |c| c == '\u{ad}');
}

/// The Mongolian ones are honest beside Mongolian letters, the Khmer ones beside Khmer ones.
fn invisible(subject: &Subject<'_>, spans: &mut Spans) {
    for seat in seats(subject.text) {
        let honest = match seat.c {
            '\u{180b}'..='\u{180f}' => seat.before.is_some_and(|c| matches!(c, '\u{1820}'..='\u{18aa}')),
            '\u{17b4}' | '\u{17b5}' => seat.before.is_some_and(|c| matches!(c, '\u{1780}'..='\u{17b3}')),
            '\u{34f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{206a}'..='\u{206f}'
            | '\u{2800}'
            | '\u{fff9}'..='\u{fffb}' => false,
            _ => continue,
        };
        if !honest {
            spans.push(seat.span());
        }
    }
}

/// In running text the spaces of French and of East Asian typesetting are ordinary. In file names two are: the
/// ideographic one, and U+202F, which macOS writes into the names of screenshots.
fn odd_space(subject: &Subject<'_>, spans: &mut Spans) {
    let honest = |c: char| match subject.place {
        Place::Host | Place::Command => false,
        Place::Path => matches!(c, '\u{202f}' | '\u{3000}'),
        Place::Text | Place::Answer | Place::File => {
            matches!(c, '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{3000}')
        }
    };
    each(subject, spans, |c| match c {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => !honest(c),
        _ => false,
    });
}

#[cfg(test)]
pub(super) mod pairs {
    use super::super::pairs::Pair;
    use crate::place::Place::{Path, Text};

    pub(crate) const PAIRS: &[Pair] = &[
        Pair("bidi-override", Text, "if (a \u{202e} b)", "שלום \u{200f}(a)"),
        Pair("bidi-unbalanced", Text, "a \u{2067}b\nc", "a \u{2067}b\u{2069} \u{202b}c\u{202c}\nd"),
        Pair("bidi-embedding", Text, "\u{202b}שלום\u{202c}", "שלום"),
        Pair("bidi-mark", Path, "a\u{200e}b", "ab"),
        Pair(
            "tag-characters",
            Text,
            "hi\u{e0068}\u{e0069}",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        ),
        Pair(
            "zero-width",
            Text,
            "pass\u{200b}word",
            "می\u{200c}خواهم 👨\u{200d}👩\u{200d}👧 ❤\u{fe0f}\u{200d}🔥",
        ),
        Pair("zero-width", Path, "a\u{feff}b", "\u{feff}ab"),
        Pair("variation-selector-data", Text, "😀\u{e0101}\u{e0112}", "葛\u{e0100}"),
        Pair("variation-selector", Text, "a\u{fe01}b", "❤\u{fe0f} 1\u{fe0f}\u{20e3}"),
        Pair("invisible-operator", Text, "x\u{2062}y", "x·y"),
        Pair("hangul-filler", Text, "let \u{3164} = 1", "\u{1112}\u{1161}\u{11ab} 한글"),
        Pair("soft-hyphen", Path, "pay\u{ad}pal", "pay-pal"),
        Pair("invisible-character", Text, "a\u{180e}b", "ᠮᠣᠩ\u{180b}"),
        Pair("odd-space", Text, "a\u{2003}b", "« a\u{a0}»"),
        Pair("odd-space", Path, "a\u{a0}b", "at 9.41\u{202f}AM.png"),
    ];
}
