//! Names of hosts that are not what they seem.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use unicode_security::{MixedScript, skeleton};

use crate::hosts::{Host, hosts};
use crate::place::Group::HostName;
use crate::place::Severity::{High, Info, Low, Medium};
use crate::rule::{ADDRESSES, Look, Rule, pattern};
use crate::subject::{Spans, Subject};

/// Names that are copied, as the label before the public suffix and that suffix.
const KNOWN: &[(&str, &str)] = &[
    ("github", "com"),
    ("gitlab", "com"),
    ("google", "com"),
    ("paypal", "com"),
    ("microsoft", "com"),
    ("facebook", "com"),
    ("anthropic", "com"),
    ("huggingface", "co"),
    ("cloudflare", "com"),
    ("instagram", "com"),
    ("linkedin", "com"),
    ("wikipedia", "org"),
    ("stackoverflow", "com"),
    ("youtube", "com"),
    ("rubygems", "org"),
    ("bitbucket", "org"),
    ("dropbox", "com"),
    ("openai", "com"),
    ("npmjs", "com"),
    ("pypi", "org"),
    ("apple", "com"),
    ("amazon", "com"),
    ("docker", "com"),
    ("python", "org"),
    ("debian", "org"),
    ("ubuntu", "com"),
];
/// Shorter names, and those that are words, have honest neighbours one letter away.
const COINED_MIN: usize = 6;
const WORDS: &[&str] = &["amazon", "docker", "python", "debian", "ubuntu"];
/// Endings that are both a public suffix or may become one, and a file's.
const FILE_ENDINGS: &[&str] = &[
    "zip", "mov", "exe", "bat", "pdf", "doc", "docx", "xls", "jpg", "png", "tar", "gz", "rar", "iso", "dmg",
    "msi",
];
/// Ports that services of the web and of developers use.
const USUAL_PORTS: &[&str] = &[
    "21", "22", "25", "53", "80", "143", "443", "465", "587", "993", "3000", "5000", "5432", "6379", "8000",
    "8080", "8443", "8888", "9090", "9418",
];

const fn address(find: crate::rule::Detect) -> Look {
    Look::Address { find }
}

pub(crate) static NON_ASCII: Rule = Rule::new(
    "host-non-ascii",
    HostName,
    Low,
    address(|subject, spans| each(subject, spans, |host| !host.name.is_ascii())),
    "Write the name in its ASCII form (xn--…), and look whose it is.",
)
.at(ADDRESSES)
.in_names(Medium);

pub(crate) static PUNYCODE: Rule = Rule::new(
    "host-punycode",
    HostName,
    Medium,
    address(|subject, spans| each(subject, spans, |host| labels(host).any(starts_with_xn))),
    "Look what the name reads as when it is decoded: it may look like another.",
)
.at(ADDRESSES);

pub(crate) static MIXED_LABEL: Rule = Rule::new(
    "host-mixed-script",
    HostName,
    High,
    address(|subject, spans| {
        each(subject, spans, |host| labels(host).any(|label| !label.is_ascii() && !label.is_single_script()))
    }),
    "Do not go there: no honest name mixes scripts within a label.",
)
.at(ADDRESSES);

pub(crate) static LOOKALIKE_LABEL: Rule = Rule::new(
    "host-lookalike",
    HostName,
    High,
    address(|subject, spans| each(subject, spans, |host| labels(host).any(reads_as_ascii))),
    "Do not go there: the name reads as one of Latin letters and has none.",
)
.at(ADDRESSES);

pub(crate) static DISGUISE: Rule = Rule::new(
    "host-in-user-info",
    HostName,
    High,
    address(|subject, spans| each(subject, spans, |host| host.user.is_some_and(is_like_a_host))),
    "Do not go there: what stands before the @ looks like the host and is not.",
)
.at(ADDRESSES);

pub(crate) static USER_INFO: Rule = Rule::new(
    "host-user-info",
    HostName,
    Low,
    address(|subject, spans| each(subject, spans, has_odd_user)),
    "Give names and passwords another way than in an address, where logs keep them.",
)
.at(ADDRESSES)
.in_names(Medium);

pub(crate) static OBFUSCATED_IP: Rule = Rule::new(
    "host-obfuscated-ip",
    HostName,
    High,
    address(|subject, spans| each(subject, spans, |host| is_obfuscated_ip(host.name))),
    "Write the address as four decimal numbers; this spelling only hides which one it is.",
)
.at(ADDRESSES);

pub(crate) static RAW_IP: Rule = Rule::new(
    "host-raw-ip",
    HostName,
    Info,
    address(|subject, spans| each(subject, spans, |host| is_ip(host.name) && !is_local(host.name))),
    "Look whose address it is; a name would say so.",
)
.at(ADDRESSES)
.in_names(Low);

pub(crate) static ODD_PORT: Rule = Rule::new(
    "host-odd-port",
    HostName,
    Info,
    address(|subject, spans| each(subject, spans, has_odd_port)),
    "Look whether a service that is known listens there.",
)
.at(ADDRESSES)
.in_names(Low);

pub(crate) static TRAILING_DOT: Rule = Rule::new(
    "host-trailing-dot",
    HostName,
    Low,
    address(|subject, spans| {
        each(subject, spans, |host| {
            !subject.text.get(host.span.end..).unwrap_or_default().is_empty() && ends_with_dot(host)
        });
        each(subject, spans, |host| {
            subject.place.is_name() && host.span.end == subject.text.len() && ends_with_dot(host)
        });
    }),
    "Leave the last dot out: lists of allowed names often do not know the name with it.",
)
.at(ADDRESSES)
.in_names(Medium);

pub(crate) static FILE_ENDING: Rule = Rule::new(
    "host-like-a-file",
    HostName,
    Low,
    address(|subject, spans| each(subject, spans, ends_like_a_file)),
    "Look at it again: it reads as a file and is a host.",
)
.at(ADDRESSES)
.in_names(Medium);

pub(crate) static DOUBLE_ENCODED: Rule = Rule::new(
    "double-percent-encoding",
    HostName,
    Low,
    pattern(&["%25"], r"(?:%25)+[0-9A-Fa-f]{2}"),
    "Decode it once and write what it means: filters decode once, servers often twice.",
)
.at(ADDRESSES)
.in_names(Medium);

pub(crate) static NEAR_COPY: Rule = Rule::new(
    "host-near-copy",
    HostName,
    High,
    address(|subject, spans| each(subject, spans, is_near_copy)),
    "Compare it letter by letter with the name it resembles.",
)
.at(ADDRESSES);

pub(crate) static KNOWN_INSIDE: Rule = Rule::new(
    "host-known-name-inside",
    HostName,
    High,
    address(|subject, spans| each(subject, spans, holds_known_name)),
    "Read the name from its end: the known name in front only decorates it.",
)
.at(ADDRESSES);

pub(crate) static METADATA: Rule = Rule::new(
    "cloud-metadata-address",
    HostName,
    High,
    pattern(
        &["169.254.", "metadata.google", "100.100.100.200", "fd00:ec2", "2852039166"],
        r"(?i)169\.254\.(?:169\.254|170\.2|169\.123)\b|\bmetadata\.google\.internal\b|\b100\.100\.100\.200\b|\bfd00:ec2::254\b|\b2852039166\b",
    ),
    "Do not ask it: it hands out the machine's own credentials.",
)
.at(ADDRESSES);

fn each(subject: &Subject<'_>, spans: &mut Spans, is: impl Fn(&Host<'_>) -> bool) {
    for host in hosts(subject).filter(|host| is(host)) {
        spans.push(host.span);
    }
}

fn labels<'a>(host: &Host<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    host.name.split('.').filter(|label| !label.is_empty())
}

fn starts_with_xn(label: &str) -> bool {
    label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--"))
}

fn reads_as_ascii(label: &str) -> bool {
    if label.is_ascii() {
        return false;
    }
    let letters = || label.chars().filter(|c| c.is_alphabetic());
    letters().count() > 1 && letters().all(|c| !c.is_ascii()) && skeleton(label).all(|c| c.is_ascii())
}

fn is_like_a_host(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    let (label, ending) = name.rsplit_once('.').unwrap_or_default();
    !label.is_empty() && ending.len() >= 2 && ending.bytes().all(|b| b.is_ascii_alphabetic())
}

/// `git@` and the names of secure shells are how those addresses are written.
fn has_odd_user(host: &Host<'_>) -> bool {
    let shell = matches!(host.scheme, "ssh" | "sftp" | "git+ssh") || host.scheme.is_empty();
    host.user.is_some_and(|user| user != "git" && (!shell || user.contains(':')) && !is_like_a_host(user))
}

fn is_ip(name: &str) -> bool {
    name.parse::<Ipv4Addr>().is_ok() || name.parse::<Ipv6Addr>().is_ok()
}

fn is_local(name: &str) -> bool {
    matches!(name, "127.0.0.1" | "0.0.0.0" | "::1" | "localhost")
}

/// Numbers that C libraries read as an address: one to four, decimal, octal or hexadecimal.
fn is_obfuscated_ip(name: &str) -> bool {
    let is_number = |part: &str| {
        let hex = part.strip_prefix("0x").or_else(|| part.strip_prefix("0X"));
        let digits = hex.unwrap_or(part);
        !digits.is_empty()
            && digits.len() <= 12
            && digits.bytes().all(|b| if hex.is_some() { b.is_ascii_hexdigit() } else { b.is_ascii_digit() })
    };
    let short = name.split('.').count() <= 4;
    // A small number alone is no address anybody would write.
    let large = name.contains('.') || name.len() > 6;
    short && large && name.split('.').all(is_number) && !is_ip(name)
}

fn has_odd_port(host: &Host<'_>) -> bool {
    !is_local(host.name) && host.port.is_some_and(|port| !USUAL_PORTS.contains(&port))
}

fn ends_with_dot(host: &Host<'_>) -> bool {
    host.name.ends_with('.') && host.name.len() > 1
}

fn ends_like_a_file(host: &Host<'_>) -> bool {
    let ending = host.name.trim_end_matches('.').rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| FILE_ENDINGS.iter().any(|file| ending.eq_ignore_ascii_case(file)))
}

/// The known names as people see them.
static FOLDED: LazyLock<Vec<String>> =
    LazyLock::new(|| KNOWN.iter().map(|(known, _)| folded(known)).collect());

/// Whether the last two labels are nearly a known name.
fn is_near_copy(host: &Host<'_>) -> bool {
    let mut labels = host.name.trim_end_matches('.').rsplit('.');
    let (Some(suffix), Some(label)) = (labels.next(), labels.next()) else { return false };
    let (label, suffix) = (label.to_ascii_lowercase(), suffix.to_ascii_lowercase());
    if KNOWN.iter().any(|(known, _)| *known == label) {
        return false;
    }
    let seen = folded(&label);
    let coined = |known: &str| known.len() >= COINED_MIN && !WORDS.contains(&known);
    FOLDED.contains(&seen)
        || KNOWN.iter().any(|(known, ending)| {
            *ending == suffix && coined(known) && is_one_edit(label.as_bytes(), known.as_bytes())
        })
}

/// What people do not tell apart at a glance.
fn folded(label: &str) -> String {
    let folded = label.replace("rn", "m").replace("vv", "w").replace("cl", "d");
    folded.replace(['1', 'i'], "l").replace('0', "o").replace('3', "e").replace('5', "s").replace('-', "")
}

/// One letter more, less, other, or two neighbours swapped.
fn is_one_edit(a: &[u8], b: &[u8]) -> bool {
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(start..).unwrap_or_default(), b.get(start..).unwrap_or_default());
    match (a, b) {
        ([], [_]) | ([_], []) => true,
        ([x, y, a @ ..], [p, q, b @ ..]) if x == q && y == p && a == b => true,
        ([_, rest_a @ ..], [_, rest_b @ ..]) => rest_a == rest_b || rest_a == b || a == rest_b,
        _ => false,
    }
}

/// `github.com.login.example`: a known name, whole, with more behind it than the suffix of a country
/// (`google.com.gr`).
fn holds_known_name(host: &Host<'_>) -> bool {
    let mut rest = host.name.trim_end_matches('.').split('.').peekable();
    while let Some(label) = rest.next() {
        let Some(suffix) = rest.peek().copied() else { return false };
        let is = |(known, ending): &(&str, &str)| {
            label.eq_ignore_ascii_case(known) && suffix.eq_ignore_ascii_case(ending)
        };
        if KNOWN.iter().any(is) {
            let mut behind = rest.clone().skip(1);
            let country = behind.next().is_none_or(|label| label.len() == 2) && behind.next().is_none();
            return !country;
        }
    }
    false
}

#[cfg(test)]
pub(super) mod pairs {
    use super::super::pairs::Pair;
    use crate::place::Place::{Host, Text};

    pub(crate) const PAIRS: &[Pair] = &[
        Pair("host-non-ascii", Host, "bücher.example", "buecher.example"),
        Pair("host-punycode", Text, "https://xn--80ak6aa92e.com/", "https://axn--b.example/"),
        Pair("host-mixed-script", Text, "https://g\u{43e}ogle.com", "https://пример.рф https://google.com"),
        Pair("host-lookalike", Host, "\u{430}\u{440}\u{440}\u{4cf}\u{435}.com", "пример.com"),
        Pair("host-in-user-info", Text, "https://github.com@evil.example/x", "https://git@github.com/x"),
        Pair("host-user-info", Host, "https://me:pass@a.example", "ssh://me@a.example"),
        Pair("host-obfuscated-ip", Host, "0x7f.0.0.1", "127.0.0.1"),
        Pair("host-obfuscated-ip", Text, "http://2130706433/", "http://10.0.0.1/ https://12345.example"),
        Pair("host-raw-ip", Host, "93.184.216.34", "127.0.0.1"),
        Pair("host-odd-port", Host, "a.example:31337", "a.example:443"),
        Pair("host-trailing-dot", Host, "github.com.", "github.com"),
        Pair("host-trailing-dot", Text, "http://a.example./x", "See http://a.example."),
        Pair("host-like-a-file", Host, "invoice.zip", "invoice.example"),
        Pair("double-percent-encoding", Host, "https://a.example/%252e%252e/", "https://a.example/%2e%20x"),
        Pair("host-near-copy", Host, "githud.com", "github.com"),
        Pair("host-near-copy", Text, "https://www.paypa1.com/login", "https://www.paypal.com/login"),
        Pair("host-known-name-inside", Text, "https://github.com.login.example/x", "https://google.com.gr/x"),
        Pair("cloud-metadata-address", Host, "169.254.169.254", "169.254.1.1"),
    ];

    #[test]
    fn edits_are_counted() {
        for (a, b) in [("gihub", "github"), ("giithub", "github"), ("gitbub", "github"), ("igthub", "github")]
        {
            assert!(super::is_one_edit(a.as_bytes(), b.as_bytes()), "{a}");
        }
        assert!(!super::is_one_edit(b"github", b"github") && !super::is_one_edit(b"gitlab", b"github"));
    }
}
