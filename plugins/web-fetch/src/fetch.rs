//! From an address to text: redirects, types and encodings.

use ares_sdk::{Failure, http};
use encoding_rs::{Encoding, UTF_8};
use url::Url;

/// The most of a body that is read, in bytes.
const BODY_MOST: usize = 4 << 20;
/// How often an answer may pass the request on (Fetch Standard: 20; fewer are enough for pages).
const REDIRECTS_MOST: usize = 5;

/// What a body is.
pub(crate) enum Kind {
    /// HTML or XHTML.
    Html,
    /// Text as it is.
    Text,
}

/// What came.
pub(crate) struct Got {
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) redirected_from: Vec<String>,
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

/// An address that can be fetched.
pub(crate) fn address(text: &str) -> Result<Url, Failure> {
    let bad = |why: &str| {
        Failure::new(
            "bad-url",
            format!("{text:?} {why}; give a whole address, for instance https://example.org/page"),
        )
    };
    let url = Url::parse(text).map_err(|error| bad(&format!("is no address: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("holds a name or a password"));
    }
    Ok(url)
}

/// Fetches a page.
pub(crate) fn fetch(text: &str) -> Result<Got, Failure> {
    let mut url = address(text)?;
    let mut redirected_from = Vec::new();
    loop {
        let asked = http::get(url.as_str())
            .header("accept", "text/html, application/xhtml+xml, text/plain;q=0.9, text/*;q=0.5")
            .header("user-agent", "ares-host web-fetch");
        let response = asked.send().map_err(|error| refused(&url, &redirected_from, &error))?;
        let status = response.status;
        let passed_on = matches!(status, 301 | 302 | 303 | 307 | 308);
        let Some(location) = response.header("location").filter(|_| passed_on) else {
            return got(url, redirected_from, response);
        };
        if redirected_from.len() == REDIRECTS_MOST {
            let message = format!("{text} was passed on more than {REDIRECTS_MOST} times");
            return Err(Failure::new("too-many-redirects", message));
        }
        let next = url.join(location).map_err(|error| {
            Failure::new(
                "bad-redirect",
                format!("{url} passes on to {location:?}, which is no address: {error}"),
            )
        })?;
        redirected_from.push(url.into());
        url = address(next.as_str())?;
    }
}

fn refused(url: &Url, from: &[String], error: &http::Error) -> Failure {
    match (error.code.as_str(), from.last()) {
        ("http-request-denied", Some(from)) => Failure::new(
            "redirect-not-granted",
            format!("{from} passes on to {url}, and that host was not granted to this plugin"),
        ),
        _ => Failure::new(error.code.clone(), format!("{url}: {}", error.message)),
    }
}

fn got(url: Url, redirected_from: Vec<String>, response: http::Response) -> Result<Got, Failure> {
    let content_type = response.header("content-type").unwrap_or("text/html").to_owned();
    let status = response.status;
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let kind = match essence.as_str() {
        "text/html" | "application/xhtml+xml" => Kind::Html,
        "application/json" | "application/xml" => Kind::Text,
        other if other.starts_with("text/") => Kind::Text,
        _ => return Err(Failure::new("not-text", format!("{url} is {content_type}, not a page"))),
    };
    let (bytes, _) = response.beginning(BODY_MOST)?;
    let text = decoded(&bytes, &content_type);
    Ok(Got { url, status, content_type, redirected_from, kind, text })
}

/// By byte order mark, then by what the server says, else as UTF-8.
fn decoded(bytes: &[u8], content_type: &str) -> String {
    let label = content_type
        .split(';')
        .filter_map(|parameter| parameter.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim_matches('"'));
    let encoding = label.and_then(|label| Encoding::for_label(label.as_bytes())).unwrap_or(UTF_8);
    encoding.decode(bytes).0.into_owned()
}
