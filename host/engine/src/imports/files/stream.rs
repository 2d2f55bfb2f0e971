//! A stream into a file that counts what it writes before it writes it.

use std::sync::Arc;

use ares_kernel::facts::FileLimit;
use bytes::Bytes;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynOutputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::Met;
use super::cost::Span;
use super::place::{NoRoom, Place};

/// Where a stream writes.
pub(super) enum End {
    /// At the end, wherever that is.
    Append,
    /// From here on, in a file that was so long when so much had been cut in its folder.
    At(Span, u64),
}

/// The library's stream, with the folder it writes to.
pub(super) struct Counted {
    inner: DynOutputStream,
    place: Arc<Place>,
    end: End,
    look: Look,
    failed: bool,
}

/// Whether the folder is to be measured before it is called full.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    No,
    Wanted,
    Done,
}

impl Counted {
    pub(super) fn new(inner: DynOutputStream, place: Arc<Place>, end: End) -> Self {
        Self { inner, place, end, look: Look::No, failed: false }
    }

    /// Where the next byte goes. Once something was cut, nobody knows how long the file is now: it
    /// then counts from the beginning, which is too much and never too little.
    fn span(&mut self) -> Span {
        match &mut self.end {
            End::Append => Span::default(),
            End::At(span, cuts) => {
                let now = self.place.ledger.cuts();
                if *cuts != now {
                    (span.length, *cuts) = (0, now);
                }
                *span
            }
        }
    }

    /// Counts bytes that are about to be written.
    fn charge(&mut self, bytes: usize) -> StreamResult<()> {
        let bytes = bytes as u64;
        if bytes == 0 {
            return Ok(());
        }
        let cost = self.span().cost(bytes);
        if let Err(limit) = self.place.charge(&cost) {
            return Err(self.fail(limit));
        }
        if let End::At(span, _) = &mut self.end {
            span.advance(bytes);
        }
        self.look = Look::No;
        Ok(())
    }

    fn fail(&mut self, limit: FileLimit) -> StreamError {
        self.failed = true;
        self.place.meter.met(limit);
        StreamError::LastOperationFailed(wasmtime::Error::new(Met(limit)))
    }

    fn open(&self) -> StreamResult<()> {
        if self.failed { Err(StreamError::Closed) } else { Ok(()) }
    }
}

#[async_trait]
impl OutputStream for Counted {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.open()?;
        self.charge(bytes.len())?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.open()?;
        self.inner.flush()
    }

    /// No more than there is room for. Where the folder must be measured for that, it is not ready;
    /// where there is none, one byte: it is the write that fails then, not a flush before it.
    fn check_write(&mut self) -> StreamResult<usize> {
        self.open()?;
        let permit = self.inner.check_write()?;
        if permit == 0 {
            return Ok(0);
        }
        let span = self.span();
        match self.place.room(&span) {
            Ok(room) => Ok(permit.min(usize::try_from(room).unwrap_or(usize::MAX))),
            Err(NoRoom { measure: true, .. }) if self.look != Look::Done => {
                self.look = Look::Wanted;
                Ok(0)
            }
            Err(_) => Ok(1),
        }
    }

    async fn blocking_write_and_flush(&mut self, mut bytes: Bytes) -> StreamResult<()> {
        self.open()?;
        while !bytes.is_empty() {
            let permit = self.write_ready().await?;
            let part = bytes.split_to(permit.min(bytes.len()));
            self.charge(part.len())?;
            self.inner.blocking_write_and_flush(part).await?;
        }
        Ok(())
    }

    async fn cancel(&mut self) {
        self.inner.cancel().await;
    }
}

#[async_trait]
impl Pollable for Counted {
    async fn ready(&mut self) {
        self.inner.ready().await;
        if self.look == Look::Wanted {
            self.place.ledger.measure(&self.place.root).await;
            self.look = Look::Done;
        }
    }
}
