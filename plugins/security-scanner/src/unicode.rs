//! Characters that hide, reorder or imitate text. They are found by looking at characters, since
//! what counts is what stands beside them.
use crate::{
    Severity::{self, Critical, High, Medium},
    scan::Hit,
};

/// Letters of Cyrillic and Greek that nobody can tell from Latin ones.
const LOOKALIKES: &str = "асеорхуіјѕԁһԛԝАВСЕНІЈКМОРЅТХУοΑΒΕΖΗΙΚΜΝΟΡΤΥΧ";
/// So many variation selectors in a row are no emoji: they carry data.
const SELECTOR_RUN: usize = 3;

/// The tricks in a line. `first` tells that it is the file's first, where a byte order mark belongs.
pub(crate) fn hits(line: &str, first: bool) -> Vec<Hit> {
    // Every trick but one needs a character outside ASCII; most lines have none.
    if line.is_ascii() {
        return escape(line).into_iter().collect();
    }
    let letters: Vec<(usize, char)> = line.char_indices().collect();
    [
        escape(line),
        bidi(&letters),
        tags(&letters),
        hidden(&letters, first),
        selectors(&letters),
        lookalike(line),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Characters a reader does not see, so that an excerpt has to spell them out.
pub(crate) fn is_unseen(letter: char) -> bool {
    is_bidi(letter)
        || is_tag(letter)
        || is_invisible(letter)
        || is_selector(letter)
        || matches!(letter, '\u{200C}' | '\u{200D}')
}

fn hit(rule: &'static str, severity: Severity, message: impl Into<String>, at: usize, letter: char) -> Hit {
    let place = at..at + letter.len_utf8();
    Hit { rule, severity, message: message.into(), place, secret: false, general: false }
}

fn escape(line: &str) -> Option<Hit> {
    let at = line.find('\u{1B}')?;
    let message = "A terminal escape sequence: shown on a terminal, it can rewrite what stands there.";
    Some(hit("terminal-escape", Medium, message, at, '\u{1B}'))
}

fn bidi(letters: &[(usize, char)]) -> Option<Hit> {
    let (at, letter) = letters.iter().find(|(_, letter)| is_bidi(*letter))?;
    let message = "A control that reorders text: the line does not run as it reads. Remove it.";
    Some(hit("bidi-control", High, message, *at, *letter))
}

/// Tag characters spell ASCII invisibly. Only the flags of regions use them, behind a black flag.
fn tags(letters: &[(usize, char)]) -> Option<Hit> {
    let mut flag = false;
    let (at, letter) = letters.iter().find(|(_, letter)| {
        flag = *letter == '\u{1F3F4}' || (flag && is_tag(*letter));
        is_tag(*letter) && !flag
    })?;
    let tagged =
        letters.iter().skip_while(|(other, _)| other < at).map_while(|(_, letter)| untagged(*letter));
    let text: String = tagged.take(80).collect();
    let message =
        format!("Text in invisible characters, often meant for a model: it says `{}`.", text.escape_debug());
    Some(hit("hidden-text", Critical, message, *at, *letter))
}

fn hidden(letters: &[(usize, char)], first: bool) -> Option<Hit> {
    let mut before = None;
    for (index, (at, letter)) in letters.iter().enumerate() {
        let after = letters.get(index + 1).map(|(_, letter)| *letter);
        let mark = first && *at == 0 && *letter == '\u{FEFF}';
        // Joiners belong to emoji and to many scripts; between Latin letters they only hide.
        let joiner = matches!(letter, '\u{200C}' | '\u{200D}') && is_latin(before) && is_latin(after);
        if (is_invisible(*letter) && !mark) || joiner {
            let message = "A character nobody sees: it can split a word or carry a mark. Remove it.";
            return Some(hit("invisible-character", Medium, message, *at, *letter));
        }
        before = Some(*letter);
    }
    None
}

fn selectors(letters: &[(usize, char)]) -> Option<Hit> {
    let run = letters.windows(SELECTOR_RUN).find(|run| run.iter().all(|(_, letter)| is_selector(*letter)))?;
    let (at, letter) = run.first()?;
    let message = "Variation selectors in a row: they carry hidden data. Remove them.";
    Some(hit("hidden-data", High, message, *at, *letter))
}

/// A word of Latin letters with a look-alike among them.
fn lookalike(line: &str) -> Option<Hit> {
    let mut next = 0;
    for piece in line.split_inclusive(|letter: char| !is_word(letter)) {
        let (start, word) = (next, piece.trim_end_matches(|letter: char| !is_word(letter)));
        next += piece.len();
        let latin = word.chars().any(|letter| letter.is_ascii_alphabetic());
        let foreign = word.chars().filter(|letter| letter.is_alphabetic() && !letter.is_ascii());
        // One real foreign letter makes it a word of two scripts on purpose, such as `Δx`.
        let mut imitating = foreign.peekable();
        if latin && imitating.peek().is_some() && imitating.all(|letter| LOOKALIKES.contains(letter)) {
            let (offset, letter) = word.char_indices().find(|(_, letter)| LOOKALIKES.contains(*letter))?;
            let message = format!("`{word}` mixes Latin letters with ones that only look Latin.");
            return Some(hit("lookalike-letter", High, message, start + offset, letter));
        }
    }
    None
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn is_latin(letter: Option<char>) -> bool {
    letter.is_some_and(|letter| letter.is_ascii_alphanumeric())
}

fn is_bidi(letter: char) -> bool {
    matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_tag(letter: char) -> bool {
    matches!(letter, '\u{E0000}'..='\u{E007F}')
}

/// What a tag character spells.
fn untagged(letter: char) -> Option<char> {
    is_tag(letter).then(|| char::from_u32(u32::from(letter) - 0xE0000)).flatten()
}

fn is_selector(letter: char) -> bool {
    matches!(letter, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{200B}' | '\u{2060}'
            ..='\u{2064}'
                | '\u{FEFF}'
                | '\u{00AD}'
                | '\u{115F}'
                | '\u{1160}'
                | '\u{3164}'
                | '\u{FFA0}'
                | '\u{180E}'
    )
}
