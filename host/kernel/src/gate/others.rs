//! A verdict for somebody whose call it was not: without what it quotes of the arguments.

use super::Verdict;

impl Verdict {
    /// The same without the guard's excerpts and without the words of skeptics, who were told the arguments.
    /// What was found, and where that can be looked up, stays.
    #[must_use]
    pub fn for_others(mut self) -> Self {
        let Some(judgement) = self.judgement.as_deref_mut() else { return self };
        for finding in &mut judgement.findings {
            let key = finding.evidence.first().map_or("", |row| row.key.as_str());
            finding.text = match &*finding.id {
                "C7" => format!(
                    "an argument holds what rule `{key}` finds; which is for its caller and for people"
                ),
                "K1" => format!("skeptic `{key}` objects; its words are for its caller and for people"),
                "K2" => format!("skeptic `{key}` said nothing"),
                _ => continue,
            };
        }
        for review in &mut judgement.skeptics {
            review.alternatives.clear();
            review.questions.clear();
        }
        self
    }
}
