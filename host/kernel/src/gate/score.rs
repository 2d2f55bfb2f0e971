//! The arithmetic of confidence, in basis points (10,000 are certainty): whole numbers, so that 0.80
//! is a boundary and every verdict can be recomputed by hand.

use serde::{Deserialize, Serialize};

use crate::facts::History;

/// What each part of the score weighs, in basis points. `[gate]` of ares.toml.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// Where every score begins.
    pub base: u16,
    /// Added for evidence of tier 1.
    pub tier_1: u16,
    /// Added for evidence of tier 2.
    pub tier_2: u16,
    /// Taken away for a record that speaks against it.
    pub anti: u16,
    /// Added when it can be said plainly.
    pub explained: u16,
    /// Taken away for each warning.
    pub warning: u16,
    /// From so many warnings on the score is capped,
    pub capped_from: u16,
    /// at this.
    pub cap: u16,
    /// From here on the level is high,
    pub high: u16,
    /// from here on medium, below it low.
    pub medium: u16,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            base: 5000,
            tier_1: 3000,
            tier_2: 1500,
            anti: 1000,
            explained: 1000,
            warning: 1000,
            capped_from: 3,
            cap: 7900,
            high: 8000,
            medium: 5000,
        }
    }
}

/// How sure the gate is, in three words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Not sure.
    Low,
    /// With caveats.
    Medium,
    /// Sure.
    High,
}

/// What the record is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// It speaks against it.
    Anti,
    /// There is little or none.
    Third,
    /// There is some.
    Second,
    /// It is proven.
    First,
}

/// Upper and lower bound of the share of successes, in basis points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Not less, with 90 % confidence.
    pub lower: u16,
    /// Not more, with 90 % confidence.
    pub upper: u16,
}

/// The quantile of the normal distribution for 90 % on one side.
const Z: f64 = 1.2816;

impl Bounds {
    /// Wilson's score interval (E. B. Wilson, Probable inference, the law of succession, and
    /// statistical inference, 1927), rounded down to basis points; everything is possible of nothing.
    #[must_use]
    pub fn wilson(good: u32, uses: u32) -> Self {
        if uses == 0 {
            return Self { lower: 0, upper: 10_000 };
        }
        let (n, share) = (f64::from(uses), f64::from(good.min(uses)) / f64::from(uses));
        let z2 = Z * Z;
        let middle = share + z2 / (2.0 * n);
        let spread = Z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
        let bound = |sum: f64| basis_points(sum / (1.0 + z2 / n));
        Self { lower: bound(middle - spread), upper: bound(middle + spread) }
    }
}

fn basis_points(share: f64) -> u16 {
    let clamped = (share * 10_000.0).clamp(0.0, 10_000.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it was clamped to 0..=10,000"
    )]
    let whole = clamped as u16;
    whole
}

impl Tier {
    /// What so many uses are worth by themselves.
    ///
    /// First: at least 5 uses in 3 contexts, not less than 0.70 good. Second: at least 2, not less
    /// than 0.50. Anti: at least 5, less than 0.50 at best.
    #[must_use]
    pub fn of(history: &History) -> Self {
        let bounds = Bounds::wilson(history.good, history.uses);
        match history.uses {
            5.. if bounds.upper < 5000 => Self::Anti,
            5.. if history.contexts >= 3 && bounds.lower >= 7000 => Self::First,
            2.. if bounds.lower >= 5000 => Self::Second,
            _ => Self::Third,
        }
    }

    /// No more than `most`; what speaks against it stays.
    #[must_use]
    pub fn capped(self, most: Self) -> Self {
        self.min(most)
    }

    /// `tier 1` and so on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "tier 1",
            Self::Second => "tier 2",
            Self::Third => "tier 3",
            Self::Anti => "anti-pattern",
        }
    }
}

impl Level {
    /// `high`, `medium` or `low`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

impl Weights {
    /// What a tier adds or takes away.
    #[must_use]
    pub fn of_tier(&self, tier: Tier) -> i32 {
        match tier {
            Tier::First => i32::from(self.tier_1),
            Tier::Second => i32::from(self.tier_2),
            Tier::Third => 0,
            Tier::Anti => -i32::from(self.anti),
        }
    }

    /// The score: base, tier, plainness, and less for each warning; between 0 and 10,000, and
    /// capped when there are many warnings.
    #[must_use]
    pub fn score(&self, tier: Tier, explained: bool, warnings: u32) -> u16 {
        let plain = if explained { i32::from(self.explained) } else { 0 };
        let less = i32::from(self.warning).saturating_mul(i32::try_from(warnings).unwrap_or(i32::MAX));
        let sum = (i32::from(self.base) + self.of_tier(tier) + plain).saturating_sub(less);
        let score = u16::try_from(sum.clamp(0, 10_000)).unwrap_or(10_000);
        if warnings >= u32::from(self.capped_from) { score.min(self.cap) } else { score }
    }

    /// The level of a score.
    #[must_use]
    pub fn level(&self, score: u16) -> Level {
        match score {
            score if score >= self.high => Level::High,
            score if score >= self.medium => Level::Medium,
            _ => Level::Low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_wilson_s() {
        // Computed a second time by another program.
        for (good, uses, lower, upper) in [
            (5, 5, 7527, 10_000),
            (9, 10, 7175, 9695),
            (4, 5, 5135, 9381),
            (2, 2, 5490, 10_000),
            (1, 5, 618, 4864),
            (37, 100, 3106, 4335),
            (0, 0, 0, 10_000),
        ] {
            assert_eq!(Bounds::wilson(good, uses), Bounds { lower, upper }, "{good}/{uses}");
        }
    }

    #[test]
    fn tiers_need_number_variety_and_success() {
        let tier = |uses, good, contexts| Tier::of(&History { uses, good, contexts, ..History::default() });
        assert_eq!(tier(5, 5, 3), Tier::First);
        assert_eq!(tier(5, 5, 2), Tier::Second, "all from one context");
        assert_eq!(tier(10, 9, 3), Tier::First);
        assert_eq!(tier(5, 4, 3), Tier::Second);
        assert_eq!((tier(2, 2, 1), tier(1, 1, 1), tier(0, 0, 0)), (Tier::Second, Tier::Third, Tier::Third));
        assert_eq!((tier(5, 1, 1), tier(100, 37, 9)), (Tier::Anti, Tier::Anti));
        assert_eq!(tier(4, 0, 0), Tier::Third, "too few to speak against it");
        assert_eq!(Tier::First.capped(Tier::Second), Tier::Second);
        assert_eq!(Tier::Anti.capped(Tier::Second), Tier::Anti);
    }

    #[test]
    fn the_sum_can_be_done_by_hand() {
        let weights = Weights::default();
        for (tier, explained, warnings, score) in [
            (Tier::Third, false, 0, 5000),
            (Tier::Third, true, 0, 6000),
            (Tier::First, true, 0, 9000),
            (Tier::Second, true, 1, 6500),
            (Tier::First, false, 0, 8000),
            (Tier::Anti, true, 2, 3000),
            (Tier::First, true, 3, 6000),
            (Tier::Anti, false, 9, 0),
        ] {
            assert_eq!(weights.score(tier, explained, warnings), score, "{tier:?} {explained} {warnings}");
        }
        let lenient = Weights { warning: 100, ..weights };
        assert_eq!((lenient.score(Tier::First, true, 2), lenient.score(Tier::First, true, 3)), (8800, 7900));
    }

    #[test]
    fn a_warning_more_never_raises_a_score() {
        for tier in [Tier::Anti, Tier::Third, Tier::Second, Tier::First] {
            for explained in [false, true] {
                for warnings in 0..20 {
                    let score = |warnings| Weights::default().score(tier, explained, warnings);
                    assert!(score(warnings + 1) <= score(warnings), "{tier:?} {explained} {warnings}");
                }
            }
        }
    }

    #[test]
    fn levels_begin_at_their_edges() {
        let levels = [8000, 7999, 5000, 4999].map(|score| Weights::default().level(score));
        assert_eq!(levels, [Level::High, Level::Medium, Level::Medium, Level::Low]);
    }
}
