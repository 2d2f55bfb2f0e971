//! A request of a rehearsal: judged like every other, read to its end and noted, and refused then.

use std::sync::Arc;
use std::time::Duration;

use http::Response;
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, WasiBody};

use super::body::Sent;
use super::exchange::{Driver, Judged};
use super::headers::weight;
use crate::rehearsal::Notes;

/// How long its body may take.
const BODY_MAX: Duration = Duration::from_secs(60);

impl Judged {
    /// Notes the request at once, and its body as the guest writes it. No name is looked up, no
    /// secret is opened, and nothing leaves: the guest is told what it is told of a host that was not
    /// granted.
    pub(super) fn rehearse(
        self,
        notes: Arc<Notes>,
    ) -> impl Future<Output = Result<(Response<WasiBody>, Driver), Error>> + Send {
        let Self { traffic, wanted, request, .. } = self;
        let (parts, body) = request.into_parts();
        let head = parts.method.as_str().len() + parts.uri.to_string().len();
        let head = weight(&parts.headers).saturating_add(head as u64);
        let number = notes.request(parts.method.as_str(), wanted.to_string(), head);
        let mut body = Sent::new(body, Arc::clone(&traffic));
        async move {
            let read = async {
                while let Some(Ok(frame)) = body.frame().await {
                    notes.add(number, frame.data_ref().map_or(0, |data| data.len() as u64));
                }
            };
            tokio::select! {
                () = traffic.ended() => {}
                // Late or not: it is refused either way.
                _ = timeout(BODY_MAX, read) => {}
            }
            Err(Error::HttpRequestDenied)
        }
    }
}
