//! Everything a score was made of: enough to recompute it, and small enough to be kept with every call.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Bounds, Finding, Level, Patience, Reviewed, Tier, Weights};
use crate::facts::History;
use crate::name::PluginName;
use crate::ports::Ruling;

/// How closely a request was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// At the record alone: alternatives and claims were not compared again.
    Quick,
    /// At everything the five steps ask.
    Full,
    /// At everything, because somebody asked for it or what is done is far-reaching.
    Ultra,
}

/// A provider that could answer the same request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// Who.
    pub plugin: PluginName,
    /// Whether it is no worse in anything that was compared and better in something.
    pub simpler: bool,
    /// What differs, in numbers.
    pub text: String,
}

/// How a request was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// How closely.
    pub depth: Depth,
    /// Why so.
    pub why: Cow<'static, str>,
    /// What came of earlier calls.
    pub history: History,
    /// What came of those of the version before, where this one has too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<History>,
    /// Points of the check-list that are met, of [`Judgement::POINTS`].
    pub points: u8,
    /// What cannot be said plainly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unexplained: Vec<String>,
    /// What the steps found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// How many other providers there are.
    #[serde(default)]
    pub others: u32,
    /// Those that were compared, at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
    /// What the record is worth.
    pub tier: Tier,
    /// What weighs how much, where it is not the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
    /// How sure the gate is, in basis points.
    pub score: u16,
    /// The same in words.
    pub level: Level,
    /// What the operator's rules said.
    pub ruling: Ruling,
    /// What skeptics said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skeptics: Vec<Reviewed>,
    /// Whether one of them wants a person asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blocked: bool,
    /// Whether the guard's warnings add up to a question.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
    /// How much the guard may warn of, where it is not the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<Patience>,
}

impl Judgement {
    /// How long the check-list is.
    pub const POINTS: u8 = 6;
    /// With so many uses of its own a component's cases say nothing any more.
    const OWN_USES_MIN: u32 = 5;
    /// Fewer points than this cap the tier at the third.
    const POINTS_FOR_SECOND: u8 = 4;

    /// How many findings lower the score.
    #[must_use]
    pub fn warnings(&self) -> u32 {
        u32::try_from(self.findings.iter().filter(|finding| finding.warning).count()).unwrap_or(u32::MAX)
    }

    /// The bounds of success.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds::wilson(self.history.good, self.history.uses)
    }

    /// What weighed how much.
    #[must_use]
    pub fn weighed(&self) -> Weights {
        self.weights.unwrap_or_default()
    }

    /// The tier, from the record and the check-list alone: the same as when it was judged.
    #[must_use]
    pub fn tier_again(&self) -> Tier {
        let own = Tier::of(&self.history);
        let inherited = self.before.as_ref().map_or(Tier::Third, Tier::of).capped(Tier::Second);
        // Cases say that it works where its author looked: some evidence, and never proof.
        let passed = History { uses: self.history.tested, good: self.history.tested, ..History::default() };
        let tested = Tier::of(&passed).capped(Tier::Second);
        let tested = if self.history.uses < Self::OWN_USES_MIN { tested } else { Tier::Third };
        let tier = if own == Tier::Third { inherited.max(tested) } else { own };
        let most = match self.points {
            Self::POINTS.. => Tier::First,
            Self::POINTS_FOR_SECOND.. => Tier::Second,
            _ => Tier::Third,
        };
        tier.capped(most)
    }

    /// The score, from what is kept alone: the same as when it was judged.
    #[must_use]
    pub fn score_again(&self) -> u16 {
        self.weighed().score(self.tier_again(), self.unexplained.is_empty(), self.warnings())
    }

    /// The sum as it is done by hand.
    #[must_use]
    pub fn sum(&self) -> String {
        let weights = self.weighed();
        let (tier, warnings) = (weights.of_tier(self.tier), self.warnings());
        let plain = if self.unexplained.is_empty() { weights.explained } else { 0 };
        let sign = if tier < 0 { '-' } else { '+' };
        let mut sum = format!(
            "{} base {sign} {} {} + {plain} explained - {warnings} x {} warnings = {}",
            weights.base,
            tier.abs(),
            self.tier.as_str(),
            weights.warning,
            self.score
        );
        if warnings >= u32::from(weights.capped_from) {
            sum.push_str(&format!(
                " (at most {}, with {} warnings or more)",
                weights.cap, weights.capped_from
            ));
        }
        sum
    }
}
