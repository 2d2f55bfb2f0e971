//! `Origin`: scheme, host and port, and whether that host may stand on an address of its own network.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::address::special;
use crate::text::quoted;

/// The longest name of a host, in bytes (RFC 1035, section 2.3.4).
const HOST_MAX: usize = 253;
/// The longest word of such a name, in bytes (RFC 1035, section 2.3.4).
const LABEL_MAX: usize = 63;

/// How a request travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// In the open.
    Http,
    /// Through TLS, the certificate checked for the name.
    Https,
}

impl Scheme {
    /// As it stands in an address.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that need not be written (RFC 9110, sections 4.2.1 and 4.2.2).
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A machine, by name or by address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A name in lower case, without a dot at its end.
    Name(String),
    /// Every name with exactly one more word in front of this one: `*.example.org`.
    Below(String),
    /// An address.
    Address(IpAddr),
}

impl Host {
    /// Reads the host of an address. What only looks like a number (`0x7f.1`, `2130706433`) is no
    /// host at all: libraries disagree about where it leads.
    fn parse(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            let address = inner.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?;
            return Some(Self::Address(IpAddr::V6(address)));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self::Address(IpAddr::V4(address)));
        }
        let text = text.to_ascii_lowercase();
        match text.strip_prefix("*.") {
            // A wildcard right above a top-level domain would be half of the internet.
            Some(rest) if rest.contains('.') && is_name(rest) => Some(Self::Below(rest.to_owned())),
            Some(_) => None,
            None => is_name(&text).then_some(Self::Name(text)),
        }
    }

    /// Whether every host that `other` means is one that this one means.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Below(zone), Self::Name(name)) => {
                let front = name.strip_suffix(zone.as_str()).and_then(|front| front.strip_suffix('.'));
                front.is_some_and(|front| !front.is_empty() && !front.contains('.'))
            }
            _ => self == other,
        }
    }
}

fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=LABEL_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    };
    let number = |last: &str| last.starts_with("0x") || last.bytes().all(|b| b.is_ascii_digit());
    text.len() <= HOST_MAX
        && text.split('.').all(label)
        && text.rsplit('.').next().is_some_and(|l| !number(l))
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Below(zone) => write!(f, "*.{zone}"),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// Where requests may go: `https://api.example.org`, `https://*.example.org:8443`,
/// `http://127.0.0.1:8080`, `https://intranet.example.org@10.0.0.0/8`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    /// How.
    pub scheme: Scheme,
    /// To whom.
    pub host: Host,
    /// At which door.
    pub port: u16,
    /// Special addresses the name may lead to, beside those of the internet.
    pub within: Option<IpNet>,
}

impl Origin {
    /// Whether this origin, as a rule, allows what `other` means. What `other` says of special
    /// addresses is its own: a ceiling does not speak of them.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.port == other.port && self.host.covers(&other.host)
    }

    /// Why the rule does not allow a connection to this address; nothing when it does.
    #[must_use]
    pub fn forbids(&self, address: IpAddr) -> Option<&'static str> {
        let what = special(address)?;
        let named = match &self.host {
            Host::Address(own) => *own == address,
            Host::Name(name) if name == "localhost" => address.is_loopback(),
            Host::Name(_) | Host::Below(_) => false,
        };
        let allowed = named || self.within.is_some_and(|net| net.contains(&address));
        (!allowed).then_some(what)
    }

    /// Whether it leads to addresses that are not those of the internet.
    #[must_use]
    pub fn is_special(&self) -> bool {
        self.within.is_some()
            || match &self.host {
                Host::Address(address) => special(*address).is_some(),
                Host::Name(name) => name == "localhost",
                Host::Below(_) => false,
            }
    }

    /// The origin of a whole address (`https://example.org/a?b`), nothing when it has none.
    #[must_use]
    pub fn of_url(url: &str) -> Option<Self> {
        // Some libraries drop such characters, others read `\\` as `/`.
        if url.contains(|c: char| c == '\\' || c.is_whitespace() || c.is_control()) {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, _) = rest.split_at_checked(end)?;
        // Whoever puts a name before an `@` wants to be taken for another host.
        let plain = !authority.contains(['@', '*']);
        plain.then(|| format!("{}://{authority}", scheme.to_ascii_lowercase()).parse().ok())?
    }
}

/// The text is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is not an origin: write `https://HOST`, `http://HOST:PORT`, `https://*.example.org`, or `https://HOST@10.0.0.0/8` for a host on an inner network; behind `*.` stand at least two words"
)]
pub struct OriginError(String);

impl FromStr for Origin {
    type Err = OriginError;
    fn from_str(text: &str) -> Result<Self, OriginError> {
        let parsed = || {
            let (scheme, rest) = text.split_once("://")?;
            let scheme = match scheme {
                "http" => Scheme::Http,
                "https" => Scheme::Https,
                _ => return None,
            };
            let (authority, within) = match rest.split_once('@') {
                None => (rest, None),
                Some((authority, net)) => (authority, Some(network(net)?)),
            };
            let (host, port) = match authority.rsplit_once(':') {
                Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
                _ => (authority, None),
            };
            let port = match port {
                None => scheme.port(),
                Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
                Some(_) => return None,
            };
            let host = Host::parse(host)?;
            (port != 0).then_some(Self { scheme, host, port, within })
        };
        parsed().ok_or_else(|| OriginError(quoted(text, 200)))
    }
}

/// A block of addresses, or one address.
fn network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

impl TryFrom<String> for Origin {
    type Error = OriginError;
    fn try_from(text: String) -> Result<Self, OriginError> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.to_string()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)?;
        if self.port != self.scheme.port() {
            write!(f, ":{}", self.port)?;
        }
        self.within.map_or(Ok(()), |net| write!(f, "@{net}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    #[test]
    fn origins_read_back() {
        for text in [
            "https://api.example.org",
            "http://127.0.0.1:8080",
            "https://*.example.org:8443",
            "https://[2606:4700::1111]:444",
            "https://intranet.example.org@10.0.0.0/8",
        ] {
            assert_eq!(origin(text).to_string(), text);
        }
        assert_eq!(origin("https://API.example.org:443").to_string(), "https://api.example.org");
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_no_origin() {
        for bad in [
            "",
            "example.org",
            "ftp://example.org",
            "https://",
            "https://*",
            "https://*.org",
            "https://a.*.org",
            "http://2130706433",
            "http://0x7f.1",
            "http://0177.0.0.1",
            "http://127.1",
            "http://0",
            "http://0x7f000001",
            "http://127.0.0.1.",
            "https://example.org.",
            "https://example.org/",
            "https://example.org?x",
            "https://user@example.org",
            "https://example.org:0",
            "https://example.org:+1",
            "https://example.org:99999",
            "https://exa mple.org",
            "https://exämple.org",
            "https://-a.org",
            "http://[fe80::1%25eth0]",
            "http://[::1",
            "https://a..b",
            "HTTPS://example.org",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rule_covers_its_scheme_host_and_port_alone() {
        let rule = origin("https://*.example.org");
        assert!(rule.covers(&origin("https://api.example.org")));
        for other in [
            "https://example.org",
            "https://a.b.example.org",
            "https://evilexample.org",
            "http://api.example.org",
            "https://api.example.org:8443",
            "https://api.example.org.evil.net",
        ] {
            assert!(!rule.covers(&origin(other)), "{other}");
        }
    }

    #[test]
    fn special_addresses_need_to_be_named() {
        let address = |text: &str| text.parse().unwrap();
        assert!(origin("https://example.org").forbids(address("1.1.1.1")).is_none());
        assert!(origin("https://example.org").forbids(address("127.0.0.1")).is_some());
        assert!(origin("http://127.0.0.1").forbids(address("127.0.0.1")).is_none());
        assert!(origin("http://127.0.0.1").forbids(address("127.0.0.2")).is_some());
        assert!(origin("http://localhost").forbids(address("::1")).is_none());
        assert!(origin("http://localhost").forbids(address("10.0.0.1")).is_some());
        let inner = origin("https://example.org@10.1.0.0/16");
        assert!(inner.forbids(address("10.1.2.3")).is_none() && inner.forbids(address("10.2.0.1")).is_some());
    }

    #[test]
    fn the_origin_of_an_address_is_what_the_host_reads() {
        let of = |url| Origin::of_url(url).map(|origin| origin.to_string());
        assert_eq!(of("HTTPS://Example.org:443/a?b#c").as_deref(), Some("https://example.org"));
        assert_eq!(of("http://[::1]:8080"), Some("http://[::1]:8080".to_owned()));
        for bad in [
            "https://a@b.org/",
            "https://*.example.org/",
            "file:///etc/passwd",
            "//example.org",
            "http://0x7f.1/",
            "https://good.org\\@evil.org/",
            "https://a.org\t/",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
