//! What is otherwise around a plugin than when it last worked.

use std::sync::atomic::{AtomicBool, Ordering};

/// What changed around a plugin since a call of it last went well: nothing any more, once one does again.
#[derive(Debug, Default)]
pub struct Drift {
    changes: Vec<String>,
    settled: AtomicBool,
}

impl Drift {
    /// These changes, a sentence each; none where only smaller ones are to be noted, or where it never
    /// worked before.
    #[must_use]
    pub fn new(changes: Vec<String>) -> Self {
        Self { changes, settled: AtomicBool::new(false) }
    }

    /// Large changes, in words, until a call went well.
    #[must_use]
    pub fn changes(&self) -> &[String] {
        if self.settled.load(Ordering::Relaxed) { &[] } else { &self.changes }
    }

    /// A call went well. Answers whether it was the first since then, which is to be recorded.
    #[must_use]
    pub fn settle(&self) -> bool {
        !self.settled.swap(true, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_until_it_works_again() {
        let drift = Drift::new(vec!["`notes` went from 1.4.0 to 2.0.0".to_owned()]);
        assert_eq!(drift.changes().len(), 1);
        assert!(drift.settle() && !drift.settle());
        assert!(drift.changes().is_empty());
    }
}
