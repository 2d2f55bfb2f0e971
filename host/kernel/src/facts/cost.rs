//! What a call costs: money, as whole millionths of the operator's unit, so that no sum is ever rounded.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Limits;
use crate::report::Usage;

/// Money in millionths of the operator's unit (euro, dollar, credits: the host does not care which).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(u64);

/// Digits behind the point.
const DIGITS: usize = 6;
const ONE: u64 = 1_000_000;

impl Money {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The most there can be: a thousand million units, so that sums stay far below what SQLite counts in.
    pub const MOST: Self = Self(1000 * ONE * ONE);

    /// From millionths; more than [`Money::MOST`] is that.
    #[must_use]
    pub fn of_millionths(millionths: u64) -> Self {
        Self(millionths).min(Self::MOST)
    }

    /// In millionths.
    #[must_use]
    pub fn millionths(self) -> u64 {
        self.0
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self::of_millionths(self.0.saturating_add(other.0))
    }

    /// What is left of it.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So many times.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self::of_millionths(self.0.saturating_mul(count))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / ONE, self.0 % ONE);
        // Two digits as people write money, more where there is more to say.
        let digits = format!("{rest:0DIGITS$}");
        let said = digits.trim_end_matches('0');
        write!(f, "{whole}.{said:0<2}")
    }
}

/// The text is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is no amount: write digits with a point and at most six behind it, for instance \"0.25\", at most {most}",
    most = Money::MOST
)]
pub struct MoneyError(String);

impl FromStr for Money {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let no = || MoneyError(crate::text::quoted(text, 80));
        let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(rest) || rest.len() > DIGITS {
            return Err(no());
        }
        let whole: u64 = whole.parse().map_err(|_| no())?;
        let rest: u64 = format!("{rest:0<DIGITS$}").parse().map_err(|_| no())?;
        let all = whole.checked_mul(ONE).and_then(|whole| whole.checked_add(rest));
        all.map(Self).filter(|money| *money <= Self::MOST).ok_or_else(no)
    }
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a capability costs, as its manifest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Each call whose guest was started.
    #[serde(default)]
    pub call: Money,
    /// Each request it sends to another machine.
    #[serde(default)]
    pub request: Money,
}

impl Cost {
    /// The most one call can come to: with every request it may send.
    #[must_use]
    pub fn most(&self, limits: &Limits) -> Money {
        self.call.plus(self.request.times(limits.http_requests))
    }

    /// What a call came to, by what the host measured. An answer from memory costs nothing.
    #[must_use]
    pub fn came_to(&self, usage: &Usage) -> Money {
        if usage.cached {
            return Money::NONE;
        }
        self.call.plus(self.request.times(usage.http_requests))
    }
}

/// A budget a call would be charged to, as it stood when the request came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Its name.
    pub name: String,
    /// The most that may be spent in its span.
    pub most: Money,
    /// What was spent in the span.
    pub spent: Money,
    /// What calls that run have reserved.
    pub reserved: Money,
    /// Its span in one word: `hour`, `day`, `month`, or `ever` for one that does not begin anew.
    pub span: String,
}

impl Budget {
    /// What is left of it.
    #[must_use]
    pub fn left(&self) -> Money {
        self.most.less(self.spent).less(self.reserved)
    }

    /// Whether there is a next span to wait for.
    fn ends(&self) -> bool {
        self.span != "ever"
    }

    /// The span as it follows an amount.
    fn per(&self) -> String {
        if self.ends() { format!(" a {}", self.span) } else { String::new() }
    }
}

/// There is too little left of a budget for a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "it may cost {cost}, and {left} of {most}{per} is left in budget `{name}`; {wait}an operator can widen it with `ares-host budget set {name}`",
    left = .budget.left(), most = .budget.most, per = .budget.per(), name = .budget.name,
    wait = if .budget.ends() { "wait for the next span, or " } else { "" }
)]
pub struct OverBudget {
    /// The most the call could come to.
    pub cost: Money,
    /// The budget.
    pub budget: Budget,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_back_and_nothing_is_rounded() {
        for (text, millionths, shown) in [
            ("0", 0, "0.00"),
            ("0.25", 250_000, "0.25"),
            ("3", 3_000_000, "3.00"),
            ("0.000001", 1, "0.000001"),
            ("12.3450", 12_345_000, "12.345"),
            ("1000000000", 1000 * ONE * ONE, "1000000000.00"),
        ] {
            let money: Money = text.parse().unwrap();
            assert_eq!((money.millionths(), money.to_string().as_str()), (millionths, shown), "{text}");
            assert_eq!(shown.parse(), Ok(money));
        }
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "1e3",
            "1.0000001",
            "1000000000.000001",
            "99999999999999999999",
            "1,5",
            "٣",
        ] {
            let error = text.parse::<Money>().unwrap_err().to_string();
            assert!(error.ends_with("at most 1000000000.00"), "{text}: {error}");
        }
    }

    #[test]
    fn a_budget_without_an_end_is_not_waited_for() {
        let of = |span: &str| {
            let (most, spent, reserved) = (Money(ONE), Money(0), Money(0));
            let budget = Budget { name: "trip".into(), most, spent, reserved, span: span.to_owned() };
            OverBudget { cost: Money(2 * ONE), budget }.to_string()
        };
        assert_eq!(
            of("ever"),
            "it may cost 2.00, and 1.00 of 1.00 is left in budget `trip`; an operator can widen it with `ares-host budget set trip`"
        );
        assert!(of("day").contains("of 1.00 a day is left") && of("day").contains("wait for the next span"));
    }

    #[test]
    fn a_call_comes_to_no_more_than_it_could() {
        let cost = Cost { call: Money(5), request: Money(7) };
        let limits = Limits { http_requests: 3, ..Limits::default() };
        let usage = Usage { http_requests: 3, ..Usage::default() };
        assert_eq!(cost.most(&limits), Money(26));
        assert_eq!(cost.came_to(&usage), Money(26));
        assert_eq!(cost.came_to(&Usage { cached: true, ..usage }), Money::NONE);
        assert_eq!(Cost { request: Money::MOST, ..cost }.most(&limits), Money::MOST);
    }
}
