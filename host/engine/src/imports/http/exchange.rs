//! One request and its answer, over a connection of their own.

use std::sync::Arc;
use std::time::Duration;

use ares_kernel::SecretName;
use ares_kernel::facts::Origin;
use ares_kernel::ports::Secrets;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Request, Response};
use hyper::client::conn::http1;
use tokio::time::timeout;
use wasmtime_wasi::runtime;
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::body::{Sent, broken, received};
use super::headers::weight;
use super::metered::Metered;
use super::spend::{Purse, Slot, SpendError, scrub_headers};
use super::traffic::Traffic;
use crate::network::{CONNECT_MAX, Denial, Network};

/// How long the head of an answer may take.
const HEAD_MAX: Duration = Duration::from_secs(60);
/// The longest pause within an answer's body.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// What the head of an answer may take, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How many headers it may have.
const HEADERS_MAX: usize = 100;

/// A request that was judged.
pub(super) struct Judged {
    pub(super) network: Arc<Network>,
    pub(super) traffic: Arc<Traffic>,
    /// The rule that allows it.
    pub(super) rule: Origin,
    /// Where it goes.
    pub(super) wanted: Origin,
    /// The secrets whose values its guest must not learn.
    pub(super) hidden: Arc<[SecretName]>,
    /// Those whose placeholders it holds; they may be spent under this rule.
    pub(super) spent: Vec<SecretName>,
    pub(super) secrets: Arc<dyn Secrets>,
    pub(super) request: Request<WasiBody>,
    pub(super) options: RequestOptions,
}

/// The rest of the connection's work, for as long as the answer is read.
pub(super) type Driver = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl Judged {
    /// Sends the request and waits for the head of its answer. The guest may ask for less time than
    /// the host gives, not for more.
    pub(super) async fn exchange(self) -> Result<(Response<WasiBody>, Driver), Denial> {
        let Self { network, traffic, rule, wanted, hidden, spent, secrets, request, options } = self;
        let ended = Arc::clone(&traffic);
        let exchanging = async move {
            // Before anything leaves: a secret that cannot be spent lets nothing out.
            let request = filled(request, spent, &*secrets, &traffic).await?;
            let within = options.connect_timeout.unwrap_or(CONNECT_MAX);
            let connection = network.connect(&rule, &wanted, within).await?;
            let mut builder = http1::Builder::new();
            builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
            // Not all that arrives becomes an answer: what announces one, and what holds its pieces together.
            let most = traffic.received().most().saturating_mul(2).saturating_add(HEAD_BYTES_MAX as u64);
            let handshake = builder.handshake(TokioIo::new(Metered::new(connection, most))).await;
            let (mut sender, connection) = handshake.map_err(|error| lost(&error))?;
            let head = options.first_byte_timeout.unwrap_or(HEAD_MAX).min(HEAD_MAX);
            let pause = options.between_bytes_timeout.unwrap_or(PAUSE_MAX).min(PAUSE_MAX);
            let request = prepared(request, &wanted, &traffic)?;
            // It ends with this handle, wherever that is dropped.
            let mut working = runtime::spawn(async move { connection.await.map_err(Error::from) });
            let answer = timeout(head, sender.send_request(request));
            let late = |_| Denial::new(Error::HttpResponseTimeout, "no answer came in time");
            let answer = answer.await.map_err(late)?.map_err(|error| lost(&error))?;
            let answer = opened(answer, pause, &traffic, (&*secrets, &hidden))?;
            let over = Arc::clone(&traffic);
            let driver = async move {
                tokio::select! {
                    () = over.ended() => Ok(()),
                    done = &mut working => done,
                }
            };
            Ok((answer, Box::new(driver) as Driver))
        };
        tokio::select! {
            biased;
            () = ended.ended() => Err(Denial::new(Error::ConnectionTerminated, "its call is over")),
            exchanged = exchanging => exchanged,
        }
    }
}

fn lost(error: &hyper::Error) -> Denial {
    let guest = if error.is_parse_too_large() {
        Error::HttpResponseHeaderSectionSize(u32::try_from(HEAD_BYTES_MAX).ok())
    } else {
        broken(error)
    };
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Denial::new(guest, format!("{error}{cause}"))
}

/// The request as it goes out: only the path in its first line, the host's own headers set by the host.
fn prepared(
    request: Request<WasiBody>,
    wanted: &Origin,
    traffic: &Arc<Traffic>,
) -> Result<Request<Sent>, Denial> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let uri = path.parse().map_err(|_| Denial::new(Error::HttpRequestUriInvalid, "it has no plain path"))?;
    parts.uri = uri;
    let host = match wanted.port == wanted.scheme.port() {
        true => wanted.host.to_string(),
        false => format!("{}:{}", wanted.host, wanted.port),
    };
    let host = HeaderValue::try_from(host);
    let host = host.map_err(|_| Denial::new(Error::HttpRequestUriInvalid, "its host is no header"))?;
    parts.headers.insert(header::HOST, host);
    parts.headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(Request::from_parts(parts, Sent::new(body, Arc::clone(traffic))))
}

/// The request with values where it has placeholders.
async fn filled(
    mut request: Request<WasiBody>,
    spent: Vec<SecretName>,
    secrets: &dyn Secrets,
    traffic: &Traffic,
) -> Result<Request<WasiBody>, Denial> {
    let denied = |error: SpendError| Denial::new(Error::HttpRequestDenied, error.to_string());
    let purse = Purse::open(spent, request.headers(), secrets).await.map_err(denied)?;
    if purse.is_empty() {
        return Ok(request);
    }
    let before = weight(request.headers());
    purse.fill_headers(request.headers_mut()).map_err(denied)?;
    let mut more = weight(request.headers()).saturating_sub(before);
    if let Some(path) = request.uri().path_and_query() {
        let address = purse.fill(path.as_str(), Slot::Address).map_err(denied)?;
        more += address.len().saturating_sub(path.as_str().len()) as u64;
        let unfit = |_| denied(SpendError::Unfit("its address is too long or no address"));
        *request.uri_mut() = address.parse().map_err(unfit)?;
    }
    traffic.sent().add(more).map_err(|most| {
        let why = format!("with its secrets its call would send more than {most} bytes (`http_sent_bytes`)");
        Denial::new(Error::HttpRequestHeaderSectionSize(u32::try_from(most).ok()), why)
    })?;
    Ok(request)
}

/// The answer as the guest gets it: counted, unpacked, and with placeholders where it repeats
/// secrets.
fn opened(
    answer: Response<hyper::body::Incoming>,
    pause: Duration,
    traffic: &Arc<Traffic>,
    (secrets, hidden): (&dyn Secrets, &[SecretName]),
) -> Result<Response<WasiBody>, Denial> {
    let (mut parts, body) = answer.into_parts();
    let too_much = |most| {
        let why = format!("its call may receive {most} bytes (`http_received_bytes`)");
        Denial::new(Error::HttpResponseHeaderSectionSize(u32::try_from(most).ok()), why)
    };
    traffic.received().add(weight(&parts.headers)).map_err(too_much)?;
    let gzip = packed(&parts.headers)?;
    if gzip {
        parts.headers.remove(header::CONTENT_ENCODING);
        parts.headers.remove(header::CONTENT_LENGTH);
    }
    let search = secrets.stream(hidden);
    if search.is_some() {
        scrub_headers(&mut parts.headers, secrets);
        // It says how long the body was before the search.
        parts.headers.remove(header::CONTENT_LENGTH);
    }
    Ok(Response::from_parts(parts, received(body, gzip, pause, Arc::clone(traffic), search)))
}

/// Whether the body is packed as this host asked for it. In any other way it would go past the
/// counting of unpacked bytes.
fn packed(headers: &HeaderMap) -> Result<bool, Denial> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let Some(coding) = codings.next() else { return Ok(false) };
    let word = coding.to_str().unwrap_or("?").trim().to_ascii_lowercase();
    match (word.as_str(), codings.next()) {
        ("" | "identity", None) => Ok(false),
        ("gzip" | "x-gzip", None) => Ok(true),
        _ => {
            let why = format!("its answer is packed in a way nobody asked for: {word}");
            Err(Denial::new(Error::HttpResponseContentCoding(Some(word)), why))
        }
    }
}
