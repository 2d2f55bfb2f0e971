//! A writable folder in one call's hands: what is added there is counted for both.

use std::fs::File;
use std::sync::Arc;

use ares_kernel::facts::{FileLimit, Quota};
use wasmtime_wasi::p2::FsError;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

use super::cost::{Cost, Span};
use super::ledger::{Changing, Full, Ledger};
use super::meter::FileMeter;

/// A writable folder, and the call that may change it.
pub(super) struct Place {
    pub(super) root: Arc<File>,
    pub(super) quota: Quota,
    pub(super) ledger: Arc<Ledger>,
    pub(super) meter: Arc<FileMeter>,
}

impl Place {
    /// Counts a change that is about to be made, for the call and for the folder. Whoever makes it
    /// keeps what this answers until it is made.
    pub(super) async fn admit(&self, cost: &Cost) -> Result<Changing, FsError> {
        self.meter.charge(cost).map_err(refusal)?;
        let mut measured = false;
        loop {
            let changing = self.ledger.changing().await;
            match self.ledger.add(cost, &self.quota) {
                Ok(()) => return Ok(changing),
                Err(full) if measured => {
                    self.meter.refund(cost);
                    return Err(refusal(self.met(&full)));
                }
                Err(_) => {}
            }
            drop(changing);
            self.ledger.measure(&self.root).await;
            measured = true;
        }
    }

    /// Counts bytes that are about to be written, without waiting for anything.
    pub(super) fn charge(&self, cost: &Cost) -> Result<(), FileLimit> {
        self.meter.charge(cost)?;
        self.ledger.add(cost, &self.quota).map_err(|full| {
            self.meter.refund(cost);
            self.met(&full)
        })
    }

    /// Takes back what was counted for a change that failed.
    pub(super) fn refund(&self, cost: &Cost) {
        self.meter.refund(cost);
        self.ledger.give_back(cost);
    }

    /// How many bytes can be written here. Where there is no room the limit is named, and whether
    /// measuring the folder could find some.
    pub(super) fn room(&self, span: &Span) -> Result<u64, NoRoom> {
        let known = self.ledger.room(&self.quota);
        let (folder, limit) = known.unwrap_or((0, FileLimit::QuotaMb));
        let (by_call, by_folder) = span.room(self.meter.room(), folder);
        if by_call == 0 {
            return Err(NoRoom { limit: FileLimit::FileBytes, measure: false });
        }
        if known.is_none() || by_folder == 0 {
            return Err(NoRoom { limit, measure: true });
        }
        Ok(by_call.min(by_folder))
    }

    /// The same, after measuring the folder where that may help.
    pub(super) async fn room_or_measure(&self, span: &Span) -> Result<u64, FsError> {
        match self.room(span) {
            Ok(room) => return Ok(room),
            Err(NoRoom { measure: true, .. }) => self.ledger.measure(&self.root).await,
            Err(NoRoom { measure: false, .. }) => {}
        }
        self.room(span).map_err(|NoRoom { limit, .. }| {
            self.meter.met(limit);
            refusal(limit)
        })
    }

    fn met(&self, full: &Full) -> FileLimit {
        let limit = match full {
            Full::Met(limit) => *limit,
            Full::Unmeasured => FileLimit::QuotaMb,
        };
        self.meter.met(limit);
        limit
    }
}

/// Why nothing can be written.
pub(super) struct NoRoom {
    pub(super) limit: FileLimit,
    /// Whether measuring the folder could find room.
    pub(super) measure: bool,
}

fn refusal(_: FileLimit) -> FsError {
    ErrorCode::Quota.into()
}
