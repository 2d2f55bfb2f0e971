//! Single values of an answer as people read them, with all that is foreign escaped.

use ares_kernel::text::escaped;
use serde_json::Value;

/// The most that is shown of one value, in bytes.
const SHOWN_MAX: usize = 4096;

/// The text of the value at a JSON pointer or name; `-` where there is none.
#[must_use]
pub(crate) fn text(record: &Value, at: &str) -> String {
    let value = if at.starts_with('/') { record.pointer(at) } else { record.get(at) };
    value.map_or_else(|| "-".to_owned(), plain)
}

/// The value at a name; null where there is none.
#[must_use]
pub(crate) fn at<'a>(record: &'a Value, name: &str) -> &'a Value {
    record.get(name).unwrap_or(&Value::Null)
}

/// So many of something: `1 plugin`, `2 plugins`.
#[must_use]
pub(crate) fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// The number at a name; 0 where there is none.
#[must_use]
pub(crate) fn number(record: &Value, at: &str) -> u64 {
    record.get(at).and_then(Value::as_u64).unwrap_or_default()
}

/// A value in one line: texts without quotes, lists joined by commas, objects as JSON.
#[must_use]
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => escaped(text, SHOWN_MAX),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
            items.iter().map(plain).collect::<Vec<_>>().join(", ")
        }
        Value::Object(entries) if entries.is_empty() => "-".to_owned(),
        Value::Object(entries) if entries.values().all(|value| !value.is_object() && !value.is_array()) => {
            let each =
                entries.iter().map(|(name, value)| format!("{} {}", escaped(name, SHOWN_MAX), plain(value)));
            each.collect::<Vec<_>>().join(", ")
        }
        Value::Array(_) | Value::Object(_) => escaped(&value.to_string(), SHOWN_MAX),
    }
}

/// JSON over several lines, names in their order, every text in it escaped for a terminal: as JSON escapes it, so that
/// what is shown is still the same JSON.
#[must_use]
pub(crate) fn pretty(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    let text = format!("{value:#}");
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || c == ' ' || c.is_ascii_graphic() {
            out.push(c);
            continue;
        }
        let mut buffer = [0; 4];
        let one: &str = c.encode_utf8(&mut buffer);
        // Whatever the kernel would not show as it is.
        if escaped(one, 64) == one {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// A time in milliseconds since the Unix epoch as RFC 3339 in UTC.
#[must_use]
pub(crate) fn time(at_ms: u64) -> String {
    let (days, rest) = (at_ms / 86_400_000, at_ms % 86_400_000);
    let (year, month, day) = civil(days);
    let (hour, minute, second, milli) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// The civil date of a day since 1970-01-01, counted in years that begin in March so that the leap
/// day comes last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn foreign_text_cannot_reach_the_terminal() {
        assert_eq!(plain(&json!("a\u{1b}[2Jb")), "a\\u{1b}[2Jb");
        assert_eq!(plain(&json!(["x", 1, true, null])), "x, 1, yes, -");
        let value = json!({"a": "\u{9b}2J\u{202e}\u{e0041}é"});
        let shown = pretty(&value);
        assert!(shown.contains("\\u009b2J\\u202e\\udb40\\udc41é"), "{shown}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
    }

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(time(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(time(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(time(1_795_260_617_042), "2026-11-21T11:30:17.042Z");
        assert_eq!(time(1_709_251_199_999), "2024-02-29T23:59:59.999Z");
    }
}
