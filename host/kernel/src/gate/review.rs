//! What a skeptic says of a call, and what may follow from it: less confidence, or a question to a
//! person; never more.

use serde::{Deserialize, Serialize};

use super::{Evidence, Finding, Judgement};
use crate::facts::Objections;
use crate::name::{Blake3, PluginName};
use crate::text::escaped;

/// The most objections of one skeptic that are heard.
const OBJECTIONS_MAX: usize = 5;
/// The most of one text that is kept, in bytes.
const TEXT_MAX: usize = 500;

/// How much an objection weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It is told.
    Note,
    /// It lowers the score.
    Warn,
    /// A person is asked.
    Block,
}

/// One thing a skeptic holds against a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    /// How much it weighs.
    pub severity: Severity,
    /// Why, in one sentence.
    pub text: String,
}

/// What a skeptic answers: the output of its capability `review`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What it holds against the call.
    #[serde(default)]
    pub objections: Vec<Objection>,
    /// What could be done instead.
    #[serde(default)]
    pub alternatives: Vec<String>,
    /// What it would like to know.
    #[serde(default)]
    pub questions: Vec<String>,
}

/// What one skeptic said, and who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The skeptic.
    pub plugin: PluginName,
    /// Its component.
    pub blake3: Option<Blake3>,
    /// Its own record: how many of its reviews were answers.
    pub record: (u32, u32),
    /// What became of its earlier objections.
    pub held_against: Option<Objections>,
    /// What it said, or why it said nothing, in words.
    pub said: Result<Answer, String>,
}

/// A review as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// The skeptic.
    pub plugin: PluginName,
    /// Its component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<Blake3>,
    /// How many times it was asked before and answered well, of how many.
    pub good: u32,
    /// Of how many.
    pub uses: u32,
    /// How many objections it had.
    pub objections: u32,
    /// How much the gravest of them weighs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What became of its earlier ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Objections>,
    /// What could be done instead, in its words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
    /// What it would like to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
}

impl Judgement {
    /// Takes a review in and does the sum again. Every text is a skeptic's own: escaped and cut, never
    /// read for words that mean something.
    pub(crate) fn hear(&mut self, review: Review) {
        let Review { plugin, blake3, record: (good, uses), held_against, said } = review;
        let row = vec![Evidence::row("modules", plugin.as_str())];
        let earlier = held_against.filter(|earlier| earlier.all() > 0);
        let answer = said.unwrap_or_else(|why| {
            let text = format!("skeptic `{plugin}` said nothing: {}", escaped(&why, TEXT_MAX));
            self.findings.push(Finding::warning("K2", text, row.clone()));
            Answer::default()
        });
        // The gravest first: none is lost behind others that only tell something.
        let mut objections: Vec<&Objection> = answer.objections.iter().collect();
        objections.sort_by_key(|objection| std::cmp::Reverse(objection.severity));
        let objections = objections.into_iter().take(OBJECTIONS_MAX);
        let severity = objections.clone().map(|objection| objection.severity).max();
        for Objection { severity, text } in objections.clone() {
            let mut text = format!("skeptic `{plugin}`: {}", escaped(text, TEXT_MAX));
            let mut row = row.clone();
            if let Some(earlier) = &earlier {
                text.push_str(&format!(" ({})", earlier.sum()));
                row.push(Evidence::row("objections", plugin.as_str()));
            }
            self.blocked |= *severity == Severity::Block;
            self.findings.push(match severity {
                Severity::Note => Finding::note("K1", text, row),
                Severity::Warn | Severity::Block => Finding::warning("K1", text, row),
            });
        }
        let texts = |texts: &[String]| texts.iter().take(3).map(|text| escaped(text, TEXT_MAX)).collect();
        self.skeptics.push(Reviewed {
            plugin,
            blake3,
            good,
            uses,
            objections: u32::try_from(objections.count()).unwrap_or(u32::MAX),
            severity,
            earlier,
            alternatives: texts(&answer.alternatives),
            questions: texts(&answer.questions),
        });
        self.lower();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_strictly() {
        let good = r#"{"objections":[{"severity":"warn","text":"no"}]}"#;
        assert_eq!(serde_json::from_str::<Answer>(good).unwrap().objections.len(), 1);
        for bad in [r#"{"approve":true}"#, r#"{"objections":[{"severity":"praise","text":"x"}]}"#] {
            assert!(serde_json::from_str::<Answer>(bad).is_err(), "{bad}");
        }
    }
}
