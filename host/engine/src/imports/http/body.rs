//! Bodies on their way: counted, bounded in time, unpacked, and without trailers.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ares_kernel::ports::Scrubbing;
use async_compression::tokio::bufread::GzipDecoder;
use bytes::Bytes;
use futures::TryStreamExt as _;
use http_body_util::{BodyDataStream, BodyExt as _, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::io::{ReaderStream, StreamReader};
use wasmtime_wasi_http::{Error, WasiBody};

use super::clean::Clean;
use super::metered::TooMuch;
use super::traffic::Traffic;

type Polled = Poll<Option<Result<Frame<Bytes>, Error>>>;

/// A request's body: every byte counts.
pub(super) struct Sent {
    body: WasiBody,
    traffic: Arc<Traffic>,
}

impl Sent {
    pub(super) fn new(body: WasiBody, traffic: Arc<Traffic>) -> Self {
        Self { body, traffic }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        loop {
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)?) else {
                return Poll::Ready(None);
            };
            // Trailers are headers nobody has judged: they stay here.
            let Ok(data) = frame.into_data() else { continue };
            let counted = self.traffic.sent().add(data.len() as u64);
            let counted = counted.map_err(|most| Error::HttpRequestBodySize(Some(most)));
            return Poll::Ready(Some(counted.map(|()| Frame::data(data))));
        }
    }
}

/// An answer's body as it arrives: with an end to every pause, and no more of it than a call may have.
struct Raw {
    body: Incoming,
    pause: Duration,
    alarm: Pin<Box<Sleep>>,
    left: u64,
    most: u64,
}

impl Body for Raw {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        loop {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(broken(&error)))),
                Poll::Ready(Some(Ok(frame))) => {
                    let Ok(data) = frame.into_data() else { continue };
                    let again = Instant::now() + self.pause;
                    self.alarm.as_mut().reset(again);
                    match self.left.checked_sub(data.len() as u64) {
                        Some(left) => self.left = left,
                        None => {
                            return Poll::Ready(Some(Err(Error::HttpResponseBodySize(Some(self.most)))));
                        }
                    }
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Poll::Pending => {
                    ready!(self.alarm.as_mut().poll(cx));
                    return Poll::Ready(Some(Err(Error::ConnectionReadTimeout)));
                }
            }
        }
    }
}

/// What a connection ended with, in the words of `wasi:http`.
pub(super) fn broken(error: &hyper::Error) -> Error {
    if error.is_incomplete_message() {
        return Error::HttpResponseIncomplete;
    }
    let mut cause = std::error::Error::source(error);
    while let Some(now) = cause {
        if let Some(Error::HttpRequestBodySize(most)) = now.downcast_ref() {
            return Error::HttpRequestBodySize(*most);
        }
        let io = now.downcast_ref::<io::Error>();
        if io.and_then(io::Error::get_ref).is_some_and(|inner| inner.is::<TooMuch>()) {
            return Error::HttpResponseBodySize(None);
        }
        let end = io.map(io::Error::kind);
        if end == Some(io::ErrorKind::UnexpectedEof) {
            return Error::HttpResponseIncomplete;
        }
        cause = now.source();
    }
    Error::HttpProtocolError
}

/// What the guest reads: counted, and closed with the call.
struct Received<B> {
    body: B,
    traffic: Arc<Traffic>,
    failed: bool,
}

impl<B: Body<Data = Bytes, Error = Error> + Unpin> Body for Received<B> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        if self.failed {
            return Poll::Ready(None);
        }
        if self.traffic.is_over() {
            self.failed = true;
            return Poll::Ready(Some(Err(Error::ConnectionTerminated)));
        }
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            None => return Poll::Ready(None),
            Some(frame) => frame.and_then(|frame| {
                let size = frame.data_ref().map_or(0, |data| data.len() as u64);
                let counted = self.traffic.received().add(size);
                counted.map(|()| frame).map_err(|most| Error::HttpResponseBodySize(Some(most)))
            }),
        };
        self.failed = frame.is_err();
        Poll::Ready(Some(frame))
    }
}

/// An answer's body for the guest, searched where there is something to search for.
pub(super) fn received(
    body: Incoming,
    gzip: bool,
    pause: Duration,
    traffic: Arc<Traffic>,
    search: Option<Box<dyn Scrubbing>>,
) -> WasiBody {
    let most = traffic.received().most();
    let raw = Raw { body, pause, alarm: Box::pin(sleep(pause)), left: most, most };
    if !gzip {
        return searched(raw, traffic, search);
    }
    let packed = StreamReader::new(BodyDataStream::new(raw).map_err(io::Error::other));
    let mut decoder = GzipDecoder::new(packed);
    decoder.multiple_members(true);
    // Unpacked piece by piece as the guest reads, so that a bomb is noticed and not held.
    let unpacked = ReaderStream::new(decoder).map_ok(Frame::data).map_err(unpacking);
    searched(StreamBody::new(unpacked), traffic, search)
}

fn searched<B>(body: B, traffic: Arc<Traffic>, search: Option<Box<dyn Scrubbing>>) -> WasiBody
where
    B: Body<Data = Bytes, Error = Error> + Send + Unpin + 'static,
{
    match search {
        None => Received { body, traffic, failed: false }.boxed_unsync(),
        Some(search) => Received { body: Clean::new(body, search), traffic, failed: false }.boxed_unsync(),
    }
}

/// The error of the packed body, where it was that.
fn unpacking(error: io::Error) -> Error {
    let inner = error.into_inner().and_then(|inner| inner.downcast::<Error>().ok());
    inner.map_or_else(|| Error::HttpResponseContentCoding(Some("gzip".to_owned())), |error| *error)
}
