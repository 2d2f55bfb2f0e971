//! Requests over HTTP. Granted by `[[permissions.net]]`, for capabilities of class `network` and
//! stronger.
//!
//! The host looks at every request: only granted origins and methods are reached, redirects are handed
//! back and not followed, bodies arrive unpacked, and what a call sends and receives is bounded.
//!
//! ```no_run
//! # fn main() -> Result<(), ares_sdk::Failure> {
//! let response = ares_sdk::http::get("https://example.org/").header("accept", "text/html").send()?;
//! let page = response.text(1 << 20)?;
//! # Ok(())
//! # }
//! ```
use std::fmt;

use crate::Failure;

#[cfg(target_family = "wasm")]
#[path = "http/wasm.rs"]
mod host;
#[cfg(not(target_family = "wasm"))]
use crate::native::http as host;

/// A request that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A request with this method.
pub fn request(method: impl Into<String>, url: impl Into<String>) -> Request {
    Request { method: method.into(), url: url.into(), headers: Vec::new(), body: Vec::new() }
}

/// Asks for what stands at an address.
pub fn get(url: impl Into<String>) -> Request {
    request("GET", url)
}

/// Sends a body to an address.
pub fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Request {
    request("POST", url).body(body)
}

impl Request {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Sends it and waits for the head of the answer.
    ///
    /// # Errors
    /// When the address is none, the host refuses the request, or no answer comes.
    pub fn send(self) -> Result<Response, Error> {
        host::send(self)
    }
}

/// An answer. Its body is read from the network only when it is asked for.
#[derive(Debug)]
pub struct Response {
    /// The status, for instance 200.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: host::Body,
}

impl Response {
    /// The first value of a header, if it is UTF-8. Give the name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        std::str::from_utf8(value).ok()
    }

    /// The body.
    ///
    /// # Errors
    /// `too-large` when it is longer than `most` bytes; when the connection breaks or the call's limit
    /// is reached.
    pub fn bytes(self, most: usize) -> Result<Vec<u8>, Error> {
        let (bytes, whole) = self.body.read(most)?;
        if whole {
            Ok(bytes)
        } else {
            Err(Error::new("too-large", format!("the answer has more than {most} bytes")))
        }
    }

    /// The body's first `most` bytes, and whether that is all of it.
    ///
    /// # Errors
    /// When the connection breaks or the call's limit is reached.
    pub fn beginning(self, most: usize) -> Result<(Vec<u8>, bool), Error> {
        self.body.read(most)
    }

    /// The body as text.
    ///
    /// # Errors
    /// As [`Response::bytes`]; `not-text` when it is not UTF-8.
    pub fn text(self, most: usize) -> Result<String, Error> {
        let text = String::from_utf8(self.bytes(most)?);
        text.map_err(|_| Error::new("not-text", "the answer is not UTF-8"))
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// A short stable word: `http-request-denied`, `destination-ip-prohibited`, `connection-timeout`, …
    /// (the names of `wasi:http`'s error codes), `bad-url`, `bad-header`, `too-large` or `not-text`.
    pub code: String,
    /// One sentence.
    pub message: String,
}

impl Error {
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error.code, error.message)
    }
}
