//! An answer's body with placeholders where it repeats secrets.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ares_kernel::ports::Scrubbing;
use bytes::Bytes;
use hyper::body::{Body, Frame};
use wasmtime_wasi_http::Error;

/// A body that is searched as it is read. What may be the beginning of a value waits for what
/// comes next.
pub(super) struct Clean<B> {
    body: B,
    /// Nothing once the body has ended.
    search: Option<Box<dyn Scrubbing>>,
}

impl<B> Clean<B> {
    pub(super) fn new(body: B, search: Box<dyn Scrubbing>) -> Self {
        Self { body, search: Some(search) }
    }
}

impl<B: Body<Data = Bytes, Error = Error> + Unpin> Body for Clean<B> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        loop {
            let this = &mut *self;
            let Some(search) = &mut this.search else { return Poll::Ready(None) };
            let mut clean = Vec::new();
            match ready!(Pin::new(&mut this.body).poll_frame(cx)?) {
                Some(frame) => {
                    // Trailers are headers nobody has searched: they stay here.
                    let Ok(data) = frame.into_data() else { continue };
                    search.push(&data, &mut clean);
                }
                None => {
                    search.finish(&mut clean);
                    this.search = None;
                }
            }
            if !clean.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(clean.into()))));
            }
        }
    }
}
