//! Sends any request its input describes, sound or not.
use std::cell::RefCell;

use ares_sdk::serde_json::{Value, json};
use ares_sdk::{Failure, http};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{Fields, IncomingBody, IncomingResponse, OutgoingBody, OutgoingRequest, Scheme};
use wasip2::io::streams::InputStream;

/// A request.
#[ares_sdk::data]
pub struct Order {
    /// The method; GET without one.
    #[serde(default)]
    method: Option<String>,
    /// The address.
    url: String,
    /// Names and values.
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    body: String,
    /// How often the body is sent.
    #[serde(default)]
    times: Option<usize>,
}

/// Many requests.
#[ares_sdk::data]
pub struct Orders {
    /// The address.
    url: String,
    /// How many.
    count: u32,
}

/// A request as `wasi:http` takes it, part by part.
#[ares_sdk::data]
pub struct Parts {
    /// Host and port.
    authority: String,
    /// Path and query.
    path: String,
    /// Names and values.
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// Trailers.
    #[serde(default)]
    trailers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    body: String,
    /// Keep the answer's body for the next call instead of reading it.
    #[serde(default)]
    keep: bool,
}

/// Nothing.
#[ares_sdk::data]
pub struct Nothing {}

thread_local! {
    static KEPT: RefCell<Option<(InputStream, IncomingBody, IncomingResponse)>> = const { RefCell::new(None) };
}

fn ask(order: Order) -> Result<Value, http::Error> {
    let mut request = http::request(order.method.unwrap_or_else(|| "GET".to_owned()), order.url);
    request.headers = order.headers;
    let response = request.body(order.body.repeat(order.times.unwrap_or(1))).send()?;
    let status = response.status;
    let headers: Vec<Value> =
        response.headers.iter().map(|(name, value)| json!([name, String::from_utf8_lossy(value)])).collect();
    let body = response.bytes(64 << 20)?;
    let text = String::from_utf8_lossy(body.get(..body.len().min(4096)).unwrap_or_default()).into_owned();
    Ok(json!({ "status": status, "headers": headers, "bytes": body.len(), "body": text }))
}

/// Sends a request; answers what came, or the code of the error.
#[ares_sdk::capability(effect = "network")]
pub fn fetch(input: Order) -> Result<Value, Failure> {
    Ok(ask(input).unwrap_or_else(|error| json!({ "error": error.code, "message": error.message })))
}

/// Sends the same request many times; answers how many came and the first error.
#[ares_sdk::capability(effect = "network")]
pub fn fetch_many(input: Orders) -> Result<Value, Failure> {
    let (mut came, mut error) = (0, None);
    for _ in 0..input.count {
        match http::get(input.url.as_str()).send() {
            Ok(_) => came += 1,
            Err(why) => error = error.or(Some(why.code)),
        }
    }
    Ok(json!({ "came": came, "error": error }))
}

fn refused(what: impl std::fmt::Debug) -> Value {
    json!({ "error": format!("{what:?}") })
}

fn parts(input: Parts) -> Result<Value, Value> {
    let headers = Fields::new();
    for (name, value) in &input.headers {
        headers.append(name, value.as_bytes()).map_err(refused)?;
    }
    let outgoing = OutgoingRequest::new(headers);
    outgoing.set_scheme(Some(&Scheme::Http)).map_err(refused)?;
    outgoing.set_authority(Some(&input.authority)).map_err(refused)?;
    outgoing.set_path_with_query(Some(&input.path)).map_err(refused)?;
    let body = outgoing.body().map_err(refused)?;
    let answer = handle(outgoing, None).map_err(refused)?;
    if !input.body.is_empty() {
        let stream = body.write().map_err(refused)?;
        stream.blocking_write_and_flush(input.body.as_bytes()).map_err(refused)?;
    }
    let trailers = Fields::new();
    for (name, value) in &input.trailers {
        trailers.append(name, value.as_bytes()).map_err(refused)?;
    }
    OutgoingBody::finish(body, (!input.trailers.is_empty()).then_some(trailers)).map_err(refused)?;
    answer.subscribe().block();
    let response = answer.get().and_then(Result::ok).ok_or_else(|| refused("taken"))?.map_err(refused)?;
    let body = response.consume().map_err(refused)?;
    let stream = body.stream().map_err(refused)?;
    let status = response.status();
    if input.keep {
        KEPT.with_borrow_mut(|kept| *kept = Some((stream, body, response)));
        return Ok(json!({ "status": status }));
    }
    let mut text = Vec::new();
    while let Ok(piece) = stream.blocking_read(4096) {
        text.extend(piece);
    }
    drop(stream);
    Ok(json!({ "status": status, "body": String::from_utf8_lossy(&text) }))
}

/// Sends a request written part by part; answers what came, or the error in its own words.
#[ares_sdk::capability(effect = "network")]
pub fn raw(input: Parts) -> Result<Value, Failure> {
    Ok(parts(input).unwrap_or_else(|error| error))
}

/// Reads on in what an earlier call has kept.
#[ares_sdk::capability(effect = "read")]
pub fn peek(_input: Nothing) -> Result<Value, Failure> {
    Ok(KEPT.with_borrow(|kept| match kept {
        None => json!({ "kept": false }),
        Some((stream, ..)) => match stream.blocking_read(4096) {
            Ok(piece) => json!({ "kept": true, "body": String::from_utf8_lossy(&piece) }),
            Err(error) => json!({ "kept": true, "error": format!("{error:?}") }),
        },
    }))
}

ares_sdk::plugin!(fetch, fetch_many, raw, peek);
