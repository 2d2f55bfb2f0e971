//! Sentences and what an English reader makes of them.
use super::{Label, SentimentIntensityAnalyzer, Text, analyze_sentiment, finance};

fn label(text: &str) -> Label {
    analyze_sentiment(Text { text: text.into() }).unwrap().label
}

#[test]
fn sentences_have_the_mood_a_reader_sees() {
    for (text, expected) in [
        ("The business is profitable.", Label::Positive),
        ("not profitable", Label::Negative),
        ("The business is not profitable.", Label::Negative),
        ("The business is no longer profitable.", Label::Negative),
        ("The business is far from profitable.", Label::Negative),
        ("The business isn't profitable.", Label::Negative),
        ("The business was never profitable.", Label::Negative),
        ("The business is unprofitable.", Label::Negative),
        ("Analysts are bullish.", Label::Positive),
        ("Analysts are not bullish.", Label::Negative),
        ("Shares plunged after the downgrade.", Label::Negative),
        ("Shares surged.", Label::Positive),
        ("The report was not bad at all.", Label::Positive),
        ("The meeting is on Tuesday.", Label::Neutral),
        ("I love it!", Label::Positive),
        ("This is a terrible, broken mess.", Label::Negative),
    ] {
        assert_eq!(label(text), expected, "{text}");
    }
}

#[test]
fn every_sentence_is_judged_and_the_whole_is_their_mean() {
    let found = analyze_sentiment(Text { text: "I love it. I hate it!\nIt is a table.".into() }).unwrap();
    let labels: Vec<_> = found.sentences.iter().map(|one| (one.text.as_str(), one.label)).collect();
    assert_eq!(
        labels,
        [
            ("I love it.", Label::Positive),
            ("I hate it!", Label::Negative),
            ("It is a table.", Label::Neutral)
        ]
    );
    let sum: f64 = found.sentences.iter().map(|one| one.compound).sum();
    assert!((found.compound - sum / 3.0).abs() < 0.0001);
}

#[test]
fn emphasis_counts_and_capitals_survive_the_replacement() {
    assert_eq!(
        finance::in_plain_words("BULLISH, Bullish: it's bullish-ish"),
        "OPTIMISTIC, optimistic: it's optimistic-ish"
    );
    assert_eq!(finance::in_plain_words("no longerish"), "no longerish");
    let score = |text: &str| analyze_sentiment(Text { text: text.into() }).unwrap().compound;
    assert!(score("We are BULLISH now!") > score("We are bullish now."));
}

#[test]
fn a_text_without_words_is_a_failure() {
    for text in ["", "  \n", "…"] {
        assert_eq!(analyze_sentiment(Text { text: text.into() }).unwrap_err().code, "no-words", "{text:?}");
    }
}

#[test]
fn a_plain_word_is_known_and_the_word_it_stands_for_is_not() {
    let analyzer = SentimentIntensityAnalyzer::new();
    let score = |word: &str| analyzer.polarity_scores(word).compound;
    for (word, plain) in finance::WORDS {
        assert!(score(word).abs() < f64::EPSILON, "the lexicon knows `{word}` by now: {}", score(word));
        assert!(score(plain).abs() > 0.2, "the lexicon does not know `{plain}`");
    }
    let mut sorted = finance::WORDS.to_vec();
    sorted.sort_unstable();
    sorted.dedup_by_key(|pair| pair.0);
    assert_eq!(sorted.len(), finance::WORDS.len(), "a word stands twice");
}
