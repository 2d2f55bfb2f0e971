//! Finds the addresses in a text and takes them apart, as far as it needs to judge whose they are.

use std::ops::Range;

use crate::place::Place;
use crate::subject::Subject;

/// The longest authority that is looked at, in bytes: a name has at most 253 (RFC 1035), the rest is room
/// for user and port.
const AUTHORITY_MAX: usize = 1024;

/// Who an address is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host<'a> {
    /// `https` and the like; empty where a bare name is given.
    pub(crate) scheme: &'a str,
    /// What stands before the `@`.
    pub(crate) user: Option<&'a str>,
    /// The name or number, without brackets and port.
    pub(crate) name: &'a str,
    /// What stands after the last colon.
    pub(crate) port: Option<&'a str>,
    /// Where the whole of it stands, from the user to the port.
    pub(crate) span: Range<usize>,
}

/// Every host that is named in the text: those of addresses, and the whole text where it names a host.
pub(crate) fn hosts<'a>(subject: &Subject<'a>) -> impl Iterator<Item = Host<'a>> {
    let text = subject.text;
    let bare = subject.place == Place::Host && !text.contains("://");
    let addresses = text.match_indices("://").filter_map(|(at, _)| {
        let before = text.get(..at)?;
        let scheme = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-'));
        host(text, before.get(scheme.len()..)?, at + 3)
    });
    bare.then(|| host(text, "", 0)).flatten().into_iter().chain(addresses)
}

fn host<'a>(text: &'a str, scheme: &'a str, start: usize) -> Option<Host<'a>> {
    let rest = text.get(start..)?;
    let ends = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(
                c,
                '/' | '?'
                    | '#'
                    | '"'
                    | '\''
                    | '`'
                    | '<'
                    | '>'
                    | '('
                    | ')'
                    | '{'
                    | '}'
                    | '|'
                    | '\\'
                    | ','
                    | ';'
            )
    };
    let length = rest.find(ends).unwrap_or(rest.len());
    if length == 0 || length > AUTHORITY_MAX {
        return None;
    }
    let authority = rest.get(..length)?;
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, authority),
    };
    let (name, port) = match place.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((name, after)) => (name, after.strip_prefix(':')),
        // Two colons without brackets: an IPv6 address as people write it.
        None if place.matches(':').count() > 1 => (place, None),
        None => place.split_once(':').map_or((place, None), |(name, port)| (name, Some(port))),
    };
    let is_number = |port: &&str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    Some(Host { scheme, user, name, port: port.filter(is_number), span: start..start + length })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, place: Place) -> Vec<(&str, &str, Option<&str>, Option<&str>)> {
        let subject = Subject { text, place };
        hosts(&subject).map(|host| (host.scheme, host.name, host.user, host.port)).collect()
    }

    #[test]
    fn addresses_are_taken_apart() {
        assert_eq!(
            names("see https://a.example:8443/x?y and (ftp://me@b.example)", Place::Text),
            [("https", "a.example", None, Some("8443")), ("ftp", "b.example", Some("me"), None)]
        );
        assert_eq!(names("http://[::1]:80/", Place::Text), [("http", "::1", None, Some("80"))]);
        assert_eq!(names("no address here: // or ://", Place::Text), []);
    }

    #[test]
    fn a_bare_name_is_a_host_where_one_is_meant() {
        assert_eq!(names("a.example:1/x", Place::Host), [("", "a.example", None, Some("1"))]);
        assert_eq!(names("a.example", Place::Text), []);
        assert_eq!(names("::1", Place::Host), [("", "::1", None, None)]);
    }
}
