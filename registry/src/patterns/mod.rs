//! The tables `patterns` and `tech_matrix`: ways of working that were tried, and what came of them.

mod change;
mod standing;
mod words;

use std::collections::BTreeSet;

use ares_kernel::gate::{Bounds, Tier};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::Serialize;

use crate::error::RegistryError;
use crate::registry::Registry;
use crate::rows;
pub use change::{NewPattern, PATTERNS_MAX, UseOf};
pub use standing::PATTERN_POINTS;
use standing::{PROVEN_USES, Sheet};
pub(crate) use words::{Marks, words};

/// A pattern or an anti-pattern with what its numbers are worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PatternView {
    /// Its id.
    pub id: String,
    /// `pattern` or `anti`.
    pub kind: String,
    /// Its name for people.
    pub name: String,
    /// What it is.
    pub description: String,
    /// The tier it has: the best a person let it have, or what its numbers earn where that is less.
    pub tier: Tier,
    /// What its numbers and check-list earn.
    pub earned: Tier,
    /// Points of the check-list that are met, of [`PATTERN_POINTS`].
    pub points: u8,
    /// How often it was used, where that was counted.
    pub uses: Option<u32>,
    /// How often with success.
    pub successes: Option<u32>,
    /// The bounds of success, in basis points, where uses were counted.
    pub bounds: Option<Bounds>,
    /// Words it is recognised by.
    pub applies_to: Vec<String>,
    /// Words that say it is not meant.
    pub lifted_by: Vec<String>,
    /// What is bad about it.
    pub trade_offs: String,
    /// What simpler way was considered.
    pub simpler: String,
    /// Why anyone believes it.
    pub evidence: String,
    /// What to do instead of an anti-pattern.
    pub better: String,
    /// `seeded` or `learned`.
    pub origin: String,
    /// Since when, in milliseconds since the Unix epoch.
    pub at_ms: u64,
}

/// A pattern a text was recognised by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PatternMatch {
    /// Which.
    #[serde(flatten)]
    pub pattern: PatternView,
    /// The words of the text that did it.
    pub words: Vec<String>,
}

/// What a technology was good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TechnologyView {
    /// Which.
    pub technology: String,
    /// How often it was used, where that was counted.
    pub uses: Option<u32>,
    /// How often with success.
    pub successes: Option<u32>,
    /// The bounds of success, in basis points, where uses were counted.
    pub bounds: Option<Bounds>,
    /// A share of successes, in basis points, that somebody wrote down without a count. It is no
    /// evidence.
    pub claimed_bp: Option<u16>,
    /// A word on it.
    pub note: String,
    /// `seeded` or `learned`.
    pub origin: String,
}

impl PatternView {
    /// Whether it speaks against what it matches: recorded so, or by its numbers.
    #[must_use]
    pub fn is_anti(&self) -> bool {
        self.tier == Tier::Anti
    }

    /// Whether it has been used often enough for a person to give it the better tier it has earned.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.earned > self.tier && self.uses.is_some_and(|uses| uses >= PROVEN_USES)
    }

    fn marks(&self) -> Marks {
        let least = if self.kind == "anti" { words::ANTI_WORDS_MIN } else { 1 };
        Marks { applies_to: self.applies_to.clone(), lifted_by: self.lifted_by.clone(), least }
    }

    /// The better of two comes first: tier, then what is known at least of its success.
    fn order(&self) -> (std::cmp::Reverse<Tier>, std::cmp::Reverse<u16>, String) {
        let lower = self.bounds.map_or(0, |bounds| bounds.lower);
        (std::cmp::Reverse(self.tier), std::cmp::Reverse(lower), self.id.clone())
    }
}

impl Registry {
    /// All patterns, the best first; or those alone that speak against what they match.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn patterns(&self, anti: bool) -> Result<Vec<PatternView>, RegistryError> {
        let mut found = self.readers.read("reading patterns", all)?;
        found.retain(|pattern| !anti || pattern.is_anti());
        found.sort_by_key(PatternView::order);
        Ok(found)
    }

    /// One of them.
    ///
    /// # Errors
    /// When there is none of this id, and when the registry cannot be read.
    pub fn pattern(&self, id: &str) -> Result<PatternView, RegistryError> {
        let found = self.readers.read("reading a pattern", |connection| one(connection, id))?;
        found.ok_or_else(|| change::no_such(id))
    }

    /// The patterns a text is recognised by, the best first and anti-patterns last.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn patterns_in(&self, text: &str) -> Result<Vec<PatternMatch>, RegistryError> {
        let words = words(text);
        let matched = |pattern: PatternView| {
            let words = pattern.marks().found_in(&words)?;
            Some(PatternMatch { pattern, words })
        };
        Ok(self.patterns(false)?.into_iter().filter_map(matched).collect())
    }

    /// What technologies were good for: counted ones first, by what is known at least of their success.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn tech_matrix(&self) -> Result<Vec<TechnologyView>, RegistryError> {
        let mut found: Vec<TechnologyView> = self.readers.read("reading the matrix", |connection| {
            let mut select = connection.prepare_cached("SELECT * FROM tech_matrix ORDER BY technology")?;
            select.query_map((), technology)?.collect()
        })?;
        let lower = |row: &TechnologyView| (row.bounds.map(|bounds| bounds.lower), row.claimed_bp);
        found.sort_by_key(|row| std::cmp::Reverse(lower(row)));
        Ok(found)
    }
}

fn all(connection: &Connection) -> rusqlite::Result<Vec<PatternView>> {
    connection.prepare_cached("SELECT * FROM patterns")?.query_map((), view)?.collect()
}

fn one(connection: &Connection, id: &str) -> rusqlite::Result<Option<PatternView>> {
    connection.prepare_cached("SELECT * FROM patterns WHERE id = ?1")?.query_row([id], view).optional()
}

/// The counts of a row, and the bounds they leave.
fn counted(row: &Row<'_>) -> rusqlite::Result<(Option<u32>, Option<u32>, Option<Bounds>)> {
    let (uses, successes): (Option<u32>, Option<u32>) = (row.get("uses")?, row.get("successes")?);
    let bounds = uses.zip(successes).filter(|(uses, _)| *uses > 0);
    Ok((uses, successes, bounds.map(|(uses, successes)| Bounds::wilson(successes, uses))))
}

fn view(row: &Row<'_>) -> rusqlite::Result<PatternView> {
    let (uses, successes, bounds) = counted(row)?;
    let text = |column: &str| row.get::<_, String>(column);
    let mut view = PatternView {
        id: text("id")?,
        kind: text("kind")?,
        name: text("name")?,
        description: text("description")?,
        tier: rows::word(row, "tier")?,
        earned: Tier::Anti,
        points: 0,
        uses,
        successes,
        bounds,
        applies_to: rows::json(row, "applies_to")?,
        lifted_by: rows::json(row, "lifted_by")?,
        trade_offs: text("trade_offs")?,
        simpler: text("simpler")?,
        evidence: text("evidence")?,
        better: text("better")?,
        origin: text("origin")?,
        at_ms: rows::count(row, "at")?,
    };
    let sheet = Sheet {
        uses: uses.unwrap_or(0),
        successes: successes.unwrap_or(0),
        description: &view.description,
        evidence: &view.evidence,
        simpler: &view.simpler,
        trade_offs: &view.trade_offs,
    };
    let (points, earned) = (sheet.points(), sheet.tier());
    // What was recorded as an anti-pattern stays one, however often somebody tries it.
    (view.points, view.earned) = (points, if view.kind == "anti" { Tier::Anti } else { earned });
    view.tier = view.tier.min(view.earned);
    Ok(view)
}

fn technology(row: &Row<'_>) -> rusqlite::Result<TechnologyView> {
    let (uses, successes, bounds) = counted(row)?;
    Ok(TechnologyView {
        technology: row.get("technology")?,
        uses,
        successes,
        bounds,
        claimed_bp: row.get("claimed_bp")?,
        note: row.get("note")?,
        origin: row.get("origin")?,
    })
}

/// The recorded anti-patterns, for comparing capabilities with when they are loaded.
pub(crate) struct Antis(Vec<(String, Marks)>);

/// How many anti-patterns one capability is said to fit at most.
const FITS_MAX: usize = 3;

impl Antis {
    /// All of them, by id.
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut select = connection.prepare_cached(
            "SELECT id, applies_to, lifted_by FROM patterns WHERE kind = 'anti' ORDER BY id",
        )?;
        let marks = |row: &Row<'_>| {
            let (applies_to, lifted_by) = (rows::json(row, 1)?, rows::json(row, 2)?);
            Ok((row.get(0)?, Marks { applies_to, lifted_by, least: words::ANTI_WORDS_MIN }))
        };
        select.query_map((), marks)?.collect::<rusqlite::Result<_>>().map(Self)
    }

    /// The ids of those that fit these words.
    pub(crate) fn fitting(&self, words: &BTreeSet<String>) -> Vec<String> {
        let fitting = self.0.iter().filter(|(_, marks)| marks.found_in(words).is_some());
        fitting.take(FITS_MAX).map(|(id, _)| id.clone()).collect()
    }
}
