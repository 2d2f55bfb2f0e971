//! Words whose letters are of several scripts and look alike. Judged word by word: a text may be in any
//! script, and in several.

use std::ops::Range;

use unicode_script::Script;
use unicode_security::mixed_script::AugmentedScriptSet;
use unicode_security::skeleton;

use crate::place::Group::MixedScript;
use crate::place::Place;
use crate::place::Severity::{High, Low, Medium};
use crate::rule::{Look, Rule};
use crate::subject::{Spans, Subject};
use crate::traits::Traits;

/// Formulas put Greek letters beside Latin ones: in running text a word shorter than this, in letters, is
/// taken for one.
const FORMULA_MAX: usize = 3;

pub(crate) static LOOKALIKE: Rule = Rule::new(
    "lookalike-word",
    MixedScript,
    High,
    Look::Characters { having: Traits::WIDE, find: lookalike },
    "Write the word in one script: a letter in it is of another one and only looks the same.",
);

pub(crate) static MIXED: Rule = Rule::new(
    "mixed-script-word",
    MixedScript,
    Low,
    Look::Characters { having: Traits::WIDE, find: mixed },
    "Write a name in one script, or separate the parts that are of different ones.",
)
.in_names(Medium);

pub(crate) static NAME: Rule = Rule::new(
    "lookalike-name",
    MixedScript,
    High,
    Look::Characters { having: Traits::WIDE, find: lookalike_name },
    "Write it in Latin letters if it means what it looks like: every letter of it is of another script.",
)
.at(&[Place::Host, Place::Command]);

pub(crate) static STYLED: Rule = Rule::new(
    "styled-letters",
    MixedScript,
    Low,
    Look::Characters { having: Traits::WIDE, find: styled },
    "Write plain letters: programs do not take these for the same.",
)
.in_names(Medium);

/// The words that hold a letter beyond ASCII: runs of what is neither punctuation nor a symbol. The ranges are
/// coarse, so that long texts in other scripts take little time; what slips into a word has no script.
fn words(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let start = at + rest.find(is_in_word)?;
            let run = text.get(start..)?;
            let end = start + run.find(|c| !is_in_word(c)).unwrap_or(run.len());
            at = end;
            let word = text.get(start..end)?;
            if !word.is_ascii() {
                return Some((start..end, word));
            }
        }
    })
}

fn is_in_word(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' => c.is_ascii_alphabetic(),
        '\u{80}'..='\u{bf}'
        | '×'
        | '÷'
        | '\u{2000}'..='\u{2bff}'
        | '\u{3000}'..='\u{303f}'
        | '\u{e000}'..='\u{f8ff}'
        | '\u{fe00}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff20}'
        | '\u{1f000}'..='\u{1faff}'
        | '\u{e0000}'.. => false,
        _ => true,
    }
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

fn is_greek(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}')
}

/// Latin letters and others; most words end here, after a look at the ranges of their letters.
fn is_of_two_kinds(word: &str) -> bool {
    word.chars().any(is_latin) && word.chars().any(|c| !is_latin(c) && !is_mark(c))
}

/// Short Greek and Latin in running text: `νRT`, `kΩ`.
fn is_formula(word: &str, place: Place) -> bool {
    !place.is_name() && word.chars().count() <= FORMULA_MAX && word.chars().any(is_greek)
}

/// Whether every letter looks like one of ASCII (UTS #39, skeletons).
fn reads_as_ascii(word: &str) -> bool {
    skeleton(word).filter(|c| !is_mark(*c)).all(|c| c.is_ascii())
}

/// Beyond what UTS #39 (5.2) calls moderately restrictive: Latin with Chinese, Japanese or Korean, or with one
/// other recommended script that is neither Cyrillic nor Greek.
fn is_mixed(word: &str) -> bool {
    let mut all = AugmentedScriptSet::default();
    let mut others = AugmentedScriptSet::default();
    for c in word.chars() {
        let set = AugmentedScriptSet::for_char(c);
        all.intersect_with(set);
        if !set.base.contains_script(Script::Latin) {
            others.intersect_with(set);
        }
    }
    if !all.is_empty() || others.kore || others.hanb || others.jpan {
        return false;
    }
    let one = (others.base.len() == 1).then(|| others.base.iter().next()).flatten();
    !one.is_some_and(|script| script.is_recommended() && !matches!(script, Script::Cyrillic | Script::Greek))
}

fn lookalike(subject: &Subject<'_>, spans: &mut Spans) {
    let is = |word: &str| is_of_two_kinds(word) && is_mixed(word) && reads_as_ascii(word);
    for (span, _) in words(subject.text).filter(|(_, word)| !is_formula(word, subject.place) && is(word)) {
        spans.push(span);
    }
}

fn mixed(subject: &Subject<'_>, spans: &mut Spans) {
    for (span, word) in words(subject.text) {
        // In a name every mixture counts, in running text only one with Latin.
        let candidate =
            subject.place.is_name() || (is_of_two_kinds(word) && !is_formula(word, subject.place));
        if candidate && is_mixed(word) && !reads_as_ascii(word) {
            spans.push(span);
        }
    }
}

fn lookalike_name(subject: &Subject<'_>, spans: &mut Spans) {
    for (span, word) in words(subject.text) {
        if word.chars().nth(1).is_some() && word.chars().all(|c| !is_latin(c)) && reads_as_ascii(word) {
            spans.push(span);
        }
    }
}

/// Runs of full-width and mathematical letters and digits. In running text, and in file names of East Asian
/// characters, only the mathematical ones: there full-width letters are ordinary.
fn styled(subject: &Subject<'_>, spans: &mut Spans) {
    let east_asian =
        |c: char| matches!(c, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}');
    let wide_is_odd = match subject.place {
        Place::Host | Place::Command => true,
        Place::Path => !subject.text.chars().any(east_asian),
        Place::Text | Place::Answer | Place::File => false,
    };
    let is = |c: char| match c {
        '\u{1d400}'..='\u{1d7ff}' => true,
        '\u{ff01}'..='\u{ff5e}' | '\u{249c}'..='\u{24e9}' => wide_is_odd,
        _ => false,
    };
    let mut run: Option<Range<usize>> = None;
    for (at, c) in subject.text.char_indices().filter(|(_, c)| is(*c)) {
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

#[cfg(test)]
pub(super) mod pairs {
    use super::super::pairs::Pair;
    use crate::place::Place::{Command, Host, Path, Text};

    pub(crate) const PAIRS: &[Pair] = &[
        Pair(
            "lookalike-word",
            Text,
            "log in to your p\u{430}yp\u{430}l account",
            "мой PayPal-счёт, 3 kΩ, pV=νRT",
        ),
        Pair("lookalike-word", Path, "inv\u{43e}ice.pdf", "счёт.pdf"),
        Pair("mixed-script-word", Text, "сделай commitик", "сделай commit, Tシャツ, 5 μm"),
        Pair("mixed-script-word", Path, "отчётFinal.txt", "отчёт_final.txt"),
        Pair("lookalike-name", Command, "\u{441}\u{440} a b", "cp a б"),
        Pair("lookalike-name", Host, "\u{430}\u{440}\u{440}\u{4cf}\u{435}.com", "пример.рф"),
        Pair("styled-letters", Text, "𝐜𝐥𝐢𝐜𝐤 here", "click here ＡＢＣ"),
        Pair("styled-letters", Path, "ｅｔｃ/x", "ＡＢＣ資料.pdf"),
    ];
}
