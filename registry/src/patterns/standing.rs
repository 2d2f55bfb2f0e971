//! What a pattern's numbers are worth: the tiers of the gate, held down by a check-list.

use ares_kernel::facts::History;
use ares_kernel::gate::{Bounds, Tier};

/// How long the check-list is.
pub const PATTERN_POINTS: u8 = 6;
/// From so many points on the second tier can be had.
const SECOND_FROM: u8 = 4;
/// Uses that are repetition, and after which a better tier is suggested.
pub(super) const PROVEN_USES: u32 = 3;
/// The lower bound of success, in basis points, that is success.
const SUCCESS_BP: u16 = 7000;
/// The shortest description that says something, in characters.
const DESCRIPTION_MIN: usize = 20;

/// The parts of a pattern its check-list looks at.
pub(super) struct Sheet<'a> {
    pub(super) uses: u32,
    pub(super) successes: u32,
    pub(super) description: &'a str,
    pub(super) evidence: &'a str,
    pub(super) simpler: &'a str,
    pub(super) trade_offs: &'a str,
}

impl Sheet<'_> {
    /// How many of the six points are met: used often enough, with success, said plainly, with
    /// evidence, a simpler way considered, what is bad about it written down.
    pub(super) fn points(&self) -> u8 {
        let said = |text: &str| !text.trim().is_empty();
        let points = [
            self.uses >= PROVEN_USES,
            Bounds::wilson(self.successes, self.uses).lower >= SUCCESS_BP,
            self.description.trim().chars().count() >= DESCRIPTION_MIN,
            said(self.evidence),
            said(self.simpler),
            said(self.trade_offs),
        ];
        points.into_iter().map(u8::from).sum()
    }

    /// What numbers and check-list earn. Each use is told of by a person and is a context of its own.
    pub(super) fn tier(&self) -> Tier {
        let history =
            History { uses: self.uses, good: self.successes, contexts: self.uses, ..History::default() };
        let most = match self.points() {
            PATTERN_POINTS.. => Tier::First,
            SECOND_FROM.. => Tier::Second,
            _ => Tier::Third,
        };
        Tier::of(&history).capped(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(successes: u32, uses: u32) -> Sheet<'static> {
        Sheet {
            uses,
            successes,
            description: "What it is, in a plain sentence.",
            evidence: "counted",
            simpler: "nothing",
            trade_offs: "some",
        }
    }

    #[test]
    fn tiers_come_from_numbers() {
        for (successes, uses, tier) in [
            (15, 15, Tier::First),
            (11, 12, Tier::First),
            (9, 10, Tier::First),
            (5, 5, Tier::First),
            (7, 8, Tier::Second),
            (4, 5, Tier::Second),
            (4, 4, Tier::Second),
            (2, 2, Tier::Second),
            (1, 1, Tier::Third),
            (0, 0, Tier::Third),
            (1, 3, Tier::Third),
            (37, 100, Tier::Anti),
            (1, 5, Tier::Anti),
        ] {
            assert_eq!(sheet(successes, uses).tier(), tier, "{successes}/{uses}");
        }
    }

    #[test]
    fn the_check_list_holds_it_down_and_never_lifts() {
        let full = sheet(15, 15);
        assert_eq!((full.points(), full.tier()), (6, Tier::First));
        let five = Sheet { simpler: " ", ..sheet(15, 15) };
        assert_eq!((five.points(), five.tier()), (5, Tier::Second));
        let three = Sheet { simpler: "", trade_offs: "", evidence: "", ..sheet(15, 15) };
        assert_eq!((three.points(), three.tier()), (3, Tier::Third));
        assert_eq!(Sheet { trade_offs: "", ..sheet(37, 100) }.tier(), Tier::Anti);
    }
}
