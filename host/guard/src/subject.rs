//! What a rule's code gets and gives: a text with its place, and where it found something.

use std::ops::Range;

use crate::place::Place;

/// The most that is kept of one rule in one text.
pub(crate) const SPANS_MAX: usize = 100;

/// A text that is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The text.
    pub(crate) text: &'a str,
    /// Where it comes from.
    pub(crate) place: Place,
}

/// Where a rule found something, in bytes; not more than 100.
#[derive(Debug, Default)]
pub(crate) struct Spans(Vec<Range<usize>>);

impl Spans {
    /// Notes one. What goes beyond the bound is forgotten.
    pub(crate) fn push(&mut self, span: Range<usize>) {
        if self.0.len() < SPANS_MAX && span.start < span.end {
            self.0.push(span);
        }
    }

    /// Whether there is room for another.
    pub(crate) fn has_room(&self) -> bool {
        self.0.len() < SPANS_MAX
    }

    /// What was noted, in the order it was.
    pub(crate) fn into_inner(self) -> Vec<Range<usize>> {
        self.0
    }
}
