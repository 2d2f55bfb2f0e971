//! Which headers are the host's, which carry credentials, and how much they all weigh.

use http::HeaderMap;
use http::header::{self, HeaderName};
use wasmtime_wasi_http::DEFAULT_FORBIDDEN_HEADERS;

/// Headers that say who asks, through whom, or how the connection is used: a guest that sets them
/// would speak for the host (RFC 9110, sections 7.6 and 7.8; RFC 7239).
const HOSTS_OWN: [HeaderName; 8] = [
    header::TE,
    header::TRAILER,
    header::EXPECT,
    header::VIA,
    header::FORWARDED,
    header::ACCEPT_ENCODING,
    header::HOST,
    HeaderName::from_static("x-real-ip"),
];
/// How others of them begin.
const HOSTS_OWN_PREFIXES: [&str; 2] = ["proxy-", "x-forwarded-"];

/// Headers that carry credentials (RFC 9110, section 11.6.2; RFC 6265) or that services use so.
const CREDENTIALS: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::COOKIE,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-auth-token"),
    HeaderName::from_static("api-key"),
];

/// Whether a guest must not set this header.
pub(super) fn forbidden(name: &HeaderName) -> bool {
    HOSTS_OWN.contains(name)
        || DEFAULT_FORBIDDEN_HEADERS.contains(name)
        || HOSTS_OWN_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix))
}

/// Whether this header carries credentials.
pub(super) fn is_credential(name: &HeaderName) -> bool {
    CREDENTIALS.contains(name)
}

/// Bytes of all names and values.
pub(super) fn weight(headers: &HeaderMap) -> u64 {
    headers.iter().map(|(name, value)| (name.as_str().len() + value.len()) as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_speaks_for_itself_alone() {
        let named = |name: &str| forbidden(&HeaderName::from_bytes(name.as_bytes()).unwrap());
        for own in
            ["host", "connection", "Proxy-Authorization", "proxy-x", "X-Forwarded-For", "forwarded", "te"]
        {
            assert!(named(own), "{own}");
        }
        for free in ["accept", "user-agent", "content-type", "authorization", "x-request-id", "range"] {
            assert!(!named(free), "{free}");
        }
    }
}
