//! Requests through `wasi:http`.
use std::io::Write as _;

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use wasip2::io::streams::{InputStream, StreamError};

use super::{Error, Request, Response};

/// How much is read at one time, in bytes.
const PIECE: u64 = 64 << 10;

/// A body that has not been read. The order is that in which the host wants them back.
#[derive(Debug)]
pub(crate) struct Body {
    stream: InputStream,
    _body: IncomingBody,
    _response: IncomingResponse,
}

impl Body {
    /// At most so many bytes, and whether that is all.
    pub(crate) fn read(self, most: usize) -> Result<(Vec<u8>, bool), Error> {
        let mut bytes = Vec::new();
        loop {
            match self.stream.blocking_read(PIECE) {
                Ok(piece) => {
                    let room = most - bytes.len();
                    bytes.extend_from_slice(piece.get(..room).unwrap_or(&piece));
                    if piece.len() > room {
                        return Ok((bytes, false));
                    }
                }
                Err(StreamError::Closed) => return Ok((bytes, true)),
                Err(StreamError::LastOperationFailed(error)) => {
                    let known = wasip2::http::types::http_error_code(&error);
                    return Err(known.map_or_else(
                        || Error::new("connection-terminated", error.to_debug_string()),
                        |code| told(&code),
                    ));
                }
            }
        }
    }
}

pub(crate) fn send(request: Request) -> Result<Response, Error> {
    let outgoing = written(&request)?;
    let body = outgoing.body().map_err(|()| Error::new("internal-error", "the body was taken already"))?;
    let answer = handle(outgoing, None).map_err(|code| told(&code))?;
    if !request.body.is_empty() {
        let mut stream =
            body.write().map_err(|()| Error::new("internal-error", "the body was taken already"))?;
        // The host may have refused the request meanwhile: why stands in its answer.
        let _ = stream.write_all(&request.body).and_then(|()| std::io::Write::flush(&mut stream));
    }
    // The same holds for how it ends.
    let _ = OutgoingBody::finish(body, None);
    answer.subscribe().block();
    let response = answer
        .get()
        .and_then(Result::ok)
        .ok_or_else(|| Error::new("internal-error", "the answer was taken already"))?
        .map_err(|code| told(&code))?;
    let body = response.consume().map_err(|()| Error::new("internal-error", "the body was taken already"))?;
    let stream = body.stream().map_err(|()| Error::new("internal-error", "the body was taken already"))?;
    let (status, headers) = (response.status(), response.headers().entries());
    Ok(Response { status, headers, body: Body { stream, _body: body, _response: response } })
}

fn written(request: &Request) -> Result<OutgoingRequest, Error> {
    let bad = || Error::new("bad-url", format!("{:?} is not an http or https address", request.url));
    let (scheme, rest) = request.url.split_once("://").ok_or_else(bad)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return Err(bad()),
    };
    let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let headers = Fields::new();
    for (name, value) in &request.headers {
        let added = headers.append(name, value.as_bytes());
        added.map_err(|_| Error::new("bad-header", format!("the header `{name}` cannot be set so")))?;
    }
    if !request.body.is_empty() {
        let length = request.body.len().to_string();
        let set = headers.set("content-length", &[length.into_bytes()]);
        set.map_err(|error| Error::new("bad-header", format!("`content-length`: {error}")))?;
    }
    let outgoing = OutgoingRequest::new(headers);
    let method = method(&request.method);
    outgoing.set_method(&method).map_err(|()| Error::new("bad-method", "the method is none"))?;
    outgoing.set_scheme(Some(&scheme)).map_err(|()| bad())?;
    outgoing.set_authority(Some(authority)).map_err(|()| bad())?;
    outgoing.set_path_with_query(Some(&path)).map_err(|()| bad())?;
    Ok(outgoing)
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

/// The host's error by its name, with a sentence where one is needed.
fn told(code: &ErrorCode) -> Error {
    let debug = format!("{code:?}");
    let name = debug.split_once("::").map_or(debug.as_str(), |(_, name)| name);
    let name = name.split(['(', ' ', '{']).next().unwrap_or(name);
    let mut kebab = String::new();
    for (at, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    let message = match code {
        ErrorCode::HttpRequestDenied => {
            "the host refused it: the address, the method, a header or a secret was not granted"
        }
        ErrorCode::DestinationIpProhibited => "it leads to an address that was not granted",
        ErrorCode::ConnectionLimitReached => "the call has sent as many requests as it may",
        ErrorCode::HttpResponseBodySize(_) => "the call has received as much as it may",
        _ => return Error { message: format!("no answer came ({})", kebab.replace('-', " ")), code: kebab },
    };
    Error::new(kebab, format!("{message}; the plugin's log says more"))
}
