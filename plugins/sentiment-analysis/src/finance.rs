//! Words of finance the lexicon does not know, each with a plain word it does know and that means
//! as much. The plain word takes its place before scoring, so that negation and emphasis apply to
//! it by the lexicon's own rules: "not bullish" is scored as "not optimistic".

/// Word, plain word. Tests hold that the lexicon knows the second and not the first.
pub(crate) const WORDS: &[(&str, &str)] = &[
    // better than before or than others
    ("bullish", "optimistic"),
    ("outperform", "succeed"),
    ("outperformed", "succeeded"),
    ("outperforms", "succeeds"),
    ("rally", "gain"),
    ("rallied", "gained"),
    ("soar", "win"),
    ("soared", "won"),
    ("soars", "wins"),
    ("surge", "gain"),
    ("surged", "gained"),
    ("surges", "gains"),
    ("tailwind", "advantage"),
    ("tailwinds", "advantages"),
    ("upgrade", "improvement"),
    ("upgraded", "improved"),
    ("upgrades", "improvements"),
    // worse
    ("bankruptcy", "failure"),
    ("bearish", "pessimistic"),
    ("decline", "loss"),
    ("declined", "worsened"),
    ("declines", "losses"),
    ("declining", "worsening"),
    ("delisted", "rejected"),
    ("downgrade", "rejection"),
    ("downgraded", "worsened"),
    ("downgrades", "rejections"),
    ("headwind", "problem"),
    ("headwinds", "problems"),
    ("impairment", "loss"),
    ("insolvency", "failure"),
    ("insolvent", "bankrupt"),
    ("layoffs", "losses"),
    ("plummet", "collapse"),
    ("plummeted", "worsened"),
    ("plunge", "collapse"),
    ("plunged", "worsened"),
    ("shortfall", "deficit"),
    ("slump", "collapse"),
    ("slumped", "worsened"),
    ("underperform", "disappoint"),
    ("underperformed", "disappointed"),
    ("underperforms", "disappoints"),
    ("unprofitable", "losing"),
    ("writedown", "loss"),
];

/// Turns of phrase that deny what follows, which the lexicon reads as nothing or as something else.
pub(crate) const DENIALS: &[(&str, &str)] =
    &[("no longer", "not"), ("far from", "not"), ("anything but", "not")];

/// The text with the words above replaced. Capitals stay capitals: they are emphasis.
pub(crate) fn in_plain_words(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (before, tail) = rest.split_at(start);
        plain.push_str(before);
        let (word, plain_word, after) = next(tail);
        match plain_word {
            Some(found) if is_shouted(word) => plain.push_str(&found.to_uppercase()),
            Some(found) => plain.push_str(found),
            None => plain.push_str(word),
        }
        rest = after;
    }
    plain + rest
}

/// The word or phrase the text begins with, what stands for it, and the text behind it.
fn next(text: &str) -> (&str, Option<&'static str>, &str) {
    for (phrase, plain) in DENIALS {
        if let Some((found, after)) = text.split_at_checked(phrase.len())
            && found.eq_ignore_ascii_case(phrase)
            && !after.starts_with(is_word)
        {
            return (found, Some(plain), after);
        }
    }
    let end = text.find(|letter| !is_word(letter)).unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    let plain = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, plain)| *plain);
    (word, plain, after)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '\''
}

fn is_shouted(word: &str) -> bool {
    word.len() > 1 && !word.chars().any(char::is_lowercase)
}
