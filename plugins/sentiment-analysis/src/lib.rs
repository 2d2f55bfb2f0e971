//! Tells whether an English text is positive, negative or neutral, from a lexicon alone.
use ares_sdk::Failure;
use unicode_segmentation::UnicodeSegmentation;
use vader_parity::SentimentIntensityAnalyzer;

mod finance;
#[cfg(test)]
mod tests;

/// VADER's own thresholds: closer to zero than this is neutral.
const THRESHOLD: f64 = 0.05;

/// The text to judge.
#[ares_sdk::data]
pub struct Text {
    /// English text, one sentence or many.
    #[schemars(length(max = 100000))]
    text: String,
}

/// The mood of the text.
#[ares_sdk::data]
pub struct Sentiment {
    /// The verdict on the whole text.
    label: Label,
    /// From -1 (most negative) to 1 (most positive): the mean of the sentences.
    compound: f64,
    /// Every sentence, in order.
    sentences: Vec<Sentence>,
}

/// One sentence of the text.
#[ares_sdk::data]
pub struct Sentence {
    /// The sentence as it was written.
    text: String,
    /// The verdict on this sentence.
    label: Label,
    /// From -1 to 1.
    compound: f64,
}

/// The three verdicts.
#[ares_sdk::data]
#[derive(PartialEq, Copy)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// The compound score is 0.05 or more.
    Positive,
    /// Neither.
    Neutral,
    /// The compound score is -0.05 or less.
    Negative,
}

/// Tells whether an English text is positive, negative or neutral, as a whole and sentence by
/// sentence. Negation, emphasis and words of finance count; no service is asked.
#[ares_sdk::capability(effect = "pure")]
pub fn analyze_sentiment(input: Text) -> Result<Sentiment, Failure> {
    let analyzer = SentimentIntensityAnalyzer::new();
    let sentences: Vec<Sentence> =
        input.text.unicode_sentences().map(|text| judge(&analyzer, text.trim())).collect();
    if sentences.is_empty() {
        return Err(Failure::new("no-words", "there is no word in `text`"));
    }
    let compound = mean(&sentences);
    Ok(Sentiment { label: label(compound), compound, sentences })
}

ares_sdk::plugin!(analyze_sentiment);

fn judge(analyzer: &SentimentIntensityAnalyzer, text: &str) -> Sentence {
    let compound = analyzer.polarity_scores(&finance::in_plain_words(text)).compound;
    Sentence { text: text.to_owned(), label: label(compound), compound }
}

/// The mean, to four decimals as the scores themselves.
fn mean(sentences: &[Sentence]) -> f64 {
    let sum: f64 = sentences.iter().map(|sentence| sentence.compound).sum();
    let count = f64::from(u32::try_from(sentences.len()).unwrap_or(u32::MAX));
    (sum / count * 10_000.0).round() / 10_000.0
}

fn label(compound: f64) -> Label {
    if compound >= THRESHOLD {
        Label::Positive
    } else if compound <= -THRESHOLD {
        Label::Negative
    } else {
        Label::Neutral
    }
}
