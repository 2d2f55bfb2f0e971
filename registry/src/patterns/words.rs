//! Whole words: `ai` is in "AI for mail" and not in "maintain".

use std::collections::BTreeSet;

/// How many words of an anti-pattern a text has to have: one common word warns nobody.
pub(super) const ANTI_WORDS_MIN: usize = 2;

/// The words of a text, each once: runs of letters and digits of any script, in lower case.
pub(crate) fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// What a pattern is recognised by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Words it is recognised by.
    pub(crate) applies_to: Vec<String>,
    /// Words that say it is not meant.
    pub(crate) lifted_by: Vec<String>,
    /// How many of the first a text has to have.
    pub(crate) least: usize,
}

impl Marks {
    /// The words by which a text with these words is recognised; nothing when there are too few, or
    /// one that lifts it.
    pub(crate) fn found_in(&self, words: &BTreeSet<String>) -> Option<Vec<String>> {
        if self.lifted_by.iter().any(|word| words.contains(word)) {
            return None;
        }
        let found: Vec<String> =
            self.applies_to.iter().filter(|word| words.contains(*word)).cloned().collect();
        (found.len() >= self.least.max(1)).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(applies_to: &[&str], lifted_by: &[&str], least: usize) -> Marks {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        Marks { applies_to: owned(applies_to), lifted_by: owned(lifted_by), least }
    }

    #[test]
    fn words_are_whole_and_of_any_script_and_case() {
        let of = |text| words(text).into_iter().collect::<Vec<_>>();
        assert_eq!(of("Send_message: send-Message!"), ["message", "send"]);
        assert_eq!(of("Größe ПОИСК 検索"), ["größe", "поиск", "検索"]);
        assert!(of(" ,;_- ").is_empty());
        let ai = marks(&["ai"], &[], 1);
        for inside in ["maintain the mail", "said again", "AIs", "ai2"] {
            assert_eq!(ai.found_in(&words(inside)), None, "{inside}");
        }
        for whole in ["an AI", "ai-only", "use_ai"] {
            assert!(ai.found_in(&words(whole)).is_some(), "{whole}");
        }
    }

    #[test]
    fn one_word_is_too_few_for_two_and_one_can_lift_them() {
        let anti = marks(&["ai", "model"], &["fallback"], ANTI_WORDS_MIN);
        assert_eq!(anti.found_in(&words("an AI, an AI")), None);
        assert_eq!(
            anti.found_in(&words("asks an AI model")),
            Some(vec!["ai".to_owned(), "model".to_owned()])
        );
        assert_eq!(anti.found_in(&words("asks an AI model, with a fallback")), None);
    }
}
