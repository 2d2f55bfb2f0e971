//! What a guest wrote to its standard output and error: kept up to a bound, never an error for it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use ares_kernel::ports::Secrets;
use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// What is kept of one stream in one call.
const KEPT_MAX: usize = 64 << 10;
/// What a guest may write at once.
const PERMIT: usize = 64 << 10;

/// One of the two streams. Clones write to the same place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    dropped: u64,
}

impl Captured {
    fn push(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = KEPT_MAX.saturating_sub(kept.bytes.len());
        let (keep, drop) = bytes.split_at(room.min(bytes.len()));
        kept.bytes.extend_from_slice(keep);
        kept.dropped += drop.len() as u64;
    }

    /// The text so far, without secrets, and the number of bytes not kept; the stream is empty
    /// afterwards.
    pub(crate) fn take(&self, secrets: &dyn Secrets) -> (String, u64) {
        let kept = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        // The end of what was cut may be the beginning of a secret.
        let cut = if kept.dropped > 0 { secrets.scrub_cut(&kept.bytes) } else { (&*kept.bytes).into() };
        let text = String::from_utf8_lossy(&cut);
        (secrets.scrub(&text).into_owned(), kept.dropped)
    }
}

impl IsTerminal for Captured {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Captured {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Captured {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for Captured {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }
}

impl AsyncWrite for Captured {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        self.push(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ares_kernel::ports::NoSecrets;

    #[test]
    fn the_rest_is_counted_not_kept() {
        let stream = Captured::default();
        stream.push(&vec![b'a'; KEPT_MAX - 1]);
        stream.clone().push(b"bcd");
        let (text, dropped) = stream.take(&NoSecrets);
        assert_eq!((text.len(), text.ends_with('b'), dropped), (KEPT_MAX, true, 2));
        assert_eq!(stream.take(&NoSecrets), (String::new(), 0));
    }
}
