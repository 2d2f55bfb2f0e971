//! Reads lines of a bounded length and in bounded time, out of a budget all connections share.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// By how much a line's share of the budget grows at least.
const STEP: usize = 64 << 10;

/// A line, and its share of the budget for as long as someone works on it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    pub(super) share: Option<OwnedSemaphorePermit>,
}

/// Why there is no line.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error("the line is longer than {0} bytes")]
    TooLong(usize),
    #[error("the line was not complete after {0:?}")]
    TooSlow(Duration),
    #[error("reading from the socket failed")]
    Io(#[from] std::io::Error),
}

/// Lines from one connection.
pub(super) struct Lines<R> {
    reader: R,
    max: usize,
    patience: Duration,
    budget: Option<Arc<Semaphore>>,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// Lines of at most `max` bytes, each complete within `patience` of its first byte.
    pub(super) fn new(reader: R, max: usize, patience: Duration, budget: Option<Arc<Semaphore>>) -> Self {
        Self { reader, max, patience, budget }
    }

    /// The next line without its newline, or nothing at the end. Waits for the first byte as long
    /// as it takes. A last line without a newline is cut off and not a line.
    pub(super) async fn next(&mut self) -> Result<Option<Line>, LineError> {
        if self.reader.fill_buf().await?.is_empty() {
            return Ok(None);
        }
        let patience = self.patience;
        timeout(patience, self.rest()).await.map_err(|_| LineError::TooSlow(patience))?
    }

    async fn rest(&mut self) -> Result<Option<Line>, LineError> {
        let mut line = Line { bytes: Vec::new(), share: None };
        loop {
            let available = self.reader.fill_buf().await?;
            if available.is_empty() {
                return Ok(None);
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let piece = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            if line.bytes.len() + piece.len() >= self.max {
                return Err(LineError::TooLong(self.max));
            }
            line.reserve(piece.len(), self.budget.as_ref()).await;
            line.bytes.extend_from_slice(piece);
            let used = piece.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                return Ok(Some(line));
            }
        }
    }
}

impl Line {
    /// Makes room for `more` bytes; waits until the budget has them.
    async fn reserve(&mut self, more: usize, budget: Option<&Arc<Semaphore>>) {
        let room = self.bytes.capacity() - self.bytes.len();
        if more <= room {
            return;
        }
        let step = more.max(STEP).max(self.bytes.capacity());
        if let Some(budget) = budget {
            let permits = u32::try_from(step).unwrap_or(u32::MAX);
            // The budget is never closed.
            if let Ok(share) = Arc::clone(budget).acquire_many_owned(permits).await {
                match &mut self.share {
                    Some(all) => all.merge(share),
                    None => self.share = Some(share),
                }
            }
        }
        self.bytes.reserve_exact(step);
    }
}
