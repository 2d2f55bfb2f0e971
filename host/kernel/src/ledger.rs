//! The kernel's side of the journal. Opening is in `flow/received.rs`, closing in
//! `flow/outcome.rs`: with the states they make.

use std::sync::Arc;

use crate::ports::{Clock, Journal, NoSnapshots, Snapshots};

/// Opens and closes the record of every invocation.
pub struct Ledger {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) snapshots: Arc<dyn Snapshots>,
}

impl Ledger {
    /// A ledger over this journal and clock.
    #[must_use]
    pub fn new(journal: Arc<dyn Journal>, clock: Arc<dyn Clock>) -> Self {
        Self { journal, clock, snapshots: Arc::new(NoSnapshots) }
    }

    /// The same, with snapshots of what calls may change.
    #[must_use]
    pub fn with_snapshots(self, snapshots: Arc<dyn Snapshots>) -> Self {
        Self { snapshots, ..self }
    }
}
