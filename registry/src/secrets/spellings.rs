//! How a value may be spelled in what comes back from a service.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXUPPER};

/// What encoders leave as it is besides letters and digits: RFC 3986, Python's `quote`, JavaScript's
/// `encodeURIComponent`, WHATWG's form encoding, and WHATWG's path and query.
const KEPT: [&str; 5] = ["-_.~", "-_.~/", "-_.~!*'()", "-_.*", "-_.~!*'()$&+,/:;=@|[]\\^"];

/// The value as it is, in the host's quotations, in JSON, in HTML, percent-encoded once and twice, in base64 (both alphabets, wherever in a longer
/// text it begins) and in hexadecimal digits.
pub(super) fn of(value: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::from([value.to_owned()]);
    for (slash, angles) in [(false, false), (true, false), (false, true), (true, true)] {
        let once = json(value, slash, angles);
        // A text that is JSON, inside of JSON.
        all.insert(json(&once, false, false));
        all.insert(once);
    }
    for kept in KEPT {
        let upper = percent(value, kept);
        // The space of forms. A plus of the value itself is `%2B` there.
        all.insert(upper.replace("%20", "+"));
        all.insert(lower_escapes(&upper));
        // An address inside of another one.
        all.insert(percent(&upper, kept));
        all.insert(upper);
    }
    all.insert(value.bytes().map(|byte| format!("%{byte:02X}")).collect());
    for (quote, apostrophe) in [("&quot;", "&#39;"), ("&#34;", "&#x27;"), ("\"", "'")] {
        let html = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        all.insert(html.replace('"', quote).replace('\'', apostrophe));
    }
    for alphabet in [&BASE64_NOPAD, &BASE64URL_NOPAD] {
        all.extend((0..3).map(|shift| base64(value, alphabet, shift)));
    }
    // As the host's own words quote it.
    all.insert(value.replace('`', "\\u{60}"));
    all.insert(HEXLOWER.encode(value.as_bytes()));
    all.insert(HEXUPPER.encode(value.as_bytes()));
    all
}

/// As in a JSON text; some encoders escape slashes, some what could end a script in HTML.
fn json(value: &str, slash: bool, angles: bool) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' if slash => out.push_str("\\/"),
            '<' if angles => out.push_str("\\u003c"),
            '>' if angles => out.push_str("\\u003e"),
            '&' if angles => out.push_str("\\u0026"),
            c => out.push(c),
        }
    }
    out
}

fn percent(value: &str, kept: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if c.is_ascii_alphanumeric() || kept.contains(c) {
            out.push(c);
        } else {
            // Writing to a String cannot fail. Values are ASCII: one character is one byte.
            let _ = write!(out, "%{:02X}", u32::from(c));
        }
    }
    out
}

/// The same with the digits of its escapes in lower case.
fn lower_escapes(escaped: &str) -> String {
    let mut parts = escaped.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at(part.len().min(2));
        out.push('%');
        out.push_str(&digits.to_ascii_lowercase());
        out.push_str(rest);
    }
    out
}

/// What of the value's base64 does not depend on what stands around it, when it begins `shift`
/// bytes after a multiple of three.
fn base64(value: &str, alphabet: &Encoding, shift: usize) -> String {
    let mut bytes = vec![0; shift];
    bytes.extend_from_slice(value.as_bytes());
    let mut text = alphabet.encode(&bytes);
    // A character stands for six bits: whole ones of the value only.
    text.truncate(bytes.len() * 8 / 6);
    text.split_off((shift * 8).div_ceil(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_found_wherever_it_begins() {
        let value = "p@ss w/rd+<\"x\\y\">&z~!";
        let spellings = of(value);
        let found = |text: &str| spellings.iter().any(|spelling| text.contains(spelling.as_str()));
        for encoding in [&data_encoding::BASE64, &data_encoding::BASE64URL, &BASE64_NOPAD, &BASE64URL_NOPAD] {
            for before in 0..7 {
                for after in 0..4 {
                    let text = format!("{}{value}{}", "u".repeat(before), ":".repeat(after));
                    assert!(found(&encoding.encode(text.as_bytes())), "{before} {after}");
                }
            }
        }
        for text in [
            serde_json::to_string(&format!("a {value} b")).unwrap(),
            serde_json::to_string(&serde_json::to_string(&format!("a {value} b")).unwrap()).unwrap(),
            "a=p@ss w\\/rd+\\u003c\\\"x\\\\y\\\"\\u003e\\u0026z~!".to_owned(),
            "p%40ss%20w%2Frd%2B%3C%22x%5Cy%22%3E%26z~%21".to_owned(),
            "p%40ss%20w%2frd%2b%3c%22x%5cy%22%3e%26z~%21".to_owned(),
            "p%40ss%20w%2Frd%2B%3C%22x%5Cy%22%3E%26z~!".to_owned(),
            "p%40ss+w%2Frd%2B%3C%22x%5Cy%22%3E%26z%7E%21".to_owned(),
            "p@ss%20w/rd+%3C%22x\\y%22%3E&z~!".to_owned(),
            "p%2540ss%2520w%252Frd%252B%253C%2522x%255Cy%2522%253E%2526z~%2521".to_owned(),
            "p%40ss%20w/rd%2B%3C%22x%5Cy%22%3E%26z~%21".to_owned(),
            "p@ss w/rd+&lt;&quot;x\\y&quot;&gt;&amp;z~!".to_owned(),
            data_encoding::HEXLOWER.encode(value.as_bytes()),
            data_encoding::HEXUPPER.encode(value.as_bytes()),
        ] {
            assert!(found(&text), "{text}");
        }
        assert!(!found("p@ss w/rd and other words"));
    }

    #[test]
    fn the_shortest_value_has_no_spelling_shorter_than_itself() {
        assert!(of("12345678").iter().all(|spelling| spelling.len() >= 8), "{:?}", of("12345678"));
    }
}
