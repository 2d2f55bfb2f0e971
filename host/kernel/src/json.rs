//! JSON from outside, read strictly: one value, bounded depth, no key twice, no number that would
//! silently change.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How deep arrays and objects may nest. `serde_json` itself stops at 128.
pub const DEPTH_MAX: usize = 64;

/// Why a text is not acceptable JSON: the reason with line and column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct JsonError {
    reason: String,
}

/// Parses one JSON value (RFC 8259). Refuses what the RFC leaves open and two readers may read
/// differently: duplicate keys, nesting deeper than [`DEPTH_MAX`], whole numbers that fit neither
/// `i64` nor `u64`.
///
/// # Errors
/// The first thing wrong, with line and column.
pub fn parse(text: &str) -> Result<Value, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: 0 }.deserialize(&mut deserializer).map_err(error)?;
    deserializer.end().map_err(error)?;
    match first_number(text.as_bytes(), oversized) {
        None => Ok(value),
        Some(at) => Err(JsonError {
            reason: format!("the whole number at byte {at} fits neither i64 nor u64; write it as a string"),
        }),
    }
}

/// The same for what a person may be asked about: also refuses fractions and powers of ten with more digits than
/// a float keeps, since who reads them as a float and who reads them as digits would read two numbers.
///
/// # Errors
/// The first thing wrong, with line and column.
pub fn parse_exact(text: &str) -> Result<Value, JsonError> {
    let value = parse(text)?;
    match first_number(text.as_bytes(), rounded) {
        None => Ok(value),
        Some(at) => Err(JsonError {
            reason: format!(
                "the number at byte {at} has more digits than are kept of one; write fewer, or write it as a string"
            ),
        }),
    }
}

/// Whether a float keeps other digits than these.
fn rounded(number: &str) -> bool {
    let digits = |text: &str| -> String {
        let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        digits.trim_start_matches('0').trim_end_matches('0').to_owned()
    };
    let float = number.contains(['.', 'e', 'E']);
    float && number.parse::<f64>().is_ok_and(|value| digits(number) != digits(&format!("{value:e}")))
}

fn error(error: serde_json::Error) -> JsonError {
    JsonError { reason: crate::text::escaped(&error.to_string(), 400) }
}

/// Whether these are digits without fraction or exponent that do not fit 64 bits. Such a number would
/// become a float and lose its last digits.
fn oversized(number: &str) -> bool {
    let whole = !number.contains(['.', 'e', 'E']);
    whole && number.parse::<i64>().is_err() && number.parse::<u64>().is_err()
}

/// Where the first number of this sort stands.
fn first_number(bytes: &[u8], is: fn(&str) -> bool) -> Option<usize> {
    let mut at = 0;
    let mut in_string = false;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'-' | b'0'..=b'9' if !in_string => {
                let rest = bytes.get(at..).unwrap_or_default();
                let part = |b: &u8| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let length = rest.iter().take_while(|b| part(b)).count().max(1);
                let number = std::str::from_utf8(rest.get(..length).unwrap_or_default()).unwrap_or_default();
                if is(number) {
                    return Some(at);
                }
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= DEPTH_MAX {
            return Err(E::custom(format_args!("nested deeper than {DEPTH_MAX} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} stands twice in one object")));
            }
            object.insert(key, entries.next_value_seed(inner)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_two_readers_would_read_differently_is_refused() {
        for text in [
            "0",
            "-0.0",
            "0.1",
            "1e17",
            "100.250",
            "1E+5",
            "3.141592653589793",
            "\"1.00000000000000000001\"",
            "18446744073709551615",
        ] {
            assert!(parse_exact(text).is_ok(), "{text}");
        }
        for text in [
            "100000000000000001.0",
            "100000000000000007.0",
            "3.1415926535897932385",
            "1e-400",
            "[0.30000000000000000001]",
            "9.99999999999999999999",
        ] {
            let error = parse_exact(text).unwrap_err().to_string();
            assert!(error.contains("more digits than are kept"), "{text}: {error}");
            assert!(parse(text).is_ok(), "an answer may: {text}");
        }
    }

    #[test]
    fn ordinary_json_is_read_as_serde_json_reads_it() {
        for text in [
            "null",
            "true",
            "-0",
            "1.5e3",
            "[1,2,[3]]",
            r#"{"a":{"b":"\u00e9\\"}}"#,
            "18446744073709551615",
            "-9223372036854775808",
            r#""123456789012345678901234567890""#,
            "1e300",
        ] {
            let plain: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse(text), Ok(plain), "{text}");
        }
    }

    #[test]
    fn what_two_readers_may_read_differently_is_refused() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(&deep(64)).is_ok());
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"x":{"a":1,"b":2,"a":3}}"#,
            "1 2",
            "",
            "{",
            "[1,]",
            "nul",
            "1e400",
            "18446744073709551616",
            "-9223372036854775809",
            r#"[{"n": 123456789012345678901234567890}]"#,
            "\u{feff}1",
            r#""\ud800""#,
            &deep(65),
            &deep(128),
            &deep(100_000),
        ] {
            assert!(parse(text).is_err(), "{}", text.get(..40.min(text.len())).unwrap_or("?"));
        }
    }
}
