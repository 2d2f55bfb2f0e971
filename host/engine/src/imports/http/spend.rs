//! Where secrets are spent: placeholders become values in a request that is about to leave.

use std::fmt::Write as _;
use std::ops::Range;

use ares_kernel::facts::Grants;
use ares_kernel::ports::{Secrets, SecretsError};
use ares_kernel::{NetName, SECRET_NAME_MAX, SecretName, SecretValue};
use http::header::{self, HeaderMap, HeaderValue};
use zeroize::Zeroizing;

/// The longest closing braces: `%7D%7D`.
const CLOSE_MAX: usize = 6;

/// Why a request with placeholders is not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpendError {
    /// No grant.
    #[error("the secret {0} was not granted to this call")]
    NotGranted(SecretName),
    /// A grant for elsewhere.
    #[error(
        "the secret {0} may not be spent here: its `net` in [[permissions.secrets]] names no part of the network that allows this request"
    )]
    Elsewhere(SecretName),
    /// Nobody has set it.
    #[error("the secret {0} is not set; an operator can: `ares-host secrets set {0}`")]
    NotSet(SecretName),
    /// It does not open.
    #[error(transparent)]
    Broken(#[from] SecretsError),
    /// A part of an answer could be a part of a value.
    #[error("a request that spends a secret asks for whole answers: `{0}` is not sent with it")]
    Partial(&'static str),
    /// The placeholders make no request.
    #[error("with its secrets the request is none: {0}")]
    Unfit(&'static str),
}

/// How a value is written into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// A header takes it as it is.
    Header,
    /// In an address it is percent-encoded, so that it stays the part it was written into.
    Address,
}

/// A placeholder in a text.
struct Placeholder {
    at: Range<usize>,
    name: SecretName,
}

/// Every placeholder of a text, from the left. In an address the braces may be percent-encoded.
fn placeholders(text: &str, slot: Slot) -> Vec<Placeholder> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((start, open)) = brace(text, from..text.len(), slot, ["{{", "%7B%7B"]) {
        let after = start + open;
        // No further than a name may reach: a text of braces alone is looked at once.
        let close = brace(text, after..after + SECRET_NAME_MAX + CLOSE_MAX, slot, ["}}", "%7D%7D"]);
        let name = close.and_then(|(end, _)| text.get(after..end)?.parse().ok());
        from = match (close, name) {
            (Some((end, length)), Some(name)) => {
                found.push(Placeholder { at: start..end + length, name });
                end + length
            }
            _ => start + 1,
        };
    }
    found
}

/// The first pair of braces in this part, plain or encoded: where, and how long.
fn brace(text: &str, part: Range<usize>, slot: Slot, [plain, encoded]: [&str; 2]) -> Option<(usize, usize)> {
    let bytes = text.as_bytes().get(..part.end.min(text.len()))?;
    let begins = |at: usize, pair: &str| {
        let here = bytes.get(at..at + pair.len());
        here.is_some_and(|here| here.eq_ignore_ascii_case(pair.as_bytes())).then_some((at, pair.len()))
    };
    // Both spellings at each place, so that no place is looked at twice.
    (part.start..bytes.len())
        .find_map(|at| begins(at, plain).or_else(|| begins(at, encoded).filter(|_| slot == Slot::Address)))
}

/// Whether a header's value holds a placeholder.
pub(super) fn holds_placeholder(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|text| !placeholders(text, Slot::Header).is_empty())
}

/// The secrets a request wants to spend, in its headers and in its address.
pub(super) fn wanted(headers: &HeaderMap, address: &str) -> Vec<SecretName> {
    let texts = headers.values().filter_map(|value| value.to_str().ok());
    let in_headers = texts.flat_map(|text| placeholders(text, Slot::Header));
    let mut names: Vec<SecretName> =
        in_headers.chain(placeholders(address, Slot::Address)).map(|found| found.name).collect();
    names.sort();
    names.dedup();
    names
}

/// Whether all of these may go through this part of the network.
///
/// # Errors
/// The first that was not granted, or not for here.
pub(super) fn allowed(names: &[SecretName], grants: &Grants, net: &NetName) -> Result<(), SpendError> {
    names.iter().try_for_each(|name| match grants.secret(name) {
        None => Err(SpendError::NotGranted(name.clone())),
        Some(grant) if !grant.net.contains(net) => Err(SpendError::Elsewhere(name.clone())),
        Some(_) => Ok(()),
    })
}

/// The values of secrets that were allowed.
pub(super) struct Purse(Vec<(SecretName, SecretValue)>);

impl Purse {
    /// Opens these secrets, and looks whether the request may go out with them.
    ///
    /// # Errors
    /// The first that is not set or does not open; a request for a part of an answer.
    pub(super) async fn open(
        names: Vec<SecretName>,
        headers: &HeaderMap,
        secrets: &dyn Secrets,
    ) -> Result<Self, SpendError> {
        if !names.is_empty() && headers.contains_key(header::RANGE) {
            return Err(SpendError::Partial("range"));
        }
        let mut values = Vec::with_capacity(names.len());
        for name in names {
            match secrets.value(&name).await {
                Ok(Some(value)) => values.push((name, value)),
                Ok(None) => return Err(SpendError::NotSet(name)),
                Err(error) => return Err(SpendError::Broken(error)),
            }
        }
        Ok(Self(values))
    }

    /// Whether there is nothing to spend.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text with values instead of placeholders.
    ///
    /// # Errors
    /// A placeholder that was not asked for when the purse was opened.
    pub(super) fn fill(&self, text: &str, slot: Slot) -> Result<Zeroizing<String>, SpendError> {
        let mut out = Zeroizing::new(String::with_capacity(self.room(text)));
        let mut from = 0;
        for Placeholder { at, name } in placeholders(text, slot) {
            out.push_str(text.get(from..at.start).unwrap_or_default());
            let value = self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
            let value = value.ok_or(SpendError::NotGranted(name))?.expose();
            match slot {
                Slot::Header => out.push_str(value),
                Slot::Address => encode(value, &mut out),
            }
            from = at.end;
        }
        out.push_str(text.get(from..).unwrap_or_default());
        Ok(out)
    }

    /// Enough for the filled text, so that it never moves and leaves a copy behind.
    fn room(&self, text: &str) -> usize {
        let longest = self.0.iter().map(|(_, value)| value.expose().len() * 3).max().unwrap_or(0);
        text.len() + longest * text.matches(['{', '%']).count()
    }

    /// The same for every header.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    pub(super) fn fill_headers(&self, headers: &mut HeaderMap) -> Result<(), SpendError> {
        for value in headers.values_mut().filter(|value| holds_placeholder(value)) {
            let text = value.to_str().map_err(|_| SpendError::Unfit("a header is no text"))?;
            let filled = self.fill(text, Slot::Header)?;
            let mut header = HeaderValue::from_str(&filled)
                .map_err(|_| SpendError::Unfit("a header has a value no header may have"))?;
            header.set_sensitive(true);
            *value = header;
        }
        Ok(())
    }
}

fn encode(value: &str, out: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// The headers of an answer without secrets. A value that would be no header any more is emptied.
pub(super) fn scrub_headers(headers: &mut HeaderMap, secrets: &dyn Secrets) {
    for value in headers.values_mut() {
        let text = String::from_utf8_lossy(value.as_bytes());
        if let std::borrow::Cow::Owned(clean) = secrets.scrub(&text) {
            *value = HeaderValue::from_bytes(clean.as_bytes()).unwrap_or(HeaderValue::from_static(""));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ares_kernel::facts::SecretGrant;

    fn names(text: &str, slot: Slot) -> Vec<String> {
        placeholders(text, slot).iter().map(|found| found.name.to_string()).collect()
    }

    fn purse(values: &[(&str, &str)]) -> Purse {
        let one = |(name, value): &(&str, &str)| {
            (name.parse().unwrap(), SecretValue::new((*value).to_owned()).unwrap())
        };
        Purse(values.iter().map(one).collect())
    }

    #[test]
    fn placeholders_are_found_wherever_they_stand() {
        for (text, slot, expected) in [
            ("Bearer {{A}}", Slot::Header, vec!["A"]),
            ("{{A}}{{B_2}}", Slot::Header, vec!["A", "B_2"]),
            ("{{{A}}}", Slot::Header, vec!["A"]),
            ("{{ {{A}}", Slot::Header, vec!["A"]),
            ("{{a}} {{}} {{A }} {A} {{A", Slot::Header, vec![]),
            ("%7B%7BA%7D%7D", Slot::Header, vec![]),
            ("/x?k=%7B%7BA%7d%7d&l={{B}}", Slot::Address, vec!["A", "B"]),
            ("/x?k=%7B%7BA}}", Slot::Address, vec!["A"]),
        ] {
            assert_eq!(names(text, slot), expected, "{text}");
        }
        let begun = std::time::Instant::now();
        assert!(names(&"{".repeat(1 << 16), Slot::Address).is_empty());
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[test]
    fn a_value_stays_the_part_it_was_written_into() {
        let purse = purse(&[("A", "a/b?c&d=e f"), ("B", "{{A}}{{A}}")]);
        let fill = |text: &str, slot| purse.fill(text, slot).map(|filled| filled.to_string());
        assert_eq!(fill("Bearer {{A}}!", Slot::Header).unwrap(), "Bearer a/b?c&d=e f!");
        assert_eq!(
            fill("/x/{{A}}?k=%7B%7BA%7D%7D", Slot::Address).unwrap(),
            "/x/a%2Fb%3Fc%26d%3De%20f?k=a%2Fb%3Fc%26d%3De%20f"
        );
        assert_eq!(fill("{{B}}", Slot::Header).unwrap(), "{{A}}{{A}}", "values are not filled themselves");
        assert_eq!(fill("nothing {{here}}", Slot::Header).unwrap(), "nothing {{here}}");
        assert!(
            matches!(fill("{{C}}", Slot::Header), Err(SpendError::NotGranted(name)) if name.as_str() == "C")
        );
    }

    #[test]
    fn headers_are_filled_and_marked_and_the_rest_stays() {
        let purse = purse(&[("A", "s3cr3t-value")]);
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer {{A}}"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
        assert_eq!(wanted(&headers, "/?k={{B}}&l={{A}}"), ["A".parse().unwrap(), "B".parse().unwrap()]);
        purse.fill_headers(&mut headers).unwrap();
        assert_eq!(headers[header::AUTHORIZATION], "Bearer s3cr3t-value");
        assert!(headers[header::AUTHORIZATION].is_sensitive() && !headers[header::ACCEPT].is_sensitive());
        assert!(!format!("{headers:?}").contains("s3cr3t"));
    }

    #[test]
    fn a_secret_is_spent_where_it_was_granted_for() {
        let grant = SecretGrant { name: "A".parse().unwrap(), net: vec!["api".parse().unwrap()] };
        let grants = Grants::none().with_secrets(vec![grant]);
        let (a, b): (SecretName, SecretName) = ("A".parse().unwrap(), "B".parse().unwrap());
        let (api, other): (NetName, NetName) = ("api".parse().unwrap(), "other".parse().unwrap());
        assert!(
            allowed(std::slice::from_ref(&a), &grants, &api).is_ok() && allowed(&[], &grants, &other).is_ok()
        );
        assert!(
            matches!(allowed(std::slice::from_ref(&a), &grants, &other), Err(SpendError::Elsewhere(name)) if name == a)
        );
        assert!(
            matches!(allowed(&[a, b.clone()], &grants, &api), Err(SpendError::NotGranted(name)) if name == b)
        );
    }
}
